#include "exchange.h"

#include <security/pam_ext.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "answer.h"
#include "asked.h"
#include "conversation.h"
#include "decimal.h"
#include "evidence.h"
#include "first_factor.h"
#include "form.h"
#include "session.h"
#include "user_entry.h"

static const char *const PHASES[] = {[PHASE_AUTH] = "auth", [PHASE_ACCOUNT] = "account"};

static struct failure no_protocol(const char *what)
{
    return failure_of(FAILURE_PROTOCOL, what, 0);
}

static void trace(const struct exchange *exchange, const char *what, const char *detail)
{
    if (exchange->arguments->debug)
        pam_syslog(exchange->pamh, LOG_DEBUG, "%s %s", what, detail);
}

static struct failure send_packet(const struct exchange *exchange)
{
    if (exchange->packet.overfull)
        return failure_of(FAILURE_SYSTEM, "a message of the hook would be too long", 0);
    return channel_send(&exchange->channel, exchange->packet.bytes, exchange->packet.length);
}

static struct failure send_open(struct exchange *exchange)
{
    const struct login *login = exchange->login;
    const struct evidence *evidence = evidence_for(exchange->pamh, login->user);
    struct packet *packet = &exchange->packet;
    char names[FIRST_FACTOR_SIZE];
    char session[SESSION_SIZE];
    char boot[BOOT_SIZE];
    char namespaces[NAMESPACES_SIZE];
    char parent[DECIMAL_SIZE];
    decimal_format(parent, (uint32_t)getppid());
    packet_begin(packet, "open");
    packet_field(packet, "v", "1");
    packet_field(packet, "phase", PHASES[exchange->phase]);
    packet_field(packet, "slot", exchange->arguments->slot);
    packet_field(packet, "service", login->service);
    packet_field(packet, "user", login->user);
    packet_field(packet, "known", user_entry_word(user_entry_find(login->user)));
    packet_field(packet, "tty", login->tty);
    packet_field(packet, "rhost", login->rhost);
    packet_field(packet, "ruser", login->ruser);
    packet_field(packet, "first", first_factor_names(pam_getenv(exchange->pamh, "SSH_AUTH_INFO_0"), names));
    packet_field(packet, "session", session_read(session));
    packet_field(packet, "boot", boot_read(boot));
    packet_field(packet, "namespaces", namespaces_read(namespaces));
    packet_field(packet, "parent", parent);
    if (evidence != NULL) {
        char uid[DECIMAL_SIZE];
        decimal_format(uid, evidence_uid(evidence));
        packet_field(packet, "evidence", evidence_rule(evidence));
        packet_field(packet, "evidence_uid", uid);
    }
    trace(exchange, "open", PHASES[exchange->phase]);
    return send_packet(exchange);
}

static struct failure send_session(struct exchange *exchange)
{
    struct packet *packet = &exchange->packet;
    char session[SESSION_SIZE];
    char boot[BOOT_SIZE];
    char namespaces[NAMESPACES_SIZE];
    packet_begin(packet, "session");
    packet_field(packet, "v", "1");
    packet_field(packet, "user", exchange->login->user);
    packet_field(packet, "session", session_read(session));
    packet_field(packet, "boot", boot_read(boot));
    packet_field(packet, "namespaces", namespaces_read(namespaces));
    trace(exchange, "session", "begins");
    return send_packet(exchange);
}

/* The present text of a PAM item, or NULL. */
static const char *item(const struct exchange *exchange, int name)
{
    const void *value = NULL;
    return pam_get_item(exchange->pamh, name, &value) == PAM_SUCCESS ? value : NULL;
}

/* Show `text`, and check what is typed. The deadline is paused meanwhile. */
static enum answer ask_person(struct exchange *exchange, const char *text, const struct form *form,
                              char value[RW2FA_VALUE_MAX + 1])
{
    /* saslauthd compares each question with this item, and crashes if it is not set, which stops all users' mail. */
    bool unset = item(exchange, PAM_USER_PROMPT) == NULL;
    if (unset)
        (void)pam_set_item(exchange->pamh, PAM_USER_PROMPT, "login: ");
    deadline_pause(&exchange->deadline, deadline_clock_ms());
    char *typed = conversation_ask(exchange->pamh, text);
    deadline_resume(&exchange->deadline, deadline_clock_ms());
    if (unset)
        (void)pam_set_item(exchange->pamh, PAM_USER_PROMPT, NULL);
    /* After the conversation, during which a program may set items. */
    const struct known known = {
        .password = item(exchange, PAM_AUTHTOK),
        .names = {exchange->login->user, exchange->login->ruser, item(exchange, PAM_USER), item(exchange, PAM_RUSER)},
    };
    enum answer answer = answer_judge(typed, &known, form, value);
    conversation_forget(typed);
    return answer;
}

static struct failure reply(struct exchange *exchange, const char *number, enum answer answer, const char *value)
{
    packet_wipe(&exchange->packet); /* the question may have held a secret */
    packet_begin(&exchange->packet, "reply");
    packet_field(&exchange->packet, "n", number);
    packet_field(&exchange->packet, "value", answer == ANSWER_VALUE ? value : NULL);
    packet_field(&exchange->packet, "none", answer_word(answer));
    trace(exchange, "reply", answer == ANSWER_VALUE ? "value" : answer_word(answer));
    struct failure failure = send_packet(exchange);
    packet_wipe(&exchange->packet);
    return failure;
}

static struct failure on_ask(struct exchange *exchange)
{
    const char *number = message_get(&exchange->message, "n");
    const char *style = message_get(&exchange->message, "style");
    const char *text = message_get(&exchange->message, "text");
    const char *allowed = message_get(&exchange->message, "form");
    char expected[DECIMAL_SIZE];
    char value[RW2FA_VALUE_MAX + 1];
    struct form form;

    /* Later phases have no PAM_AUTHTOK to compare with, so that nothing typed there may leave. */
    if (exchange->phase != PHASE_AUTH)
        return no_protocol("the daemon asked a question outside the auth phase; do hook and daemon match?");
    if (exchange->asked == RW2FA_ASKS_MAX)
        return no_protocol("the daemon asked too many questions");
    decimal_format(expected, exchange->asked + 1);
    if (number == NULL || strcmp(number, expected) != 0)
        return no_protocol("the daemon asked out of turn");
    if (style == NULL || strcmp(style, "echo") != 0 || text == NULL || allowed == NULL || !form_parse(&form, allowed))
        return no_protocol("the daemon asked a question that this hook does not know; do hook and daemon match?");
    exchange->asked++;
    if (asked_note(exchange->pamh) != PAM_SUCCESS)
        return failure_of(FAILURE_SYSTEM, "no memory to record that a question was asked", 0);
    trace(exchange, "ask", expected);
    enum answer answer = ask_person(exchange, text, &form, value);
    struct failure failure = reply(exchange, expected, answer, value);
    explicit_bzero(value, sizeof(value));
    return failure;
}

static struct failure on_end(struct exchange *exchange, struct verdict *verdict)
{
    if (!verdict_read(verdict, &exchange->message))
        return no_protocol("the daemon's verdict is invalid; do hook and daemon match?");
    trace(exchange, "end", verdict->rule);
    if (verdict->code == PAM_AUTHINFO_UNAVAIL)
        return failure_of(FAILURE_UNJUDGED, "the daemon cannot judge; run `rw2fa status`", 0);
    return NO_FAILURE;
}

/* Receive one message and act on it; `ended` says that it was the verdict. */
static struct failure turn(struct exchange *exchange, struct verdict *verdict, bool *ended)
{
    struct packet *packet = &exchange->packet;
    struct failure failure = channel_receive(&exchange->channel, packet->bytes, RW2FA_MESSAGE_MAX, &packet->length);
    if (failure.kind != FAILURE_NONE)
        return failure;
    if (!message_parse(&exchange->message, packet))
        return no_protocol("the daemon sent a malformed message; do hook and daemon match?");
    if (strcmp(exchange->message.verb, "ask") == 0)
        return on_ask(exchange);
    if (strcmp(exchange->message.verb, "end") != 0)
        return no_protocol("the daemon sent an unknown verb; do hook and daemon match?");
    *ended = true;
    return on_end(exchange, verdict);
}

struct failure exchange_run(struct exchange *exchange, struct verdict *verdict)
{
    bool ended = false;
    exchange->asked = 0;
    exchange->packet.length = 0;
    deadline_start(&exchange->deadline, exchange->arguments->timeout, deadline_clock_ms());
    struct failure failure = channel_open(&exchange->channel, exchange->arguments->socket, &exchange->deadline);
    if (failure.kind == FAILURE_NONE)
        failure = exchange->phase == PHASE_SESSION ? send_session(exchange) : send_open(exchange);
    while (failure.kind == FAILURE_NONE && !ended)
        failure = turn(exchange, verdict, &ended);
    channel_close(&exchange->channel);
    if (exchange->arguments->debug)
        pam_syslog(exchange->pamh, LOG_DEBUG, "waited %d ms for the daemon",
                   (int)deadline_waited_ms(&exchange->deadline, deadline_clock_ms()));
    return failure;
}

void exchange_wipe(struct exchange *exchange)
{
    packet_wipe(&exchange->packet);
}
