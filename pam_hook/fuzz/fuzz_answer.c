/* Any form, password, name and anything typed, with NULs between them: what may leave is neither password nor name. */
#include "../answer.h"
#include "harness.h"

/* Case-blind, without the code that is looked at. */
static int same(const char *left, const char *right)
{
    return strcasecmp(left, right) == 0;
}

/* Whether a name is this word, or has it as a part that marks set apart. Takes `name` to pieces. */
static int has_part(char *name, const char *word)
{
    char *rest = NULL;
    if (same(name, word))
        return 1;
    for (char *part = strtok_r(name, "\\/+@", &rest); part != NULL; part = strtok_r(NULL, "\\/+@", &rest)) {
        if (same(part, word))
            return 1;
    }
    return 0;
}

static void take_out(char *text, const char *spaces)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (strchr(spaces, *from) == NULL)
            *to++ = *from;
    }
    *to = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char SPACES[] = " \t\r\n";
    struct form form;
    char *value = malloc(RW2FA_VALUE_MAX + 1);
    char *text = take_string(&data, &size);
    char *password = take_string(&data, &size);
    char *name = take_string(&data, &size);
    char *typed = take_string(&data, &size);
    const struct known known = {.password = password, .names = {NULL, name}};
    must(value != NULL);
    if (form_parse(&form, text)) {
        enum answer answer = answer_judge(typed, &known, &form, value);
        take_out(password, SPACES);
        take_out(name, SPACES);
        take_out(typed, SPACES);
        if (answer == ANSWER_VALUE) {
            must(strcmp(value, typed) == 0 && form_accepts(&form, value));
            must(!same(value, password) && !has_part(name, value));
            must(answer_word(answer) == NULL);
        } else {
            must(value[0] == '\0' && answer_word(answer) != NULL);
        }
        must((answer == ANSWER_EOF) == 0);
        must(answer_judge(NULL, &known, &form, value) == ANSWER_EOF);
    }
    free(value);
    free(text);
    free(password);
    free(name);
    free(typed);
    return 0;
}
