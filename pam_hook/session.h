/* The kernel's audit session that this process belongs to, which pam_loginuid begins, and su and sudo stay in. Its
 * number is meaningful only together with the boot of the kernel that assigned it, and with the namespaces of the
 * process: a container that was started from a session keeps that session's number. */
#ifndef RW2FA_SESSION_H
#define RW2FA_SESSION_H

#define SESSION_SIZE 16
#define BOOT_SIZE 37 /* 36 bytes of a UUID as text (RFC 9562 §4), and NUL */

#define NAMESPACES_SIZE 24 /* two numbers of 32 bits, a "-" between them, and NUL */

/* The number of the session, in `session`; NULL for a process in none, or on a kernel without audit sessions. */
const char *session_read(char session[SESSION_SIZE]);

/* The random id of this boot of this kernel (proc(5)), in `boot`; NULL if it cannot be read. */
const char *boot_read(char boot[BOOT_SIZE]);

/* The numbers of the user and the pid namespace of this process (namespaces(7)); NULL if they cannot be read. */
const char *namespaces_read(char namespaces[NAMESPACES_SIZE]);

#endif
