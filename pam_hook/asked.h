/* Whether the user was asked a question: kept on the PAM handle, for later phases and attempts. */
#ifndef RW2FA_ASKED_H
#define RW2FA_ASKED_H

#include <security/pam_modules.h>
#include <stdbool.h>

/* Note that a question is about to be shown. Returns PAM_SUCCESS, or pam_set_data(3)'s error: then it must not be. */
int asked_note(pam_handle_t *pamh);

/* Whether a question was noted on this handle. */
bool asked_before(pam_handle_t *pamh);

#endif
