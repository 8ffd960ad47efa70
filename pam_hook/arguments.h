/* The arguments of a PAM line. */
#ifndef RW2FA_ARGUMENTS_H
#define RW2FA_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

struct arguments {
    const char *socket;     /* socket=PATH: absolute, short enough for sun_path */
    uint32_t timeout;       /* timeout=SECONDS: waiting for the daemon in one phase */
    const char *slot;       /* slot=first|key, as in the protocol; "main" if the line has none */
    bool unreachable_allow; /* unreachable=allow */
    const char *console;    /* console=USER,...: the names as in the line; NULL if there are none */
    bool debug;             /* debug: verbs, rules and times to the log */
};

/* Called for each argument that is ignored, with the reason; `context` is the caller's. */
typedef void arguments_warning(void *context, const char *argument, const char *reason);

/*
 * Read the arguments of a line. Unknown or malformed ones are reported to `warn` and ignored: the default, which
 * is the strict one, stays. The strings in `arguments` point into `argv`.
 */
void arguments_parse(struct arguments *arguments, int argc, const char *const *argv, arguments_warning *warn,
                     void *context);

/* Whether `user` is one of the names in `console`, spelled exactly the same. */
bool arguments_console_lists(const struct arguments *arguments, const char *user);

#endif
