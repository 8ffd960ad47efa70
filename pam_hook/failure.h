/* Why there is no verdict. */
#ifndef RW2FA_FAILURE_H
#define RW2FA_FAILURE_H

#include <stdbool.h>

enum failure_kind {
    FAILURE_NONE = 0,
    FAILURE_ABSENT,    /* no socket, or nothing listens on it: there is no daemon */
    FAILURE_UNTRUSTED, /* the process that listens is not the daemon */
    FAILURE_LATE,      /* the time for waiting is used up */
    FAILURE_CLOSED,    /* end of file before a verdict */
    FAILURE_PROTOCOL,  /* the daemon's message is not as in docs/protocol.md */
    FAILURE_UNJUDGED,  /* the daemon answers that it cannot judge */
    FAILURE_SYSTEM,    /* a call of this process failed */
};

struct failure {
    enum failure_kind kind;
    const char *what; /* for the log: what is wrong, and what to do */
    int error;        /* errno that belongs to it, or 0 */
};

#define NO_FAILURE ((struct failure){.kind = FAILURE_NONE})

static inline struct failure failure_of(enum failure_kind kind, const char *what, int error)
{
    return (struct failure){.kind = kind, .what = what, .error = error};
}

#endif
