/*
 * pam_rw2fa.so: asks the daemon in auth and account, tells it which session a login has become, and returns PAM_IGNORE
 * everywhere else. Success from setcred on a line that ends a stack would skip that of the modules after it.
 */
#include <security/pam_modules.h>

#include "phase.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return phase_run(PHASE_AUTH, pamh, flags, argc, argv);
}

EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return phase_run(PHASE_ACCOUNT, pamh, flags, argc, argv);
}

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags;
    return phase_session(pamh, argc, argv);
}

#define IGNORED_ENTRY_POINT(name)                                                                                      \
    EXPORT int name(pam_handle_t *pamh, int flags, int argc, const char **argv)                                        \
    {                                                                                                                  \
        (void)pamh, (void)flags, (void)argc, (void)argv;                                                               \
        return PAM_IGNORE;                                                                                             \
    }

IGNORED_ENTRY_POINT(pam_sm_setcred)
IGNORED_ENTRY_POINT(pam_sm_close_session)
IGNORED_ENTRY_POINT(pam_sm_chauthtok)
