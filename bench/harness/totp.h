/* Time-based one-time passwords, for the load generator. */
#ifndef RW2FA_BENCH_TOTP_H
#define RW2FA_BENCH_TOTP_H

#include <openssl/evp.h>
#include <stdint.h>

enum { TOTP_DIGITS = 6, TOTP_PERIOD = 30, TOTP_TEXT = TOTP_DIGITS + 1 };

/* A person's phone: an HMAC-SHA1 context that is keyed already. */
struct totp {
    EVP_MAC_CTX *keyed;
};

/* Makes the phone of `user`, whose secret is SHA-1(user): twenty bytes that the Python side can
 * derive as well, so that no file of secrets goes between the two. Ends the process on failure. */
void totp_for_user(struct totp *phone, const char *user);

void totp_free(struct totp *phone);

/* Writes the six digits of time step `step` (RFC 6238 section 4.2) to `text`. */
void totp_at(const struct totp *phone, int64_t step, char text[TOTP_TEXT]);

/* Writes six digits that are the code of no step within `reach` steps of `step`. */
void totp_wrong(const struct totp *phone, int64_t step, int reach, char text[TOTP_TEXT]);

/* The time step of this moment. */
int64_t totp_now(void);

#endif
