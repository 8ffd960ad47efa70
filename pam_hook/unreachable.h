/* What a PAM line says should happen if there is no verdict. */
#ifndef RW2FA_UNREACHABLE_H
#define RW2FA_UNREACHABLE_H

#include <stdbool.h>

#include "arguments.h"
#include "failure.h"

enum escape {
    ESCAPE_NONE,    /* refuse */
    ESCAPE_ALLOW,   /* unreachable=allow applies */
    ESCAPE_CONSOLE, /* console=USER applies */
};

/*
 * The exception for `failure`, if the line has one for this login (`user`, `tty` and `rhost` are PAM's; NULL if
 * not set). `asked`: a question was asked in this login before, and so there is none.
 */
enum escape unreachable_escape(const struct arguments *arguments, const struct failure *failure, bool asked,
                               const char *user, const char *tty, const char *rhost);

/* Whether `tty`, with /dev/ or without, is a virtual or serial console of this machine. */
bool unreachable_is_console(const char *tty);

#endif
