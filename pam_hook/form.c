#include "form.h"

#include <string.h>

#include "decimal.h"

static const struct {
    const char *name; /* with the ":" that ends it */
    const char *alphabet;
} ALPHABETS[] = {
    {"digits:", "0123456789"},
    {"word:", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"},
};

/* Read a length that ends at `stop`; returns the text after it, or NULL. */
static const char *parse_length(const char *text, char stop, uint32_t *number)
{
    char digits[DECIMAL_SIZE];
    size_t length = strspn(text, "0123456789");
    if (length >= sizeof(digits) || text[length] != stop)
        return NULL;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!decimal_parse(digits, RW2FA_VALUE_MAX, number) || *number == 0)
        return NULL;
    return text + length;
}

/* Read one alternative into the next place of `form`; returns the text after it, or NULL. */
static const char *parse_alternative(struct form *form, const char *text)
{
    if (form->count == RW2FA_FORMS_MAX)
        return NULL;
    for (size_t row = 0; row < sizeof(ALPHABETS) / sizeof(ALPHABETS[0]); row++) {
        size_t length = strlen(ALPHABETS[row].name);
        if (strncmp(text, ALPHABETS[row].name, length) != 0)
            continue;
        uint32_t min = 0;
        uint32_t max = 0;
        const char *rest = parse_length(text + length, '-', &min);
        if (rest == NULL)
            return NULL;
        rest++;
        const char *comma = strchr(rest, ',');
        rest = parse_length(rest, comma == NULL ? '\0' : ',', &max);
        if (rest == NULL || min > max)
            return NULL;
        form->alternatives[form->count].alphabet = ALPHABETS[row].alphabet;
        form->alternatives[form->count].min = min;
        form->alternatives[form->count].max = max;
        form->count++;
        return rest;
    }
    return NULL;
}

bool form_parse(struct form *form, const char *text)
{
    form->count = 0;
    for (;;) {
        text = parse_alternative(form, text);
        if (text == NULL)
            return false;
        if (*text == '\0')
            return true;
        text++; /* the comma */
    }
}

bool form_accepts(const struct form *form, const char *value)
{
    size_t length = strlen(value);
    for (size_t i = 0; i < form->count; i++) {
        if (length >= form->alternatives[i].min && length <= form->alternatives[i].max &&
            strspn(value, form->alternatives[i].alphabet) == length)
            return true;
    }
    return false;
}
