/* Who logs in where, according to PAM. */
#ifndef RW2FA_LOGIN_H
#define RW2FA_LOGIN_H

#include <security/pam_modules.h>

#include "limits.h"

#define LOGIN_ITEMS 5

struct login {
    const char *service;
    const char *user; /* never NULL, never "" */
    const char *tty;  /* this one and the next two: NULL if not set */
    const char *rhost;
    const char *ruser;
    char copies[LOGIN_ITEMS][RW2FA_ITEM_MAX + 1]; /* what they point to: a program may set items while it converses */
};

/*
 * Read the items; asks for PAM_USER if the program has left that to the modules. Anything but PAM_SUCCESS is
 * what the hook has to return.
 */
int login_read(struct login *login, pam_handle_t *pamh);

#endif
