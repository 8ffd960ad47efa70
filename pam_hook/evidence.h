/* Evidence minted by an earlier slot or phase: kept on the PAM handle, so in this process only. */
#ifndef RW2FA_EVIDENCE_H
#define RW2FA_EVIDENCE_H

#include <security/pam_modules.h>
#include <stdint.h>

struct evidence; /* { user, uid, rule } */

/* Store evidence for `user`, replacing any older. Returns PAM_SUCCESS, or pam_set_data(3)'s error. */
int evidence_keep(pam_handle_t *pamh, const char *user, uint32_t uid, const char *rule);

/* The evidence on the handle if it was minted for `user`, or NULL. */
const struct evidence *evidence_for(pam_handle_t *pamh, const char *user);

const char *evidence_rule(const struct evidence *evidence);
uint32_t evidence_uid(const struct evidence *evidence);

#endif
