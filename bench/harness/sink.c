/* Takes datagrams and forgets them: stands in for syslogd and journald in the bench's namespace.
 *
 * Usage: sink SOCKET…
 *
 * Where nobody listens on /dev/log, libpam's messages go to the console, which is slower than all
 * that is measured; where somebody slow listens, his work is measured too. Says "ready" when the
 * sockets are there; ends when standard input does. */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SOCKETS_MAX = 8, DATAGRAM_MAX = 65536, RECEIVE_BUFFER = 8 << 20 };

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        errx(EXIT_FAILURE, "%s: too long for a socket's path", path);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int size = RECEIVE_BUFFER;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0666) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        err(EXIT_FAILURE, "%s", path);
    return fd;
}

static void drain(int fd) {
    static char datagram[DATAGRAM_MAX];
    while (recv(fd, datagram, sizeof datagram, 0) >= 0)
        continue;
    if (errno != EAGAIN)
        err(EXIT_FAILURE, "recv");
}

int main(int count, char **paths) {
    struct pollfd watched[SOCKETS_MAX + 1] = {{.fd = STDIN_FILENO, .events = POLLIN}};
    if (count < 2 || count > SOCKETS_MAX + 1)
        errx(EXIT_FAILURE, "usage: sink SOCKET…, up to %d", SOCKETS_MAX);
    for (int i = 1; i < count; i++)
        watched[i] = (struct pollfd){.fd = listen_at(paths[i]), .events = POLLIN};
    puts("ready");
    fflush(stdout);
    while (watched[0].revents == 0) {
        if (poll(watched, (nfds_t)count, -1) < 0)
            err(EXIT_FAILURE, "poll");
        for (int i = 1; i < count; i++)
            if (watched[i].revents != 0)
                drain(watched[i].fd);
    }
    return EXIT_SUCCESS;
}
