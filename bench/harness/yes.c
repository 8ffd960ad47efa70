/* Speaks to the hook and lets everybody in: the floor of what a daemon can cost.
 *
 * Usage: yes SOCKET LOG
 *
 * Each login is asked for a code, as by rw2fad; whatever is answered is right once a page of LOG says so durably. What
 * comes in one turn of the loop shares one fdatasync(). No look-up, no policy, no judging, no record, no Python. Says
 * "ready" when it listens; ends when standard input does. */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, MESSAGE_MAX = 16384, BACKLOG = 1024, PAGE = 4096, PAGES = 1024 };

static const char ASK[] = "ask\0n=1\0style=echo\0text=Verification code: \0form=digits:6-6";
static const char END[] = "end\0rc=SUCCESS\0rule=code-right\0mint=2000000";

struct program {
    int listener, epoll, log;
    long written; /* pages so far; the log goes round */
    int answered[EVENTS_MAX];
    int count; /* of those who have answered in this turn */
};

static void watch(const struct program *program, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(program->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        err(EXIT_FAILURE, "epoll_ctl");
}

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        errx(EXIT_FAILURE, "%s: too long for a socket's path", path);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0666) != 0 ||
        listen(fd, BACKLOG) != 0)
        err(EXIT_FAILURE, "%s", path);
    return fd;
}

/* As long as it will ever be, so that no commit has to make it longer. */
static int open_log(const char *path) {
    static const char zeros[PAGE];
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool made = fd >= 0;
    for (off_t page = 0; made && page < PAGES; page++)
        made = pwrite(fd, zeros, PAGE, page * PAGE) == PAGE;
    if (!made || fsync(fd) != 0)
        err(EXIT_FAILURE, "%s", path);
    return fd;
}

static void serve(struct program *program, int fd) {
    static char message[MESSAGE_MAX + 1];
    ssize_t length = recv(fd, message, sizeof message, 0);
    if (length < 0 && errno == EAGAIN)
        return;
    if (length <= 0)
        close(fd);
    else if (message[0] == 'o') /* open */
        (void)send(fd, ASK, sizeof ASK - 1, MSG_NOSIGNAL);
    else
        program->answered[program->count++] = fd;
}

static void accept_all(struct program *program) {
    int fd;
    while ((fd = accept4(program->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        watch(program, fd);
        serve(program, fd);
    }
    if (errno != EAGAIN)
        err(EXIT_FAILURE, "accept4");
}

static void commit(struct program *program) {
    static char page[PAGE];
    for (int i = 0; i < program->count; i++, program->written++) {
        memcpy(page, &program->written, sizeof program->written);
        if (pwrite(program->log, page, PAGE, program->written % PAGES * PAGE) != PAGE)
            err(EXIT_FAILURE, "pwrite");
    }
    if (program->count != 0 && fdatasync(program->log) != 0)
        err(EXIT_FAILURE, "fdatasync");
    for (int i = 0; i < program->count; i++) {
        (void)send(program->answered[i], END, sizeof END - 1, MSG_NOSIGNAL);
        close(program->answered[i]);
    }
    program->count = 0;
}

int main(int count, char **arguments) {
    if (count != 3)
        errx(EXIT_FAILURE, "usage: yes SOCKET LOG");
    struct program program = {
        .listener = listen_at(arguments[1]), .epoll = epoll_create1(EPOLL_CLOEXEC), .log = open_log(arguments[2])};
    watch(&program, program.listener);
    watch(&program, STDIN_FILENO);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int ready = epoll_wait(program.epoll, events, EVENTS_MAX, -1);
        if (ready < 0 && errno != EINTR)
            err(EXIT_FAILURE, "epoll_wait");
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == STDIN_FILENO)
                return EXIT_SUCCESS;
            if (events[i].data.fd == program.listener)
                accept_all(&program);
            else
                serve(&program, events[i].data.fd);
        }
        commit(&program);
    }
}
