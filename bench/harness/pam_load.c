/* Runs whole PAM transactions through libpam and checks each outcome.
 *
 * Usage: pam_load CONFDIR SERVICE CLIENTS SENDERS FIRST COUNT CODES [STEP]…
 *
 *   CONFDIR SERVICE   the private stack, for pam_start_confdir(3)
 *   CLIENTS           processes at once
 *   SENDERS           how many of them send one and the same code at the same moment (1: each its own)
 *   FIRST COUNT       the users benchNNNNNNN, by number
 *   CODES             "right" or "wrong"
 *   STEP              time steps off from now whose codes each user sends, one login each (default: 0)
 *
 * A transaction is pam_start, pam_authenticate, pam_end; its code is computed just before. The
 * conversation answers one question and hangs up at a second, so that one transaction is one code
 * for every module. Prints one JSON object: see print_result(). */

#include "totp.h"

#include <err.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CLIENTS_MAX = 256,
    STEPS_MAX = 64,
    USER_SIZE = 32,
    /* A code outside of the window but near it is an outcome of its own in rw2fa, looked for up to
     * twice the largest window: 960 steps, and some for the time that passes meanwhile. */
    WRONG_REACH = 1000,
    PAM_CODES = 64,
};

struct job {
    const char *confdir, *service;
    int clients, senders, first, count;
    bool right;
    int steps, step[STEPS_MAX];
};

struct outcome {
    uint64_t nanoseconds;
    int32_t pam; /* what pam_authenticate returned */
    int32_t questions;
};

/* What the processes share. A team is the senders of one code. */
struct shared {
    pthread_barrier_t all;
    struct {
        pthread_barrier_t barrier;
        char code[TOTP_TEXT];
    } team[CLIENTS_MAX];
    struct outcome outcome[]; /* [step][user][sender] */
};

struct answer {
    const char *code;
    int questions;
};

static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *data) {
    struct answer *answer = data;
    struct pam_response *filled = calloc((size_t)count, sizeof *filled);
    bool failed = filled == NULL;
    for (int i = 0; i < count && !failed; i++) {
        if (messages[i]->msg_style != PAM_PROMPT_ECHO_ON && messages[i]->msg_style != PAM_PROMPT_ECHO_OFF)
            continue;
        answer->questions++;
        if (answer->questions == 1)
            filled[i].resp = strdup(answer->code);
        failed = filled[i].resp == NULL;
    }
    if (failed) {
        for (int i = 0; filled != NULL && i < count; i++)
            free(filled[i].resp);
        free(filled);
        return PAM_CONV_ERR;
    }
    *responses = filled;
    return PAM_SUCCESS;
}

/* In place of libpam's sleep after a failure: what is measured is work. */
static void no_delay(int status, unsigned microseconds, void *data) {
    (void)status;
    (void)microseconds;
    (void)data;
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static struct outcome log_in(const struct job *job, const char *user, const char *code) {
    struct answer answer = {.code = code};
    struct pam_conv conversation = {.conv = converse, .appdata_ptr = &answer};
    /* ISO C has no cast from a function to an object pointer; POSIX says that it works, and the
     * item wants it. */
    union {
        void (*function)(int, unsigned, void *);
        const void *item;
    } delay = {.function = no_delay};

    uint64_t start = now();
    pam_handle_t *handle = NULL;
    int status = pam_start_confdir(job->service, user, &conversation, job->confdir, &handle);
    if (status != PAM_SUCCESS)
        errx(EXIT_FAILURE, "pam_start_confdir: %s", pam_strerror(handle, status));
    pam_set_item(handle, PAM_FAIL_DELAY, delay.item);
    status = pam_authenticate(handle, 0);
    pam_end(handle, status);
    return (struct outcome){.nanoseconds = now() - start, .pam = status, .questions = answer.questions};
}

static void name_user(int number, char user[USER_SIZE]) {
    snprintf(user, USER_SIZE, "bench%07d", number);
}

/* Wrong codes take long to find, so they are found before the clock starts. */
static char (*find_wrong_codes(const struct job *job, int team, int teams))[TOTP_TEXT] {
    char(*codes)[TOTP_TEXT] = calloc((size_t)job->count, sizeof *codes);
    if (codes == NULL)
        err(EXIT_FAILURE, "no memory for the codes");
    for (int i = team; i < job->count; i += teams) {
        char user[USER_SIZE];
        struct totp phone;
        name_user(job->first + i, user);
        totp_for_user(&phone, user);
        totp_wrong(&phone, totp_now(), WRONG_REACH, codes[i]);
        totp_free(&phone);
    }
    return codes;
}

static void run_client(const struct job *job, struct shared *shared, int client) {
    int sender = client % job->senders, team = client / job->senders, teams = job->clients / job->senders;
    char(*wrong)[TOTP_TEXT] = job->right ? NULL : find_wrong_codes(job, team, teams);
    char *code = shared->team[team].code;

    pthread_barrier_wait(&shared->all);
    for (int s = 0; s < job->steps; s++)
        for (int i = team; i < job->count; i += teams) {
            char user[USER_SIZE];
            name_user(job->first + i, user);
            if (sender == 0 && job->right) {
                struct totp phone;
                totp_for_user(&phone, user);
                totp_at(&phone, totp_now() + job->step[s], code);
                totp_free(&phone);
            } else if (sender == 0) {
                memcpy(code, wrong[i], TOTP_TEXT);
            }
            if (job->senders > 1)
                pthread_barrier_wait(&shared->team[team].barrier);
            struct outcome *outcome = &shared->outcome[(s * job->count + i) * job->senders + sender];
            *outcome = log_in(job, user, code);
            if (job->senders > 1)
                pthread_barrier_wait(&shared->team[team].barrier);
        }
    pthread_barrier_wait(&shared->all);
    free(wrong);
}

static int compare(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* User and system time of the clients, which have ended. */
static double clients_cpu_seconds(void) {
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void print_result(const struct job *job, const struct shared *shared, uint64_t elapsed) {
    int codes = job->steps * job->count, total = codes * job->senders, returned[PAM_CODES] = {0};
    int asked = 0, never = 0, once = 0, more = 0;
    uint64_t *times = calloc((size_t)total, sizeof *times);
    if (times == NULL)
        err(EXIT_FAILURE, "no memory for the latencies");
    for (int code = 0; code < codes; code++) {
        int accepted = 0;
        for (int sender = 0; sender < job->senders; sender++) {
            const struct outcome *outcome = &shared->outcome[code * job->senders + sender];
            times[code * job->senders + sender] = outcome->nanoseconds;
            asked += outcome->questions > 0;
            accepted += outcome->pam == PAM_SUCCESS;
            returned[outcome->pam >= 0 && outcome->pam < PAM_CODES ? outcome->pam : PAM_CODES - 1]++;
        }
        *(accepted == 0 ? &never : accepted == 1 ? &once : &more) += 1;
    }
    qsort(times, (size_t)total, sizeof *times, compare);
    printf("{\"logins\": %d, \"seconds\": %.6f, \"cpu_seconds\": %.6f, ", total, (double)elapsed / 1e9,
           clients_cpu_seconds());
    printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"asked\": %d, ", (double)times[total / 2] / 1e3,
           (double)times[total * 99L / 100] / 1e3, asked);
    printf("\"codes_never\": %d, \"codes_once\": %d, \"codes_more\": %d, \"returned\": {", never, once, more);
    const char *separator = "";
    for (int i = 0; i < PAM_CODES; i++)
        if (returned[i] > 0) {
            printf("%s\"%d\": %d", separator, i, returned[i]);
            separator = ", ";
        }
    printf("}}\n");
    free(times);
}

static int number(const char *text, int lowest, int highest) {
    char *end = NULL;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < lowest || value > highest)
        errx(EXIT_FAILURE, "%s: must be a number from %d to %d", text, lowest, highest);
    return (int)value;
}

static struct job read_arguments(int count, char **arguments) {
    if (count < 8 || count > 8 + STEPS_MAX)
        errx(EXIT_FAILURE, "usage: pam_load CONFDIR SERVICE CLIENTS SENDERS FIRST COUNT right|wrong [STEP]…");
    struct job job = {.confdir = arguments[1],
                      .service = arguments[2],
                      .clients = number(arguments[3], 1, CLIENTS_MAX),
                      .senders = number(arguments[4], 1, CLIENTS_MAX),
                      .first = number(arguments[5], 0, 999999),
                      .count = number(arguments[6], 1, 1000000),
                      .right = strcmp(arguments[7], "right") == 0,
                      .steps = count > 8 ? count - 8 : 1};
    if (!job.right && strcmp(arguments[7], "wrong") != 0)
        errx(EXIT_FAILURE, "%s: must be right or wrong", arguments[7]);
    if (job.clients % job.senders != 0)
        errx(EXIT_FAILURE, "CLIENTS must be a multiple of SENDERS");
    for (int i = 8; i < count; i++)
        job.step[i - 8] = number(arguments[i], -100000, 100000);
    return job;
}

static struct shared *share(const struct job *job) {
    size_t outcomes = (size_t)job->steps * (size_t)job->count * (size_t)job->senders;
    struct shared *shared = mmap(NULL, sizeof *shared + outcomes * sizeof shared->outcome[0], PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
    pthread_barrierattr_t across;
    pthread_barrierattr_init(&across);
    pthread_barrierattr_setpshared(&across, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared->all, &across, (unsigned)job->clients + 1);
    for (int team = 0; team < job->clients / job->senders; team++)
        pthread_barrier_init(&shared->team[team].barrier, &across, (unsigned)job->senders);
    pthread_barrierattr_destroy(&across);
    return shared;
}

int main(int count, char **arguments) {
    struct job job = read_arguments(count, arguments);
    struct shared *shared = share(&job);
    for (int client = 0; client < job.clients; client++) {
        pid_t child = fork();
        if (child < 0)
            err(EXIT_FAILURE, "fork");
        if (child == 0) {
            /* The others would wait for ever at a barrier that one who died does not reach. */
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            run_client(&job, shared, client);
            _exit(EXIT_SUCCESS);
        }
    }
    pthread_barrier_wait(&shared->all);
    uint64_t start = now();
    pthread_barrier_wait(&shared->all);
    uint64_t elapsed = now() - start;
    for (int client = 0; client < job.clients; client++) {
        int status = 0;
        if (wait(&status) < 0 || status != 0)
            errx(EXIT_FAILURE, "a client failed");
    }
    print_result(&job, shared, elapsed);
    return EXIT_SUCCESS;
}
