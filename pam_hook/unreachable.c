#include "unreachable.h"

#include <stddef.h>
#include <string.h>

/* Console devices, Documentation/admin-guide/devices.txt of Linux: each name is followed by a number. */
static const char *const CONSOLES[] = {"tty", "ttyS", "ttyAMA", "ttyUSB", "hvc", "xvc"};

bool unreachable_is_console(const char *tty)
{
    if (strncmp(tty, "/dev/", 5) == 0)
        tty += 5;
    if (strcmp(tty, "console") == 0)
        return true;
    for (size_t row = 0; row < sizeof(CONSOLES) / sizeof(CONSOLES[0]); row++) {
        size_t length = strlen(CONSOLES[row]);
        if (strncmp(tty, CONSOLES[row], length) != 0)
            continue;
        size_t digits = strspn(tty + length, "0123456789");
        if (digits != 0 && tty[length + digits] == '\0')
            return true;
    }
    return false;
}

enum escape unreachable_escape(const struct arguments *arguments, const struct failure *failure, bool asked,
                               const char *user, const char *tty, const char *rhost)
{
    /* A user who was asked must not get in by waiting, or because the daemon was stopped meanwhile. */
    if (asked)
        return ESCAPE_NONE;
    bool local = tty != NULL && unreachable_is_console(tty) && (rhost == NULL || rhost[0] == '\0');
    if (local && arguments_console_lists(arguments, user))
        return ESCAPE_CONSOLE;
    if (arguments->unreachable_allow && failure->kind == FAILURE_ABSENT)
        return ESCAPE_ALLOW;
    return ESCAPE_NONE;
}
