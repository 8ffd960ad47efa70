/* Any form, any password and anything typed, with NULs between them: what may leave is never the password. */
#include "../answer.h"
#include "harness.h"

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
    char *typed = take_string(&data, &size);
    must(value != NULL);
    if (form_parse(&form, text)) {
        enum answer answer = answer_judge(typed, password, &form, value);
        take_out(password, SPACES);
        take_out(typed, SPACES);
        if (answer == ANSWER_VALUE) {
            must(strcmp(value, typed) == 0 && strcmp(value, password) != 0 && form_accepts(&form, value));
            must(answer_word(answer) == NULL);
        } else {
            must(value[0] == '\0' && answer_word(answer) != NULL);
        }
        must((answer == ANSWER_EOF) == 0);
        must(answer_judge(NULL, password, &form, value) == ANSWER_EOF);
    }
    free(value);
    free(text);
    free(password);
    free(typed);
    return 0;
}
