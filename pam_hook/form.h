/* The form of an answer: what may leave the hook. docs/protocol.md, `ask`. */
#ifndef RW2FA_FORM_H
#define RW2FA_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

struct form {
    size_t count;
    struct {
        const char *alphabet; /* the bytes that an answer may consist of */
        uint32_t min;         /* its length in bytes, inclusive */
        uint32_t max;
    } alternatives[RW2FA_FORMS_MAX];
};

/*
 * Read ALPHABET:MIN-MAX[,...]. False for anything else: an unknown alphabet, a length of 0 or over
 * RW2FA_VALUE_MAX, MIN over MAX, too many alternatives. An answer to such a form must not leave.
 */
bool form_parse(struct form *form, const char *text);

/* Whether `value` matches one of the alternatives. */
bool form_accepts(const struct form *form, const char *value);

#endif
