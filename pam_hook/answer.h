/* Whether what a person typed may leave the hook. docs/protocol.md, `reply`; no password ever may. */
#ifndef RW2FA_ANSWER_H
#define RW2FA_ANSWER_H

#include "form.h"
#include "limits.h"

enum answer {
    ANSWER_VALUE,   /* it may: `value` has it */
    ANSWER_BLIND,   /* the client answered with the password, or sshd with its stand-in for one */
    ANSWER_BADFORM, /* not in the form that was asked for */
    ANSWER_EMPTY,   /* nothing but spaces */
    ANSWER_EOF,     /* the conversation failed */
};

/*
 * Judge `typed` (NULL: the conversation failed) against `password`, PAM_AUTHTOK (NULL: not known), and `form`. Spaces
 * do not count anywhere. `value` becomes what may be sent, or "". The time that the comparison with the password
 * takes depends on the lengths alone.
 */
enum answer answer_judge(const char *typed, const char *password, const struct form *form,
                         char value[RW2FA_VALUE_MAX + 1]);

/* The word of the protocol for an answer without a value; NULL for ANSWER_VALUE. */
const char *answer_word(enum answer answer);

#endif
