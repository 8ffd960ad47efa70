/* A name service with a million users that costs nothing to search: `libnss_bench.so.2`.
 *
 * benchNNNNNNN has uid FIRST_UID + N, the primary group BENCH_GID and a home under BENCH_HOMES. A
 * million lines in /etc/passwd would be read from the top at each look-up, and every row would
 * measure that. */

#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 1000000, FIRST_UID = 2000000, DIGITS = 7 };
static const char PREFIX[] = "bench";

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

enum nss_status _nss_bench_getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, int *error) {
    size_t prefix = sizeof PREFIX - 1;
    if (strncmp(name, PREFIX, prefix) != 0 || strlen(name) != prefix + DIGITS ||
        strspn(name + prefix, "0123456789") != DIGITS)
        return NSS_STATUS_NOTFOUND;
    unsigned number = (unsigned)strtoul(name + prefix, NULL, 10);
    return number < USERS ? describe(number, entry, buffer, size, error) : NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_bench_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, int *error) {
    if (uid < FIRST_UID || uid >= FIRST_UID + USERS)
        return NSS_STATUS_NOTFOUND;
    return describe(uid - FIRST_UID, entry, buffer, size, error);
}
