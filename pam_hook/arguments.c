#include "arguments.h"

#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "decimal.h"
#include "limits.h"

typedef bool argument_setter(struct arguments *arguments, const char *value);

static bool set_socket(struct arguments *arguments, const char *value)
{
    if (value[0] != '/' || strlen(value) >= sizeof((struct sockaddr_un){0}.sun_path))
        return false;
    arguments->socket = value;
    return true;
}

static bool set_timeout(struct arguments *arguments, const char *value)
{
    uint32_t seconds = 0;
    if (!decimal_parse(value, RW2FA_TIMEOUT_MAX, &seconds) || seconds < RW2FA_TIMEOUT_MIN)
        return false;
    arguments->timeout = seconds;
    return true;
}

static bool set_slot(struct arguments *arguments, const char *value)
{
    if (strcmp(value, "first") != 0 && strcmp(value, "key") != 0)
        return false;
    arguments->slot = value;
    return true;
}

static bool set_unreachable(struct arguments *arguments, const char *value)
{
    bool allow = strcmp(value, "allow") == 0;
    if (!allow && strcmp(value, "deny") != 0)
        return false;
    arguments->unreachable_allow = allow;
    return true;
}

static bool set_console(struct arguments *arguments, const char *value)
{
    if (value[strspn(value, ",")] == '\0')
        return false;
    arguments->console = value;
    return true;
}

static bool set_debug(struct arguments *arguments, const char *value)
{
    if (value[0] != '\0')
        return false;
    arguments->debug = true;
    return true;
}

static const struct {
    const char *name; /* with the "=" of an argument that has a value */
    argument_setter *set;
    const char *reason; /* what to write if set() refuses */
} TABLE[] = {
    {"socket=", set_socket, "give an absolute path of at most 107 bytes"},
    {"timeout=", set_timeout, "give whole seconds from 1 to 60"},
    {"slot=", set_slot, "give first or key, or omit it"},
    {"unreachable=", set_unreachable, "give deny or allow"},
    {"console=", set_console, "give user names with commas between them"},
    {"debug", set_debug, "it takes no value"},
};

void arguments_parse(struct arguments *arguments, int argc, const char *const *argv, arguments_warning *warn,
                     void *context)
{
    *arguments = (struct arguments){
        .socket = "/run/rw2fa/pam.sock",
        .timeout = RW2FA_TIMEOUT_DEFAULT,
        .slot = "main",
    };
    for (int i = 0; i < argc; i++) {
        const char *reason = "there is no such argument";
        for (size_t row = 0; row < sizeof(TABLE) / sizeof(TABLE[0]); row++) {
            size_t length = strlen(TABLE[row].name);
            if (strncmp(argv[i], TABLE[row].name, length) != 0)
                continue;
            reason = TABLE[row].set(arguments, argv[i] + length) ? NULL : TABLE[row].reason;
            break;
        }
        if (reason != NULL)
            warn(context, argv[i], reason);
    }
}

bool arguments_console_lists(const struct arguments *arguments, const char *user)
{
    size_t wanted = strlen(user);
    const char *name = arguments->console;
    while (wanted != 0 && name != NULL && *name != '\0') {
        size_t length = strcspn(name, ",");
        if (length == wanted && memcmp(name, user, length) == 0)
            return true;
        name += length;
        name += strspn(name, ",");
    }
    return false;
}
