/* One phase of one login, from the arguments of the line to the PAM code. */
#ifndef RW2FA_PHASE_H
#define RW2FA_PHASE_H

#include <security/pam_modules.h>

#include "exchange.h"

/* What pam_sm_authenticate() or pam_sm_acct_mgmt() has to return. The other arguments are theirs. */
int phase_run(enum phase phase, pam_handle_t *pamh, int flags, int argc, const char *const *argv);

#endif
