/* libnss_rw2fatest.so.2: a directory service that tests can steer, and take down in mid-flight.
 *
 * It answers from the files of one folder: the one that RW2FATEST_DIRECTORY names, or /run/rw2fatest-nss (setuid
 * programs always use the latter). Every call reads them anew.
 *
 *   passwd   users, in the form of passwd(5); byte 1 in a name stands for a line break, which a line cannot hold
 *   group    groups, in the form of group(5); a member "@NAME" nests the group NAME, for initgroups alone: like many
 *            real modules, getgrnam lists direct members only
 *   faults   one a line, the first that fits counts: CALL[:NAME] ACTION [NUMBER]
 *              CALL    getpwnam getpwuid getgrnam getgrgid initgroups, or *
 *              NAME    what was asked for, as it was asked; any without one
 *              ACTION  unavail (errno NUMBER, ECONNREFUSED without one), tryagain, notfound, crash,
 *                      hang (until the line is gone), delay (NUMBER ms, then an answer)
 *   budget   "COUNT ACTION [NUMBER]": the first COUNT calls in `calls` are answered, all later ones get the action
 *   calls    where there is such a file, each call appends its line "CALL NAME" to it before anything else happens
 *
 * A user is found as "alice", in any case, as "CORP\alice" and as "alice@corp", also by initgroups; pw_name is the name
 * in the file. A name that stands there just as it was asked for comes first.
 * The calls are those of the glibc manual, "NSS Module Function Internals".
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    PATH_LENGTH_MAX = 512,
    LINE_LENGTH_MAX = 4096,
    NAME_LENGTH_MAX = 1024,
    ENTRY_LENGTH_MAX = 65536,
    MEMBERSHIPS_MAX = 256,
    POLL_MILLISECONDS = 5,
};

static const char DEFAULT_FOLDER[] = "/run/rw2fatest-nss";
static const char DOMAIN[] = "corp";
static const char LINE_BREAK = 1;

enum nss_status _nss_rw2fatest_getpwnam_r(const char *name, struct passwd *result, char *buffer, size_t length,
                                          int *errnop);
enum nss_status _nss_rw2fatest_getpwuid_r(uid_t uid, struct passwd *result, char *buffer, size_t length, int *errnop);
enum nss_status _nss_rw2fatest_getgrnam_r(const char *name, struct group *result, char *buffer, size_t length,
                                          int *errnop);
enum nss_status _nss_rw2fatest_getgrgid_r(gid_t gid, struct group *result, char *buffer, size_t length, int *errnop);
enum nss_status _nss_rw2fatest_initgroups_dyn(const char *user, gid_t skip, long *start, long *size, gid_t **groups,
                                              long limit, int *errnop);

static FILE *open_file(const char *file, const char *mode) {
    const char *folder = secure_getenv("RW2FATEST_DIRECTORY");
    char path[PATH_LENGTH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : DEFAULT_FOLDER, file);
    return fopen(path, mode);
}

static void sleep_milliseconds(long milliseconds) {
    struct timespec left = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

/* The number of this call among those in `calls`, from 1; 0 where no calls are kept. */
static long note_call(const char *call, const char *name) {
    FILE *calls = open_file("calls", "r+e");
    if (calls == NULL)
        return 0;
    char line[LINE_LENGTH_MAX];
    int length = snprintf(line, sizeof line, "%s %s\n", call, name);
    fcntl(fileno(calls), F_SETFL, O_APPEND);
    ssize_t written = write(fileno(calls), line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
    long number = 0;
    rewind(calls);
    for (int byte = getc(calls); written > 0 && byte != EOF; byte = getc(calls))
        number += byte == '\n';
    fclose(calls);
    return number;
}

struct fault {
    char action[32];
    long number;
};

static bool budget_is_spent(long call_number, struct fault *fault) {
    FILE *budget = open_file("budget", "re");
    if (budget == NULL)
        return false;
    long allowed = 0;
    *fault = (struct fault){.number = 0};
    int read = fscanf(budget, "%ld %31s %ld", &allowed, fault->action, &fault->number);
    fclose(budget);
    return read >= 2 && call_number > allowed;
}

static bool fault_for(const char *call, const char *name, struct fault *fault) {
    FILE *faults = open_file("faults", "re");
    if (faults == NULL)
        return false;
    char line[LINE_LENGTH_MAX];
    bool found = false;
    while (!found && fgets(line, sizeof line, faults) != NULL) {
        char target[NAME_LENGTH_MAX];
        *fault = (struct fault){.number = 0};
        if (sscanf(line, "%1023s %31s %ld", target, fault->action, &fault->number) < 2)
            continue;
        char *asked = strchr(target, ':');
        if (asked != NULL)
            *asked++ = '\0';
        found = (strcmp(target, "*") == 0 || strcmp(target, call) == 0) && (asked == NULL || strcmp(asked, name) == 0);
    }
    fclose(faults);
    return found;
}

/* Whether the call gets an answer from the files; if not, `status` and `errnop` say how it fails. */
static bool answers(const char *call, const char *name, enum nss_status *status, int *errnop) {
    long number = note_call(call, name);
    struct fault fault;
    bool spent = budget_is_spent(number, &fault);
    while (spent || fault_for(call, name, &fault)) {
        if (strcmp(fault.action, "crash") == 0)
            _exit(EXIT_FAILURE);
        if (strcmp(fault.action, "delay") == 0) {
            sleep_milliseconds(fault.number);
            return true;
        }
        if (strcmp(fault.action, "hang") == 0) {
            sleep_milliseconds(POLL_MILLISECONDS);
            spent = budget_is_spent(number, &fault);
            continue;
        }
        bool unavailable = strcmp(fault.action, "unavail") == 0;
        bool try_again = strcmp(fault.action, "tryagain") == 0;
        *status = unavailable ? NSS_STATUS_UNAVAIL : try_again ? NSS_STATUS_TRYAGAIN : NSS_STATUS_NOTFOUND;
        *errnop = unavailable ? (fault.number != 0 ? (int)fault.number : ECONNREFUSED) : try_again ? EAGAIN : ENOENT;
        return false;
    }
    return true;
}

/* The name that a spelling means, in lower case without the domain; false for another domain. */
static bool canonical(const char *typed, char *name, size_t length) {
    const char *backslash = strchr(typed, '\\');
    const char *at = strchr(typed, '@');
    size_t domain_length = sizeof DOMAIN - 1;
    const char *start = typed;
    const char *end = typed + strlen(typed);
    if (backslash != NULL) {
        if ((size_t)(backslash - typed) != domain_length || strncasecmp(typed, DOMAIN, domain_length) != 0)
            return false;
        start = backslash + 1;
    } else if (at != NULL) {
        if (strcasecmp(at + 1, DOMAIN) != 0)
            return false;
        end = at;
    }
    if ((size_t)(end - start) >= length)
        return false;
    size_t used = 0;
    for (const char *byte = start; byte < end; byte++)
        name[used++] = (char)tolower((unsigned char)*byte);
    name[used] = '\0';
    return true;
}

static enum nss_status missing_file(int *errnop) {
    *errnop = ENOENT;
    return NSS_STATUS_UNAVAIL;
}

/* What reading an entry said: 0, ENOENT at the end of the file, ERANGE for a small buffer. */
static enum nss_status status_of(int error, int *errnop) {
    *errnop = error;
    return error == 0 ? NSS_STATUS_SUCCESS : error == ERANGE ? NSS_STATUS_TRYAGAIN : NSS_STATUS_NOTFOUND;
}

static enum nss_status find_user(const char *name, const uid_t *uid, struct passwd *result, char *buffer, size_t length,
                                 int *errnop) {
    FILE *users = open_file("passwd", "re");
    if (users == NULL)
        return missing_file(errnop);
    struct passwd *found = NULL;
    int error = 0;
    do {
        error = fgetpwent_r(users, result, buffer, length, &found);
        for (char *byte = error == 0 ? found->pw_name : ""; *byte != '\0'; byte++)
            if (*byte == LINE_BREAK)
                *byte = '\n';
    } while (error == 0 && !(uid != NULL ? found->pw_uid == *uid : strcasecmp(found->pw_name, name) == 0));
    fclose(users);
    return status_of(error, errnop);
}

static enum nss_status find_group(const char *name, const gid_t *gid, struct group *result, char *buffer, size_t length,
                                  int *errnop) {
    FILE *groups = open_file("group", "re");
    if (groups == NULL)
        return missing_file(errnop);
    struct group *found = NULL;
    int error = fgetgrent_r(groups, result, buffer, length, &found);
    while (error == 0 && !(gid != NULL ? found->gr_gid == *gid : strcmp(found->gr_name, name) == 0))
        error = fgetgrent_r(groups, result, buffer, length, &found);
    fclose(groups);
    if (error == 0) {
        char **kept = found->gr_mem;
        for (char **member = found->gr_mem; *member != NULL; member++)
            if (**member != '@')
                *kept++ = *member;
        *kept = NULL;
    }
    return status_of(error, errnop);
}

enum nss_status _nss_rw2fatest_getpwnam_r(const char *name, struct passwd *result, char *buffer, size_t length,
                                          int *errnop) {
    enum nss_status status;
    char user[NAME_LENGTH_MAX];
    if (!answers("getpwnam", name, &status, errnop))
        return status;
    status = find_user(name, NULL, result, buffer, length, errnop);
    if (status != NSS_STATUS_NOTFOUND)
        return status;
    if (!canonical(name, user, sizeof user))
        return status_of(ENOENT, errnop);
    return find_user(user, NULL, result, buffer, length, errnop);
}

enum nss_status _nss_rw2fatest_getpwuid_r(uid_t uid, struct passwd *result, char *buffer, size_t length, int *errnop) {
    enum nss_status status;
    char asked[NAME_LENGTH_MAX];
    snprintf(asked, sizeof asked, "%u", uid);
    if (!answers("getpwuid", asked, &status, errnop))
        return status;
    return find_user(NULL, &uid, result, buffer, length, errnop);
}

enum nss_status _nss_rw2fatest_getgrnam_r(const char *name, struct group *result, char *buffer, size_t length,
                                          int *errnop) {
    enum nss_status status;
    if (!answers("getgrnam", name, &status, errnop))
        return status;
    return find_group(name, NULL, result, buffer, length, errnop);
}

enum nss_status _nss_rw2fatest_getgrgid_r(gid_t gid, struct group *result, char *buffer, size_t length, int *errnop) {
    enum nss_status status;
    char asked[NAME_LENGTH_MAX];
    snprintf(asked, sizeof asked, "%u", gid);
    if (!answers("getgrgid", asked, &status, errnop))
        return status;
    return find_group(NULL, &gid, result, buffer, length, errnop);
}

struct memberships {
    char names[MEMBERSHIPS_MAX][NAME_LENGTH_MAX];
    gid_t gids[MEMBERSHIPS_MAX];
    size_t count;
};

static bool holds(const struct memberships *memberships, const char *group) {
    for (size_t index = 0; index < memberships->count; index++)
        if (strcmp(memberships->names[index], group) == 0)
            return true;
    return false;
}

static bool lists(char *const *members, const char *user, const struct memberships *memberships) {
    for (; *members != NULL; members++)
        if (**members == '@' ? holds(memberships, *members + 1) : strcasecmp(*members, user) == 0)
            return true;
    return false;
}

/* One pass over the groups: whether it found a membership that was not known yet. */
static bool add_memberships(const char *user, struct memberships *memberships, char *buffer) {
    FILE *groups = open_file("group", "re");
    if (groups == NULL)
        return false;
    size_t before = memberships->count;
    struct group entry;
    struct group *found = NULL;
    while (fgetgrent_r(groups, &entry, buffer, ENTRY_LENGTH_MAX, &found) == 0 && memberships->count < MEMBERSHIPS_MAX) {
        if (holds(memberships, found->gr_name) || !lists(found->gr_mem, user, memberships))
            continue;
        snprintf(memberships->names[memberships->count], NAME_LENGTH_MAX, "%s", found->gr_name);
        memberships->gids[memberships->count++] = found->gr_gid;
    }
    fclose(groups);
    return memberships->count > before;
}

static bool append_gid(gid_t gid, long *start, long *size, gid_t **groups, long limit) {
    if (*start == *size) {
        long larger = *size * 2 + 1;
        if (limit > 0 && larger > limit)
            larger = limit;
        if (*start >= larger)
            return false;
        gid_t *grown = realloc(*groups, (size_t)larger * sizeof **groups);
        if (grown == NULL)
            return false;
        *groups = grown;
        *size = larger;
    }
    (*groups)[(*start)++] = gid;
    return true;
}

enum nss_status _nss_rw2fatest_initgroups_dyn(const char *user, gid_t skip, long *start, long *size, gid_t **groups,
                                              long limit, int *errnop) {
    enum nss_status status;
    char name[NAME_LENGTH_MAX];
    if (!answers("initgroups", user, &status, errnop))
        return status;
    if (!canonical(user, name, sizeof name))
        return status_of(ENOENT, errnop);
    struct memberships *memberships = calloc(1, sizeof *memberships);
    char *buffer = malloc(ENTRY_LENGTH_MAX);
    if (memberships != NULL && buffer != NULL) {
        while (add_memberships(name, memberships, buffer))
            continue;
        for (size_t index = 0; index < memberships->count; index++)
            if (memberships->gids[index] != skip && !append_gid(memberships->gids[index], start, size, groups, limit))
                break;
    }
    free(memberships);
    free(buffer);
    *errnop = 0;
    return NSS_STATUS_SUCCESS;
}
