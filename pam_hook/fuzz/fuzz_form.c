/* Any form and any value, with a NUL between them: what is accepted is within the limits of every form. */
#include "../form.h"
#include "harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct form form;
    char *text = take_string(&data, &size);
    char *value = take_string(&data, &size);
    if (form_parse(&form, text)) {
        must(form.count > 0 && form.count <= RW2FA_FORMS_MAX);
        for (size_t i = 0; i < form.count; i++)
            must(form.alternatives[i].min > 0 && form.alternatives[i].min <= form.alternatives[i].max &&
                 form.alternatives[i].max <= RW2FA_VALUE_MAX);
        if (form_accepts(&form, value)) {
            must(strlen(value) <= RW2FA_VALUE_MAX);
            must(value[strspn(value, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-")] == '\0');
        }
    }
    free(text);
    free(value);
    return 0;
}
