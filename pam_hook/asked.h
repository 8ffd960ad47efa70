/* That a question was put to whoever logs in: kept on the PAM handle, whatever phase or attempt comes after. */
#ifndef RW2FA_ASKED_H
#define RW2FA_ASKED_H

#include <security/pam_modules.h>
#include <stdbool.h>

/* Note that a question is about to be shown. PAM_SUCCESS, or what pam_set_data(3) says: then it must not be. */
int asked_note(pam_handle_t *pamh);

/* Whether a question was noted on this handle. */
bool asked_before(pam_handle_t *pamh);

#endif
