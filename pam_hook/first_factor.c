#include "first_factor.h"

#include <stdbool.h>
#include <string.h>

/* Whether `name` is already in `names`. */
static bool lists(const char *names, const char *name, size_t length)
{
    while (*names != '\0') {
        size_t listed = strcspn(names, ",");
        if (listed == length && memcmp(names, name, length) == 0)
            return true;
        names += listed;
        names += *names == ',';
    }
    return false;
}

const char *first_factor_names(const char *info, char names[FIRST_FACTOR_SIZE])
{
    size_t used = 0;
    size_t count = 0;
    names[0] = '\0';
    while (info != NULL && *info != '\0' && count < RW2FA_FACTORS_MAX) {
        size_t length = strspn(info, "abcdefghijklmnopqrstuvwxyz0123456789-");
        bool ends = strchr(" /\n", info[length]) != NULL; /* the NUL is among them */
        if (ends && length != 0 && length <= RW2FA_FACTOR_NAME_MAX && !lists(names, info, length)) {
            if (used != 0)
                names[used++] = ',';
            memcpy(names + used, info, length);
            used += length;
            names[used] = '\0';
            count++;
        }
        info += strcspn(info, "\n");
        info += *info == '\n';
    }
    return used == 0 ? NULL : names;
}
