#include "channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "limits.h"

static struct failure late(void)
{
    return failure_of(FAILURE_LATE, "the daemon did not answer in time; run `systemctl status rw2fad`", 0);
}

static struct failure closed(int error)
{
    return failure_of(FAILURE_CLOSED, "the daemon closed the connection; run `journalctl -u rw2fad`", error);
}

static struct failure system_failure(int error)
{
    return failure_of(FAILURE_SYSTEM, "a system call failed", error);
}

static struct failure absent(int error)
{
    return failure_of(FAILURE_ABSENT, "nothing listens on the socket; start rw2fad.socket", error);
}

static struct failure untrusted(const char *what)
{
    return failure_of(FAILURE_UNTRUSTED, what, 0);
}

/*
 * In a folder that only root may write to, everything was put there by root. lstat(): a link could lead anywhere.
 * `owner` becomes the owner of the socket file.
 */
static struct failure check_path(const struct sockaddr_un *address, uid_t *owner)
{
    char folder[sizeof(address->sun_path)];
    struct stat status;
    memcpy(folder, address->sun_path, sizeof(folder));
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        return untrusted("the path of the socket is not absolute");
    slash[slash == folder] = '\0';

    if (lstat(folder, &status) != 0)
        return errno == ENOENT ? absent(errno) : system_failure(errno);
    if (!S_ISDIR(status.st_mode) || status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return untrusted("the folder of the socket must belong to root and be writable by nobody else; "
                         "run `systemd-tmpfiles --create`");
    if (lstat(address->sun_path, &status) != 0)
        return errno == ENOENT ? absent(errno) : system_failure(errno);
    if (!S_ISSOCK(status.st_mode))
        return untrusted("the file at the path of the socket is not a socket; restart rw2fad.socket");
    *owner = status.st_uid;
    return NO_FAILURE;
}

/* A full backlog fails at once and cannot be waited for, so this retries until the deadline. */
static struct failure connect_until_deadline(const struct channel *channel, const struct sockaddr_un *address)
{
    int pause_ms = RW2FA_RETRY_FIRST_MS;
    while (connect(channel->fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
        if (errno == ECONNREFUSED || errno == ENOENT)
            return absent(errno);
        if (errno != EAGAIN && errno != EINTR)
            return system_failure(errno);
        int left_ms = deadline_left_ms(channel->deadline, deadline_clock_ms());
        if (left_ms == 0)
            return late();
        poll(NULL, 0, pause_ms < left_ms ? pause_ms : left_ms);
        if (pause_ms < RW2FA_RETRY_LAST_MS)
            pause_ms *= 2;
    }
    return NO_FAILURE;
}

/* The process that called listen(): under socket activation systemd as root; else the daemon, which owns the file. */
static struct failure check_peer(const struct channel *channel, uid_t owner)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    if (getsockopt(channel->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        return system_failure(errno);
    if (length != sizeof(peer) || (peer.uid != 0 && peer.uid != owner))
        return untrusted("a process of neither root nor the owner of the socket listens on it; "
                         "find it with `ss -xlp` and restart rw2fad.socket");
    return NO_FAILURE;
}

static struct failure establish(struct channel *channel, const struct sockaddr_un *address)
{
    uid_t owner = 0;
    struct failure failure = check_path(address, &owner);
    if (failure.kind != FAILURE_NONE)
        return failure;
    channel->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (channel->fd < 0)
        return system_failure(errno);
    failure = connect_until_deadline(channel, address);
    if (failure.kind != FAILURE_NONE)
        return failure;
    return check_peer(channel, owner);
}

struct failure channel_open(struct channel *channel, const char *path, struct deadline *deadline)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    *channel = (struct channel){.fd = -1, .deadline = deadline};
    if (length >= sizeof(address.sun_path))
        return untrusted("the path of the socket is too long");
    memcpy(address.sun_path, path, length);
    struct failure failure = establish(channel, &address);
    if (failure.kind != FAILURE_NONE)
        channel_close(channel);
    return failure;
}

/* Wait for `events`. An error of the socket counts as ready: the next call reports it. */
static struct failure await(const struct channel *channel, short events)
{
    for (;;) {
        struct pollfd wait = {.fd = channel->fd, .events = events};
        int left_ms = deadline_left_ms(channel->deadline, deadline_clock_ms());
        if (left_ms == 0)
            return late();
        int ready = poll(&wait, 1, left_ms);
        if (ready > 0)
            return NO_FAILURE;
        if (ready < 0 && errno != EINTR)
            return system_failure(errno);
    }
}

static bool gone(int error)
{
    return error == EPIPE || error == ECONNRESET || error == ENOTCONN;
}

struct failure channel_send(const struct channel *channel, const char *bytes, size_t length)
{
    /* A packet goes out whole or not at all. */
    while (send(channel->fd, bytes, length, MSG_NOSIGNAL) < 0) {
        if (gone(errno))
            return closed(errno);
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return system_failure(errno);
        struct failure failure = await(channel, POLLOUT);
        if (failure.kind != FAILURE_NONE)
            return failure;
    }
    return NO_FAILURE;
}

struct failure channel_receive(const struct channel *channel, char *bytes, size_t capacity, size_t *length)
{
    for (;;) {
        struct iovec space = {.iov_base = bytes, .iov_len = capacity};
        struct msghdr packet = {.msg_iov = &space, .msg_iovlen = 1};
        struct failure failure = await(channel, POLLIN);
        if (failure.kind != FAILURE_NONE)
            return failure;
        ssize_t received = recvmsg(channel->fd, &packet, 0);
        if (received > 0)
            *length = (size_t)received; /* this much has to be wiped, whatever is wrong with it */
        if (received > 0 && (packet.msg_flags & MSG_TRUNC) != 0)
            return failure_of(FAILURE_PROTOCOL, "the daemon sent a message that is too long; do hook and daemon match?",
                              0);
        if (received > 0)
            return NO_FAILURE;
        if (received == 0) /* end of file, or an empty packet, which is forbidden */
            return closed(0);
        if (gone(errno))
            return closed(errno);
        if (errno != EAGAIN && errno != EINTR)
            return system_failure(errno);
    }
}

void channel_close(struct channel *channel)
{
    if (channel->fd >= 0)
        close(channel->fd);
    channel->fd = -1;
}
