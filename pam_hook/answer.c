#include "answer.h"

#include <stdbool.h>
#include <string.h>

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* How many of the first `size` bytes of `text` are not spaces. */
static size_t length_without_spaces(const char *text, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++)
        length += !is_space(text[i]);
    return length;
}

/* A byte, in lower case if it is an ASCII letter, without a branch that depends on a secret. */
static unsigned char lower(char byte)
{
    unsigned int upper = (unsigned int)((unsigned char)byte - 'A') < 26U;
    return (unsigned char)((unsigned char)byte | upper << 5);
}

/*
 * Whether `typed` and the first `size` bytes of `text` are equal, ignoring spaces and case.
 * That covers the answer as typed and the value that would be sent, even for a password with spaces.
 */
static bool same(const char *typed, const char *text, size_t size)
{
    const char *end = text + size;
    unsigned char difference = length_without_spaces(typed, strlen(typed)) != length_without_spaces(text, size);
    for (;;) {
        while (is_space(*typed))
            typed++;
        while (text != end && is_space(*text))
            text++;
        if (*typed == '\0' || text == end)
            return difference == 0;
        difference |= lower(*typed++) ^ lower(*text++);
    }
}

/* Whether `typed` is a name, or a part of it before, between or after the marks that separate its domain. */
static bool is_name(const char *typed, const char *name)
{
    static const char MARKS[] = "\\/+@";
    if (same(typed, name, strlen(name)))
        return true;
    for (;;) {
        size_t size = strcspn(name, MARKS);
        if (same(typed, name, size))
            return true;
        if (name[size] == '\0')
            return false;
        name += size + 1;
    }
}

static bool is_known(const char *typed, const struct known *known)
{
    if (known->password != NULL && same(typed, known->password, strlen(known->password)))
        return true;
    for (size_t i = 0; i < ANSWER_NAMES; i++) {
        if (known->names[i] != NULL && is_name(typed, known->names[i]))
            return true;
    }
    return false;
}

/*
 * sshd gives PAM a stand-in for the password of a user whom it has already rejected: this text, repeated or cut to the
 * length of what was typed (fake_password() in auth-pam.c of OpenSSH).
 */
static bool is_stand_in(const char *typed)
{
    static const char JUNK[] = "\b\n\r\177INCORRECT";
    size_t length = strnlen(typed, sizeof(JUNK) - 1);
    return length != 0 && memcmp(typed, JUNK, length) == 0;
}

/* Copy `typed` without spaces; false if it does not fit. */
static bool take_out_spaces(const char *typed, char value[RW2FA_VALUE_MAX + 1])
{
    size_t length = 0;
    for (; *typed != '\0'; typed++) {
        if (is_space(*typed))
            continue;
        if (length == RW2FA_VALUE_MAX)
            return false;
        value[length++] = *typed;
    }
    value[length] = '\0';
    return true;
}

static enum answer judge(const char *typed, const struct known *known, const struct form *form,
                         char value[RW2FA_VALUE_MAX + 1])
{
    if (typed == NULL)
        return ANSWER_EOF;
    if (is_stand_in(typed))
        return ANSWER_BLIND;
    if (length_without_spaces(typed, strlen(typed)) == 0)
        return ANSWER_EMPTY;
    if (is_known(typed, known))
        return ANSWER_BLIND;
    if (!take_out_spaces(typed, value) || !form_accepts(form, value))
        return ANSWER_BADFORM;
    return ANSWER_VALUE;
}

enum answer answer_judge(const char *typed, const struct known *known, const struct form *form,
                         char value[RW2FA_VALUE_MAX + 1])
{
    enum answer answer = judge(typed, known, form, value);
    if (answer != ANSWER_VALUE)
        explicit_bzero(value, RW2FA_VALUE_MAX + 1);
    return answer;
}

const char *answer_word(enum answer answer)
{
    static const char *const WORDS[] = {
        [ANSWER_VALUE] = NULL,    [ANSWER_BLIND] = "blind", [ANSWER_BADFORM] = "badform",
        [ANSWER_EMPTY] = "empty", [ANSWER_EOF] = "eof",
    };
    return WORDS[answer];
}
