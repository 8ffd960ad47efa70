/* One phase of one login, from the arguments of the line to the PAM code. */
#ifndef RW2FA_PHASE_H
#define RW2FA_PHASE_H

#include <security/pam_modules.h>

#include "exchange.h"

/* The return code of pam_sm_authenticate() or pam_sm_acct_mgmt(). The other arguments are theirs. */
int phase_run(enum phase phase, pam_handle_t *pamh, int flags, int argc, const char *const *argv);

/*
 * The return code of pam_sm_open_session(): always PAM_IGNORE. Tells the daemon which audit session the
 * login has become, so that sudo need not ask again in it at once.
 */
int phase_session(pam_handle_t *pamh, int argc, const char *const *argv);

#endif
