#include "verdict.h"

#include <security/pam_modules.h>
#include <stdint.h>
#include <string.h>

#include "decimal.h"

static const struct {
    const char *word;
    int code;
} CODES[] = {
    {"SUCCESS", PAM_SUCCESS},
    {"IGNORE", PAM_IGNORE},
    {"AUTH_ERR", PAM_AUTH_ERR},
    {"PERM_DENIED", PAM_PERM_DENIED},
    {"MAXTRIES", PAM_MAXTRIES},
    {"USER_UNKNOWN", PAM_USER_UNKNOWN},
    {"AUTHINFO_UNAVAIL", PAM_AUTHINFO_UNAVAIL},
};

int verdict_code(const char *word)
{
    for (size_t row = 0; row < sizeof(CODES) / sizeof(CODES[0]); row++) {
        if (strcmp(word, CODES[row].word) == 0)
            return CODES[row].code;
    }
    return PAM_AUTHINFO_UNAVAIL;
}

bool verdict_is_rule(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length != 0 && length <= RW2FA_RULE_MAX && text[length] == '\0';
}

bool verdict_read(struct verdict *verdict, const struct message *message)
{
    const char *word = message_get(message, "rc");
    const char *mint = message_get(message, "mint");
    uint32_t uid = 0;
    *verdict = (struct verdict){
        .rule = message_get(message, "rule"),
        .text = message_get(message, "text"),
    };
    if (word == NULL || verdict->rule == NULL || !verdict_is_rule(verdict->rule))
        return false;
    /* The highest number is not a uid: (uid_t)-1 means "no change" to chown() and "nobody" to others. */
    if (mint != NULL && !decimal_parse(mint, UINT32_MAX - 1, &uid))
        return false;
    verdict->code = verdict_code(word);
    verdict->minted = mint != NULL && (verdict->code == PAM_SUCCESS || verdict->code == PAM_IGNORE);
    verdict->uid = uid;
    return true;
}
