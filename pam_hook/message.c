#include "message.h"

#include <string.h>

static void append(struct packet *packet, const char *bytes, size_t length)
{
    if (length > RW2FA_MESSAGE_MAX - packet->length) {
        packet->overfull = true;
        return;
    }
    memcpy(packet->bytes + packet->length, bytes, length);
    packet->length += length;
}

void packet_begin(struct packet *packet, const char *verb)
{
    packet->length = 0;
    packet->fields = 0;
    packet->overfull = false;
    append(packet, verb, strlen(verb));
}

void packet_field(struct packet *packet, const char *key, const char *value)
{
    if (value == NULL)
        return;
    packet->fields++;
    if (packet->fields > RW2FA_FIELDS_MAX)
        packet->overfull = true;
    append(packet, "", 1);
    append(packet, key, strlen(key));
    append(packet, "=", 1);
    append(packet, value, strlen(value));
}

void packet_wipe(struct packet *packet)
{
    explicit_bzero(packet->bytes, packet->length);
    packet->length = 0;
}

static bool is_verb(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    return length != 0 && text[length] == '\0';
}

/* Cut `field` at its "=" and add it. */
static bool add_field(struct message *message, char *field)
{
    size_t length = strspn(field, "abcdefghijklmnopqrstuvwxyz_");
    if (length == 0 || field[length] != '=' || message->count == RW2FA_FIELDS_MAX)
        return false;
    field[length] = '\0';
    if (message_get(message, field) != NULL)
        return false;
    message->fields[message->count].key = field;
    message->fields[message->count].value = field + length + 1;
    message->count++;
    return true;
}

bool message_parse(struct message *message, struct packet *packet)
{
    char *end = packet->bytes + packet->length;
    *end = '\0';
    message->verb = packet->bytes;
    message->count = 0;
    if (!is_verb(message->verb))
        return false;
    /* `part` is the NUL before the next field, finally the one that was just put at the end. */
    char *part = packet->bytes + strlen(packet->bytes);
    while (part != end) {
        char *field = part + 1;
        part = field + strlen(field);
        if (!add_field(message, field))
            return false;
    }
    return true;
}

const char *message_get(const struct message *message, const char *key)
{
    for (size_t i = 0; i < message->count; i++) {
        if (strcmp(message->fields[i].key, key) == 0)
            return message->fields[i].value;
    }
    return NULL;
}
