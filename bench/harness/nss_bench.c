/* A name service with a million users that costs nothing to search: `libnss_bench.so.2`.
 *
 * benchNNNNNNN has uid FIRST_UID + N, the primary group BENCH_GID and a home under BENCH_HOMES. A
 * million lines in /etc/passwd would be read from the top at each look-up, and every row would
 * measure that.
 *
 * crowd0 to crowd3 share the CROWD people from FIRST_IN_CROWD on, and are nested: whoever is in crowd3 is also in
 * crowd2, crowd1 and crowd0, as initgroups(3) finds and getgrnam(3) does not show. */

#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 1000000, FIRST_UID = 2000000, DIGITS = 7 };
enum { CROWD = 100000, FIRST_IN_CROWD = 100000, CROWDS = 4, OF_EACH = CROWD / CROWDS, FIRST_CROWD_GID = BENCH_GID + 1 };
static const char PREFIX[] = "bench";
static const char CROWD_PREFIX[] = "crowd";

static enum nss_status describe(unsigned number, struct passwd *entry, char *buffer, size_t size, int *error) {
    size_t name_size = sizeof PREFIX + DIGITS;
    size_t home_size = sizeof BENCH_HOMES + name_size;
    if (size < name_size + home_size) {
        *error = ERANGE;
        return NSS_STATUS_TRYAGAIN;
    }
    snprintf(buffer, name_size, "%s%0*u", PREFIX, DIGITS, number);
    snprintf(buffer + name_size, home_size, "%s/%s%0*u", BENCH_HOMES, PREFIX, DIGITS, number);
    static char no_password[] = "x", nothing[] = "", shell[] = "/bin/sh";
    *entry = (struct passwd){.pw_name = buffer,
                             .pw_passwd = no_password,
                             .pw_uid = FIRST_UID + number,
                             .pw_gid = BENCH_GID,
                             .pw_gecos = nothing,
                             .pw_dir = buffer + name_size,
                             .pw_shell = shell};
    return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_bench_getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, int *error);
enum nss_status _nss_bench_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, int *error);

/* The number in a user's name; USERS for a name of another form. */
static unsigned number_in(const char *name) {
    size_t prefix = sizeof PREFIX - 1;
    if (strncmp(name, PREFIX, prefix) != 0 || strlen(name) != prefix + DIGITS ||
        strspn(name + prefix, "0123456789") != DIGITS)
        return USERS;
    return (unsigned)strtoul(name + prefix, NULL, 10);
}

enum nss_status _nss_bench_getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, int *error) {
    unsigned number = number_in(name);
    return number < USERS ? describe(number, entry, buffer, size, error) : NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_bench_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, int *error) {
    if (uid < FIRST_UID || uid >= FIRST_UID + USERS)
        return NSS_STATUS_NOTFOUND;
    return describe(uid - FIRST_UID, entry, buffer, size, error);
}

static enum nss_status describe_crowd(unsigned crowd, struct group *entry, char *buffer, size_t size, int *error) {
    size_t name_size = sizeof PREFIX + DIGITS;
    size_t padding = (alignof(char *) - (uintptr_t)buffer % alignof(char *)) % alignof(char *);
    size_t pointers = (OF_EACH + 1) * sizeof(char *);
    if (size < padding + pointers + OF_EACH * name_size + sizeof CROWD_PREFIX + 1) {
        *error = ERANGE;
        return NSS_STATUS_TRYAGAIN;
    }
    char **members = (char **)(void *)(buffer + padding);
    char *text = buffer + padding + pointers;
    for (unsigned member = 0; member < OF_EACH; member++, text += name_size) {
        snprintf(text, name_size, "%s%0*u", PREFIX, DIGITS, FIRST_IN_CROWD + crowd * OF_EACH + member);
        members[member] = text;
    }
    members[OF_EACH] = NULL;
    snprintf(text, sizeof CROWD_PREFIX + 1, "%s%u", CROWD_PREFIX, crowd);
    static char no_password[] = "x";
    *entry =
        (struct group){.gr_name = text, .gr_passwd = no_password, .gr_gid = FIRST_CROWD_GID + crowd, .gr_mem = members};
    return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_bench_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, int *error);
enum nss_status _nss_bench_getgrgid_r(gid_t gid, struct group *entry, char *buffer, size_t size, int *error);
enum nss_status _nss_bench_initgroups_dyn(const char *user, gid_t skip, long *start, long *size, gid_t **groups,
                                          long limit, int *error);

enum nss_status _nss_bench_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, int *error) {
    size_t prefix = sizeof CROWD_PREFIX - 1;
    if (strncmp(name, CROWD_PREFIX, prefix) != 0 || name[prefix] < '0' || name[prefix] >= '0' + CROWDS ||
        name[prefix + 1] != '\0')
        return NSS_STATUS_NOTFOUND;
    return describe_crowd((unsigned)(name[prefix] - '0'), entry, buffer, size, error);
}

enum nss_status _nss_bench_getgrgid_r(gid_t gid, struct group *entry, char *buffer, size_t size, int *error) {
    if (gid < FIRST_CROWD_GID || gid >= FIRST_CROWD_GID + CROWDS)
        return NSS_STATUS_NOTFOUND;
    return describe_crowd(gid - FIRST_CROWD_GID, entry, buffer, size, error);
}

/* Grows nothing: what getgrouplist(3) begins with has room for so few. */
enum nss_status _nss_bench_initgroups_dyn(const char *user, gid_t skip, long *start, long *size, gid_t **groups,
                                          long limit, int *error) {
    unsigned number = number_in(user);
    (void)limit;
    (void)error;
    if (number < FIRST_IN_CROWD || number >= FIRST_IN_CROWD + CROWD)
        return NSS_STATUS_NOTFOUND;
    for (unsigned crowd = 0; crowd <= (number - FIRST_IN_CROWD) / OF_EACH && *start < *size; crowd++)
        if (FIRST_CROWD_GID + crowd != skip)
            (*groups)[(*start)++] = FIRST_CROWD_GID + crowd;
    return NSS_STATUS_SUCCESS;
}
