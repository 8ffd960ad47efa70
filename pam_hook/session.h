/* The kernel's audit session that this process belongs to: what pam_loginuid begins, and su and sudo stay in. */
#ifndef RW2FA_SESSION_H
#define RW2FA_SESSION_H

#define SESSION_SIZE 16

/* The number of the session, in `session`; NULL for a process in none, or on a kernel that counts none. */
const char *session_read(char session[SESSION_SIZE]);

#endif
