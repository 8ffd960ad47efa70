/* Any SSH_AUTH_INFO_0: names of methods come out, within the limits, or nothing. */
#include "../first_factor.h"
#include "harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *names = malloc(FIRST_FACTOR_SIZE);
    char *info = take_string(&data, &size);
    must(names != NULL);
    const char *result = first_factor_names(info, names);
    if (result != NULL) {
        must(result == names && names[0] != '\0' && names[0] != ',');
        must(strlen(names) < FIRST_FACTOR_SIZE && names[strlen(names) - 1] != ',');
        must(names[strspn(names, "abcdefghijklmnopqrstuvwxyz0123456789-,")] == '\0');
    } else {
        must(names[0] == '\0');
    }
    free(names);
    free(info);
    return 0;
}
