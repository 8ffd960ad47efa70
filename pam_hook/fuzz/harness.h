/* What the fuzzers share: inputs as C strings of their own size, so that a read past the end is seen. */
#ifndef RW2FA_FUZZ_HARNESS_H
#define RW2FA_FUZZ_HARNESS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that does not hold is a find. */
static inline void must(int holds)
{
    if (!holds)
        abort();
}

/* Cut the next string off the front of the input: it ends at a NUL byte or with the input. To be freed. */
static inline char *take_string(const uint8_t **data, size_t *size)
{
    size_t length = strnlen((const char *)*data, *size);
    char *text = malloc(length + 1);
    must(text != NULL);
    memcpy(text, *data, length);
    text[length] = '\0';
    length += length < *size; /* the NUL */
    *data += length;
    *size -= length;
    return text;
}

#endif
