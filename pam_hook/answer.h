/* Whether what a user typed may leave the hook. docs/protocol.md, `reply`; no password ever may. */
#ifndef RW2FA_ANSWER_H
#define RW2FA_ANSWER_H

#include "form.h"
#include "limits.h"

enum answer {
    ANSWER_VALUE,   /* it may: `value` has it */
    ANSWER_BLIND,   /* the client answered with the password or a name, or sshd with its stand-in for a password */
    ANSWER_BADFORM, /* not in the form that was asked for */
    ANSWER_EMPTY,   /* nothing but spaces */
    ANSWER_EOF,     /* the conversation failed */
};

#define ANSWER_NAMES 4

/* What clients that do not read the question answer with. NULL: not known. */
struct known {
    const char *password;            /* PAM_AUTHTOK */
    const char *names[ANSWER_NAMES]; /* of the user, with a domain or without */
};

/*
 * Check `typed` (NULL: the conversation failed) against what is known and `form`. Blind is an answer that equals the
 * password, a name, or one part of a name with a domain (CORP\alice, alice@corp, CORP+alice, corp/alice), since names
 * of digits look like codes. Spaces and ASCII case are ignored. `value` becomes what may be sent, or "". The time that
 * the comparison with the password takes depends only on the lengths.
 */
enum answer answer_judge(const char *typed, const struct known *known, const struct form *form,
                         char value[RW2FA_VALUE_MAX + 1]);

/* The protocol's word for an answer without a value; NULL for ANSWER_VALUE. */
const char *answer_word(enum answer answer);

#endif
