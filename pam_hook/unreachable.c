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

/*
 * Whether a console that is kept open is open after this failure. Not after an end of file or nonsense once there was a
 * question: the daemon closes what has been silent for minutes, and waiting must not be a way in.
 */
static bool console_open_after(enum failure_kind kind, bool asked)
{
    switch (kind) {
    case FAILURE_ABSENT:
    case FAILURE_LATE:
    case FAILURE_UNJUDGED:
        return true;
    case FAILURE_UNTRUSTED:
    case FAILURE_CLOSED:
    case FAILURE_PROTOCOL:
    case FAILURE_SYSTEM:
        return !asked;
    case FAILURE_NONE:
        break;
    }
    return false;
}

enum escape unreachable_escape(const struct arguments *arguments, const struct failure *failure, bool asked,
                               const char *user, const char *tty, const char *rhost)
{
    bool local = tty != NULL && unreachable_is_console(tty) && (rhost == NULL || rhost[0] == '\0');
    if (local && arguments_console_lists(arguments, user) && console_open_after(failure->kind, asked))
        return ESCAPE_CONSOLE;
    if (arguments->unreachable_allow && failure->kind == FAILURE_ABSENT)
        return ESCAPE_ALLOW;
    return ESCAPE_NONE;
}
