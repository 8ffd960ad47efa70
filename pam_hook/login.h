/* Who logs in where, as PAM has it. */
#ifndef RW2FA_LOGIN_H
#define RW2FA_LOGIN_H

#include <security/pam_modules.h>

struct login {
    const char *service;
    const char *user; /* never NULL, never "" */
    const char *tty;  /* this one and the next two: NULL where not set */
    const char *rhost;
    const char *ruser;
};

/*
 * Read the items; PAM_USER is asked for where the program has left that to the modules. The strings belong to the
 * handle. Anything but PAM_SUCCESS is what the hook has to return.
 */
int login_read(struct login *login, pam_handle_t *pamh);

#endif
