/* The factors that sshd accepted before PAM: SSH_AUTH_INFO_0, sshd_config(5) ExposeAuthInfo. */
#ifndef RW2FA_FIRST_FACTOR_H
#define RW2FA_FIRST_FACTOR_H

#include <stddef.h>

#include "limits.h"

#define FIRST_FACTOR_SIZE (RW2FA_FACTORS_MAX * (RW2FA_FACTOR_NAME_MAX + 1))

/*
 * The methods in `info` (one per line: name, optionally "/" and a submethod, optionally a space and details; NULL:
 * none), each once, in order, separated by commas. What is not a method name of RFC 4252 or does not fit
 * is omitted: then one factor less counts. Returns `names`, or NULL if there is no method.
 */
const char *first_factor_names(const char *info, char names[FIRST_FACTOR_SIZE]);

#endif
