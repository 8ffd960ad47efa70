/* What the daemon decided. docs/protocol.md, `end`. */
#ifndef RW2FA_VERDICT_H
#define RW2FA_VERDICT_H

#include <stdbool.h>

#include "message.h"

struct verdict {
    int code;         /* what the hook returns */
    const char *rule; /* the rule that decided */
    const char *text; /* to show, or NULL */
    bool minted;      /* evidence is to be kept: */
    unsigned int uid; /* for this uid */
};

/*
 * Read the fields of an `end`. The strings point into `message`. False if the message is invalid: no rc, no
 * rule, a rule that is not a name, a mint that is not a uid.
 */
bool verdict_read(struct verdict *verdict, const struct message *message);

/* The PAM code for a word of the protocol; PAM_AUTHINFO_UNAVAIL for a word that is not in the table. */
int verdict_code(const char *word);

/* Whether `text` is the name of a rule: [a-z0-9-]+, at most RW2FA_RULE_MAX bytes. */
bool verdict_is_rule(const char *text);

#endif
