/* Any packet: taken apart without a step outside of it, and what is a message can be put together again the same. */
#include "../message.h"
#include "../verdict.h"
#include "harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packet *packet = malloc(sizeof(*packet));
    struct packet *again = malloc(sizeof(*again));
    struct message message;
    struct verdict verdict;
    must(packet != NULL && again != NULL);
    packet->length = size < RW2FA_MESSAGE_MAX ? size : RW2FA_MESSAGE_MAX;
    memcpy(packet->bytes, data, packet->length);
    if (message_parse(&message, packet)) {
        packet_begin(again, message.verb);
        for (size_t i = 0; i < message.count; i++) {
            must(message_get(&message, message.fields[i].key) == message.fields[i].value);
            packet_field(again, message.fields[i].key, message.fields[i].value);
        }
        must(!again->overfull && again->length == packet->length && memcmp(again->bytes, data, again->length) == 0);
        if (verdict_read(&verdict, &message))
            must(verdict_is_rule(verdict.rule) && (!verdict.minted || verdict.uid != UINT32_MAX));
    }
    packet_wipe(packet);
    free(packet);
    free(again);
    return 0;
}
