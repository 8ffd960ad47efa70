/* What the hook decides without libpam and without the system, as a library that tests call through ctypes. */
#include <stdbool.h>
#include <string.h>

#include "answer.h"
#include "arguments.h"
#include "deadline.h"
#include "decimal.h"
#include "first_factor.h"
#include "form.h"
#include "message.h"
#include "unreachable.h"
#include "verdict.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int pure_form(const char *text, const char *value);
EXPORT int pure_answer(const char *typed, const char *password, const char *name, const char *text, char *value);
EXPORT const char *pure_answer_word(int answer);
EXPORT const char *pure_first_factor(const char *info, char *names);
EXPORT size_t pure_message(const char *bytes, size_t length, char *composed);
EXPORT bool pure_compose(const char *verb, const char *key, const char *value, size_t times);
EXPORT bool pure_verdict(const char *bytes, size_t length, int *code, bool *minted, unsigned int *uid);
EXPORT bool pure_is_console(const char *tty);
EXPORT int pure_escape(int argc, const char *const *argv, int kind, bool asked, const char *user, const char *tty,
                       const char *rhost);
EXPORT void pure_arguments(struct arguments *arguments, int argc, const char *const *argv, arguments_warning *warn);
EXPORT bool pure_decimal(const char *text, uint32_t max, uint32_t *number, char *again);
EXPORT int pure_deadline(uint32_t seconds, const int64_t *times_ms, size_t count, int64_t *waited_ms);

/* -1: no form; 0: not accepted; 1: accepted */
int pure_form(const char *text, const char *value)
{
    struct form form;
    if (!form_parse(&form, text))
        return -1;
    return form_accepts(&form, value) ? 1 : 0;
}

/* -1: no form; else an enum answer */
int pure_answer(const char *typed, const char *password, const char *name, const char *text, char *value)
{
    const struct known known = {.password = password, .names = {[ANSWER_NAMES - 1] = name}};
    struct form form;
    if (!form_parse(&form, text))
        return -1;
    return (int)answer_judge(typed, &known, &form, value);
}

const char *pure_answer_word(int answer)
{
    return answer_word((enum answer)answer);
}

const char *pure_first_factor(const char *info, char *names)
{
    return first_factor_names(info, names);
}

/* Take a message apart and put it together again; the length of that in `composed`, or 0 when it is none. */
size_t pure_message(const char *bytes, size_t length, char *composed)
{
    struct packet packet;
    struct packet again;
    struct message message;
    packet.length = length;
    memcpy(packet.bytes, bytes, length);
    if (!message_parse(&message, &packet))
        return 0;
    packet_begin(&again, message.verb);
    for (size_t i = 0; i < message.count; i++)
        packet_field(&again, message.fields[i].key, message_get(&message, message.fields[i].key));
    memcpy(composed, again.bytes, again.length);
    return again.overfull ? 0 : again.length;
}

/* Whether a message with `times` such fields is one that may be sent. */
bool pure_compose(const char *verb, const char *key, const char *value, size_t times)
{
    struct packet packet;
    packet_begin(&packet, verb);
    for (size_t i = 0; i < times; i++)
        packet_field(&packet, key, value);
    return !packet.overfull;
}

bool pure_verdict(const char *bytes, size_t length, int *code, bool *minted, unsigned int *uid)
{
    struct packet packet;
    struct message message;
    struct verdict verdict;
    packet.length = length;
    memcpy(packet.bytes, bytes, length);
    if (!message_parse(&message, &packet) || !verdict_read(&verdict, &message))
        return false;
    *code = verdict.code;
    *minted = verdict.minted;
    *uid = verdict.uid;
    return true;
}

bool pure_is_console(const char *tty)
{
    return unreachable_is_console(tty);
}

static void no_warning(void *context, const char *argument, const char *reason)
{
    (void)context, (void)argument, (void)reason;
}

int pure_escape(int argc, const char *const *argv, int kind, bool asked, const char *user, const char *tty,
                const char *rhost)
{
    struct arguments arguments;
    struct failure failure = failure_of((enum failure_kind)kind, "a test", 0);
    arguments_parse(&arguments, argc, argv, no_warning, NULL);
    return (int)unreachable_escape(&arguments, &failure, asked, user, tty, rhost);
}

void pure_arguments(struct arguments *arguments, int argc, const char *const *argv, arguments_warning *warn)
{
    arguments_parse(arguments, argc, argv, warn, NULL);
}

/* Read a number and write it again. */
bool pure_decimal(const char *text, uint32_t max, uint32_t *number, char *again)
{
    if (!decimal_parse(text, max, number))
        return false;
    decimal_format(again, *number);
    return true;
}

/* Start, then pause and resume in turn at `times_ms`; what is left at the last of them. */
int pure_deadline(uint32_t seconds, const int64_t *times_ms, size_t count, int64_t *waited_ms)
{
    struct deadline deadline;
    deadline_start(&deadline, seconds, times_ms[0]);
    for (size_t i = 1; i + 1 < count; i++) {
        if (i % 2 == 1)
            deadline_pause(&deadline, times_ms[i]);
        else
            deadline_resume(&deadline, times_ms[i]);
    }
    *waited_ms = deadline_waited_ms(&deadline, times_ms[count - 1]);
    return deadline_left_ms(&deadline, times_ms[count - 1]);
}
