/* Any arguments of a line, with NULs between them, and a login that they let in: only what was written does that. */
#include "../arguments.h"
#include "../limits.h"
#include "../unreachable.h"
#include "harness.h"

#define ARGUMENTS_MAX 16

static void count(void *context, const char *argument, const char *reason)
{
    must(argument != NULL && reason != NULL);
    ++*(int *)context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arguments arguments;
    char *argv[ARGUMENTS_MAX];
    int argc = 0;
    int warnings = 0;
    char *user = take_string(&data, &size);
    char *tty = take_string(&data, &size);
    while (size > 0 && argc < ARGUMENTS_MAX)
        argv[argc++] = take_string(&data, &size);
    arguments_parse(&arguments, argc, (const char *const *)argv, count, &warnings);
    must(warnings <= argc);
    must(arguments.socket[0] == '/' && strlen(arguments.socket) < 108);
    must(arguments.timeout >= RW2FA_TIMEOUT_MIN && arguments.timeout <= RW2FA_TIMEOUT_MAX);

    struct failure failure = failure_of(FAILURE_LATE, "", 0);
    enum escape escape = unreachable_escape(&arguments, &failure, false, user, tty, NULL);
    must(escape != ESCAPE_ALLOW);
    if (escape == ESCAPE_CONSOLE)
        must(arguments.console != NULL && user[0] != '\0' && strstr(arguments.console, user) != NULL &&
             unreachable_is_console(tty));
    must(unreachable_escape(&arguments, &failure, false, user, tty, "192.0.2.1") == ESCAPE_NONE);
    must(unreachable_escape(&arguments, &failure, true, user, tty, NULL) == ESCAPE_NONE);

    for (int i = 0; i < argc; i++)
        free(argv[i]);
    free(user);
    free(tty);
    return 0;
}
