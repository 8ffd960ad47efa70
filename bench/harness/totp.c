#include "totp.h"

#include <err.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CODES = 1000000, SHA1_BYTES = 20 };

void totp_for_user(struct totp *phone, const char *user) {
    unsigned char secret[SHA1_BYTES];
    unsigned int length = 0;
    if (EVP_Digest(user, strlen(user), secret, &length, EVP_sha1(), NULL) != 1)
        errx(EXIT_FAILURE, "libcrypto cannot compute SHA-1");

    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    phone->keyed = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac);
    char digest[] = "SHA1";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    if (phone->keyed == NULL || EVP_MAC_init(phone->keyed, secret, length, parameters) != 1)
        errx(EXIT_FAILURE, "libcrypto cannot compute HMAC-SHA1");
}

void totp_free(struct totp *phone) {
    EVP_MAC_CTX_free(phone->keyed);
    phone->keyed = NULL;
}

/* RFC 4226 section 5.3. */
static uint32_t code_at(const struct totp *phone, int64_t step) {
    unsigned char counter[8];
    for (int i = 0; i < 8; i++)
        counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));

    unsigned char digest[SHA1_BYTES];
    size_t length = 0;
    /* Without a key, init starts over with the one that the context has. */
    if (EVP_MAC_init(phone->keyed, NULL, 0, NULL) != 1 || EVP_MAC_update(phone->keyed, counter, sizeof counter) != 1 ||
        EVP_MAC_final(phone->keyed, digest, &length, sizeof digest) != 1)
        errx(EXIT_FAILURE, "libcrypto cannot compute HMAC-SHA1");

    const unsigned char *chosen = digest + (digest[SHA1_BYTES - 1] & 0x0f);
    uint32_t value =
        (uint32_t)(chosen[0] & 0x7f) << 24 | (uint32_t)chosen[1] << 16 | (uint32_t)chosen[2] << 8 | (uint32_t)chosen[3];
    return value % CODES;
}

static void write_digits(uint32_t code, char text[TOTP_TEXT]) {
    snprintf(text, TOTP_TEXT, "%0*u", TOTP_DIGITS, code % CODES);
}

void totp_at(const struct totp *phone, int64_t step, char text[TOTP_TEXT]) {
    write_digits(code_at(phone, step), text);
}

void totp_wrong(const struct totp *phone, int64_t step, int reach, char text[TOTP_TEXT]) {
    bool *taken = calloc(CODES, sizeof *taken);
    if (taken == NULL)
        err(EXIT_FAILURE, "no memory for the codes to avoid");
    for (int64_t near = step - reach; near <= step + reach; near++)
        taken[code_at(phone, near)] = true;
    uint32_t wrong = code_at(phone, step);
    while (taken[wrong])
        wrong = (wrong + 1) % CODES;
    free(taken);
    write_digits(wrong, text);
}

int64_t totp_now(void) {
    return (int64_t)time(NULL) / TOTP_PERIOD;
}
