#include "session.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* (unsigned) -1, AUDIT_SID_UNSET of the kernel. */
static const char NONE[] = "4294967295";

const char *session_read(char session[SESSION_SIZE])
{
    int file = open("/proc/self/sessionid", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    ssize_t length = read(file, session, SESSION_SIZE - 1);
    (void)close(file);
    if (length <= 0)
        return NULL;
    session[length] = '\0';
    if (session[strspn(session, "0123456789")] != '\0' || strcmp(session, NONE) == 0)
        return NULL;
    return session;
}
