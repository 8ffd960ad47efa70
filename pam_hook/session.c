#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "decimal.h"

/* (unsigned) -1, AUDIT_SID_UNSET of the kernel. */
static const char NONE[] = "4294967295";

/* The beginning of a small file of /proc, without a newline at its end; false if it does not exist. */
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

/*
 * Write the number in a link like "pid:[4026531836]", and a NUL: 0 on a kernel without such namespaces. Returns its
 * length, or 0 if it cannot be read.
 */
static size_t read_number(const char *link, char number[DECIMAL_SIZE])
{
    char target[sizeof("user:[]") + DECIMAL_SIZE] = "none:[0]";
    ssize_t length = readlink(link, target, sizeof(target) - 1);
    if (length < 0 && errno != ENOENT)
        return 0;
    if (length >= 0)
        target[length] = '\0';
    const char *from = strchr(target, '[');
    size_t digits = from == NULL ? 0 : strspn(from + 1, "0123456789");
    if (digits == 0 || digits >= DECIMAL_SIZE || strcmp(from + 1 + digits, "]") != 0)
        return 0;
    memcpy(number, from + 1, digits);
    number[digits] = '\0';
    return digits;
}

const char *namespaces_read(char namespaces[NAMESPACES_SIZE])
{
    size_t user = read_number("/proc/self/ns/user", namespaces);
    if (user == 0)
        return NULL;
    namespaces[user] = '-';
    return read_number("/proc/self/ns/pid", namespaces + user + 1) == 0 ? NULL : namespaces;
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
