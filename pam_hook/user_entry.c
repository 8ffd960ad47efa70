#include "user_entry.h"

#include <errno.h>
#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"

/*
 * getpwnam(3) is not used: its buffer may hold the program's own entry. Some modules report a missing name as an error
 * (the man page names ENOENT, ESRCH, EBADF and EPERM); that proves nothing, as a directory that is down does so too.
 */
enum user_entry user_entry_find(const char *name)
{
    for (size_t size = RW2FA_ENTRY_FIRST; size <= RW2FA_ENTRY_MAX; size *= 2) {
        struct passwd entry;
        struct passwd *found = NULL;
        char *buffer = malloc(size);
        if (buffer == NULL)
            return USER_ENTRY_UNSURE;
        int error = getpwnam_r(name, &entry, buffer, size, &found);
        explicit_bzero(buffer, size); /* without a shadow file, it contains a hash */
        free(buffer);
        if (error == ERANGE)
            continue;
        if (error != 0)
            return USER_ENTRY_UNSURE;
        return found != NULL ? USER_ENTRY_FOUND : USER_ENTRY_NONE;
    }
    return USER_ENTRY_FOUND; /* a user with a very long entry */
}

const char *user_entry_word(enum user_entry entry)
{
    switch (entry) {
    case USER_ENTRY_FOUND:
        return "yes";
    case USER_ENTRY_NONE:
        return "no";
    case USER_ENTRY_UNSURE:
        break;
    }
    return NULL;
}
