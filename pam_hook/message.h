/* Messages of the protocol: a verb and fields, separated by NUL bytes. docs/protocol.md, "Messages". */
#ifndef RW2FA_MESSAGE_H
#define RW2FA_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "limits.h"

/* The bytes of one message, outgoing or incoming. */
struct packet {
    size_t length;
    size_t fields;
    bool overfull;                     /* something did not fit: not to be sent */
    char bytes[RW2FA_MESSAGE_MAX + 1]; /* one more, for the NUL that ends the last value while it is read */
};

void packet_begin(struct packet *packet, const char *verb);

/* Append key=value; does nothing if `value` is NULL. */
void packet_field(struct packet *packet, const char *key, const char *value);

/* Overwrite the contents of the packet. */
void packet_wipe(struct packet *packet);

struct message {
    const char *verb;
    size_t count;
    struct {
        const char *key;
        const char *value;
    } fields[RW2FA_FIELDS_MAX];
};

/*
 * Parse `packet` in place: `message` points into it. False if it is not a message: no verb, a key that is not
 * [a-z_]+, a key twice, too many fields, a NUL at the end.
 */
bool message_parse(struct message *message, struct packet *packet);

/* The value of `key`, or NULL. */
const char *message_get(const struct message *message, const char *key);

#endif
