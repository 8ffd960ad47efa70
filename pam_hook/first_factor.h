/* The factors that sshd has accepted before PAM: SSH_AUTH_INFO_0, sshd_config(5) ExposeAuthInfo. */
#ifndef RW2FA_FIRST_FACTOR_H
#define RW2FA_FIRST_FACTOR_H

#include <stddef.h>

#include "limits.h"

#define FIRST_FACTOR_SIZE (RW2FA_FACTORS_MAX * (RW2FA_FACTOR_NAME_MAX + 1))

/*
 * The methods in `info` (one per line: name, then perhaps "/" and a submethod, then perhaps a space and details; NULL:
 * there is none), each once, in order, with commas between them. What is no method name of RFC 4252 or does not fit
 * is left out: that can only mean that one factor less counts. Returns `names`, or NULL when there is no method.
 */
const char *first_factor_names(const char *info, char names[FIRST_FACTOR_SIZE]);

#endif
