/* The kernel's audit session that this process belongs to: what pam_loginuid begins, and su and sudo stay in. Its
 * number means something only together with the boot of the kernel that counted it. */
#ifndef RW2FA_SESSION_H
#define RW2FA_SESSION_H

#define SESSION_SIZE 16
#define BOOT_SIZE 37 /* 36 bytes of a UUID as text (RFC 9562 §4), and NUL */

/* The number of the session, in `session`; NULL for a process in none, or on a kernel that counts none. */
const char *session_read(char session[SESSION_SIZE]);

/* The random id of this boot of this kernel (proc(5)), in `boot`; NULL where it cannot be read. */
const char *boot_read(char boot[BOOT_SIZE]);

#endif
