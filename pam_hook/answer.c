#include "answer.h"

#include <stdbool.h>
#include <string.h>

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* How many bytes of `text` are not spaces. */
static size_t length_without_spaces(const char *text)
{
    size_t length = 0;
    for (; *text != '\0'; text++)
        length += !is_space(*text);
    return length;
}

/*
 * Whether two texts are the same when spaces are taken out of both. That covers the answer as typed and the value that
 * would be sent, for a password with spaces in it too.
 */
static bool same_without_spaces(const char *left, const char *right)
{
    unsigned char difference = length_without_spaces(left) != length_without_spaces(right);
    for (;;) {
        while (is_space(*left))
            left++;
        while (is_space(*right))
            right++;
        if (*left == '\0' || *right == '\0')
            return difference == 0;
        difference |= (unsigned char)(*left++ ^ *right++);
    }
}

/*
 * sshd hands PAM a stand-in where it has rejected a user already: this text, repeated or cut to the length of what was
 * typed (fake_password() in auth-pam.c of OpenSSH).
 */
static bool is_stand_in(const char *typed)
{
    static const char JUNK[] = "\b\n\r\177INCORRECT";
    size_t length = strnlen(typed, sizeof(JUNK) - 1);
    return length != 0 && memcmp(typed, JUNK, length) == 0;
}

/* Copy `typed` without spaces; false when it does not fit. */
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

static enum answer judge(const char *typed, const char *password, const struct form *form,
                         char value[RW2FA_VALUE_MAX + 1])
{
    if (typed == NULL)
        return ANSWER_EOF;
    if (is_stand_in(typed))
        return ANSWER_BLIND;
    if (length_without_spaces(typed) == 0)
        return ANSWER_EMPTY;
    if (password != NULL && same_without_spaces(typed, password))
        return ANSWER_BLIND;
    if (!take_out_spaces(typed, value) || !form_accepts(form, value))
        return ANSWER_BADFORM;
    return ANSWER_VALUE;
}

enum answer answer_judge(const char *typed, const char *password, const struct form *form,
                         char value[RW2FA_VALUE_MAX + 1])
{
    enum answer answer = judge(typed, password, form, value);
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
