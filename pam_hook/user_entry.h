/* Whether a name exists, as the login program sees it: the daemon may have another view of the directory. */
#ifndef RW2FA_USER_ENTRY_H
#define RW2FA_USER_ENTRY_H

enum user_entry {
    USER_ENTRY_UNSURE, /* the directory failed, or there is too little memory */
    USER_ENTRY_NONE,   /* the directory says that there is no such user */
    USER_ENTRY_FOUND,
};

/* Ask NSS (getpwnam_r(3)), in at most RW2FA_ENTRY_MAX bytes. */
enum user_entry user_entry_find(const char *name);

/* As in the protocol: "yes", "no", or NULL if that is not certain. */
const char *user_entry_word(enum user_entry entry);

#endif
