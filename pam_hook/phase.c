#include "phase.h"

#include <security/pam_ext.h>
#include <string.h>
#include <syslog.h>

#include "asked.h"
#include "conversation.h"
#include "evidence.h"
#include "session.h"
#include "unreachable.h"

static void warn_argument(void *context, const char *argument, const char *reason)
{
    const pam_handle_t *pamh = context;
    pam_syslog(pamh, LOG_WARNING, "argument %s of the PAM line is ignored: %s", argument, reason);
}

/* A name that is safe in a log: a client's could contain line ends. */
static const char *loggable(const char *user)
{
    for (const char *byte = user; *byte != '\0'; byte++) {
        if ((unsigned char)*byte < 0x20 || *byte == 0x7f)
            return "(a name with control characters)";
    }
    return user;
}

/* PAM_SILENT does not hide why a user is refused: sudo always sets it. */
static void show(const struct exchange *exchange, int flags, int style, const char *text)
{
    bool silent = style == PAM_TEXT_INFO && ((unsigned int)flags & PAM_SILENT) != 0;
    if (text != NULL && !silent)
        conversation_tell(exchange->pamh, style, text);
}

static int on_verdict(const struct exchange *exchange, int flags, const struct verdict *verdict)
{
    const char *user = exchange->login->user;
    if (verdict->minted && evidence_keep(exchange->pamh, user, verdict->uid, verdict->rule) != PAM_SUCCESS) {
        pam_syslog(exchange->pamh, LOG_ERR, "refused: no memory for the evidence that the account phase needs");
        return PAM_AUTHINFO_UNAVAIL;
    }
    show(exchange, flags, verdict->code == PAM_SUCCESS ? PAM_TEXT_INFO : PAM_ERROR_MSG, verdict->text);
    return verdict->code;
}

static int on_failure(const struct exchange *exchange, int flags, const struct failure *failure,
                      const struct verdict *verdict)
{
    const char *text = failure->kind == FAILURE_UNJUDGED ? verdict->text : NULL;
    const struct login *login = exchange->login;
    const char *user = loggable(login->user);
    const char *reason = failure->error != 0 ? strerrordesc_np(failure->error) : NULL;
    const char *detail = reason != NULL ? reason : "no system error";
    /* In this phase, in an earlier one, or in an earlier attempt of a program that keeps its handle. */
    bool asked = exchange->asked != 0 || asked_before(exchange->pamh);
    switch (unreachable_escape(exchange->arguments, failure, asked, login->user, login->tty, login->rhost)) {
    case ESCAPE_CONSOLE:
        pam_syslog(exchange->pamh, LOG_ALERT, "LET IN WITHOUT A SECOND FACTOR: %s on %s, because of console=: %s (%s)",
                   user, login->tty, failure->what, detail);
        return PAM_IGNORE;
    case ESCAPE_ALLOW:
        pam_syslog(exchange->pamh, LOG_ALERT,
                   "LET IN WITHOUT A SECOND FACTOR: %s, because of unreachable=allow: %s (%s)", user, failure->what,
                   detail);
        return PAM_IGNORE;
    case ESCAPE_NONE:
        break;
    }
    pam_syslog(exchange->pamh, LOG_ERR, "refused: %s (%s)", failure->what, detail);
    show(exchange, flags, PAM_ERROR_MSG,
         text != NULL ? text : "The second factor cannot be checked now. Try again later or ask your administrator.");
    return PAM_AUTHINFO_UNAVAIL;
}

/* Member by member: an initializer would clear 16 KiB of packet. */
static struct failure run(struct exchange *exchange, enum phase phase, pam_handle_t *pamh,
                          const struct arguments *arguments, const struct login *login, struct verdict *verdict)
{
    exchange->pamh = pamh;
    exchange->phase = phase;
    exchange->arguments = arguments;
    exchange->login = login;
    return exchange_run(exchange, verdict);
}

int phase_run(enum phase phase, pam_handle_t *pamh, int flags, int argc, const char *const *argv)
{
    struct arguments arguments;
    struct login login;
    struct verdict verdict = {.code = PAM_AUTHINFO_UNAVAIL};
    struct exchange exchange;

    arguments_parse(&arguments, argc, argv, warn_argument, pamh);
    int code = login_read(&login, pamh);
    if (code != PAM_SUCCESS)
        return code;
    struct failure failure = run(&exchange, phase, pamh, &arguments, &login, &verdict);
    code = failure.kind == FAILURE_NONE ? on_verdict(&exchange, flags, &verdict)
                                        : on_failure(&exchange, flags, &failure, &verdict);
    exchange_wipe(&exchange);
    return code;
}

int phase_session(pam_handle_t *pamh, int argc, const char *const *argv)
{
    struct arguments arguments;
    struct login login;
    struct verdict verdict = {.code = PAM_IGNORE};
    struct exchange exchange;
    char session[SESSION_SIZE];

    arguments_parse(&arguments, argc, argv, warn_argument, pamh);
    if (session_read(session) == NULL || login_read(&login, pamh) != PAM_SUCCESS)
        return PAM_IGNORE;
    struct failure failure = run(&exchange, PHASE_SESSION, pamh, &arguments, &login, &verdict);
    if (failure.kind != FAILURE_NONE)
        pam_syslog(pamh, LOG_WARNING, "sudo will ask %s for a code in this session: %s", loggable(login.user),
                   failure.what);
    exchange_wipe(&exchange);
    return PAM_IGNORE;
}
