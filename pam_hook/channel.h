/* One connection to the daemon: docs/protocol.md, "Transport", "Peer checks" and "Deadlines". */
#ifndef RW2FA_CHANNEL_H
#define RW2FA_CHANNEL_H

#include <stddef.h>

#include "deadline.h"
#include "failure.h"

struct channel {
    int fd; /* -1 while closed */
    struct deadline *deadline;
};

/*
 * Connect to the socket at `path` and make sure that the other end is the daemon. `deadline` limits this call and all
 * later ones of the channel. On failure nothing stays open.
 */
struct failure channel_open(struct channel *channel, const char *path, struct deadline *deadline);

/* Send `length` bytes as one packet. */
struct failure channel_send(const struct channel *channel, const char *bytes, size_t length);

/*
 * Receive one packet of 1 to `capacity` bytes into `bytes`, and its length. A longer one is a failure; `length` then
 * says how much of it is in `bytes`.
 */
struct failure channel_receive(const struct channel *channel, char *bytes, size_t capacity, size_t *length);

void channel_close(struct channel *channel);

#endif
