/* Every limit of the hook, by name. The first four are part of the protocol: docs/protocol.md. */
#ifndef RW2FA_LIMITS_H
#define RW2FA_LIMITS_H

#define RW2FA_MESSAGE_MAX 16384 /* bytes in a message */
#define RW2FA_FIELDS_MAX 32     /* fields in a message */
#define RW2FA_VALUE_MAX 128     /* bytes that the user typed, without spaces */
#define RW2FA_ITEM_MAX 1024     /* bytes of one item copied from PAM */

#define RW2FA_ASKS_MAX 32        /* questions in one phase; the daemon asks at most a handful */
#define RW2FA_FORMS_MAX 8        /* alternatives in a form */
#define RW2FA_RULE_MAX 64        /* bytes in the name of a rule */
#define RW2FA_FACTORS_MAX 8      /* different methods read from SSH_AUTH_INFO_0 */
#define RW2FA_FACTOR_NAME_MAX 32 /* bytes in the name of one */
#define RW2FA_ENTRY_FIRST 1024   /* bytes for a user's entry in NSS, doubled up to the next one */
#define RW2FA_ENTRY_MAX 65536

#define RW2FA_TIMEOUT_DEFAULT 3 /* seconds of waiting for the daemon in one phase */
#define RW2FA_TIMEOUT_MIN 1
#define RW2FA_TIMEOUT_MAX 60
#define RW2FA_RETRY_FIRST_MS 1 /* pause before the second connect() to a full backlog, doubled up to the next one */
#define RW2FA_RETRY_LAST_MS 16

#endif
