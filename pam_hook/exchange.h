/* The conversation with the daemon in one phase: open, then questions and answers, then the verdict. */
#ifndef RW2FA_EXCHANGE_H
#define RW2FA_EXCHANGE_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <stdint.h>

#include "arguments.h"
#include "channel.h"
#include "deadline.h"
#include "failure.h"
#include "login.h"
#include "message.h"
#include "verdict.h"

enum phase { PHASE_AUTH, PHASE_ACCOUNT, PHASE_SESSION };

struct exchange {
    /* set by the caller */
    pam_handle_t *pamh;
    enum phase phase;
    const struct arguments *arguments;
    const struct login *login;
    /* results, beside the verdict */
    uint32_t asked; /* questions so far */
    /* internal */
    struct deadline deadline;
    struct channel channel;
    struct message message; /* the last one received; it points into the packet */
    struct packet packet;   /* the last one in either direction */
};

/*
 * Ask the daemon. Without a failure, or with FAILURE_UNJUDGED, `verdict` has its answer, which points into `exchange`
 * until exchange_wipe(). No connection stays open.
 */
struct failure exchange_run(struct exchange *exchange, struct verdict *verdict);

/* Overwrite the contents of the messages. */
void exchange_wipe(struct exchange *exchange);

#endif
