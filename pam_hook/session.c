#include "session.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* (unsigned) -1, AUDIT_SID_UNSET of the kernel. */
static const char NONE[] = "4294967295";

/* The beginning of a small file of /proc, without a newline at its end; false where there is none. */
static bool read_line(const char *path, char *line, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, line, size - 1);
    (void)close(file);
    if (length <= 0)
        return false;
    line[length] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return true;
}

const char *session_read(char session[SESSION_SIZE])
{
    if (!read_line("/proc/self/sessionid", session, SESSION_SIZE))
        return NULL;
    if (session[strspn(session, "0123456789")] != '\0' || strcmp(session, NONE) == 0)
        return NULL;
    return session;
}

const char *boot_read(char boot[BOOT_SIZE])
{
    if (!read_line("/proc/sys/kernel/random/boot_id", boot, BOOT_SIZE))
        return NULL;
    return strlen(boot) == BOOT_SIZE - 1 && boot[strspn(boot, "0123456789abcdef-")] == '\0' ? boot : NULL;
}
