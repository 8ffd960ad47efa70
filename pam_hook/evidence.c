#include "evidence.h"

#include <stdlib.h>
#include <string.h>

#include "limits.h"

#define DATA_NAME "rw2fa_evidence"

struct evidence {
    uint32_t uid;
    char rule[RW2FA_RULE_MAX + 1];
    char user[RW2FA_ITEM_MAX + 1];
};

/* The cleanup of pam_set_data(3). */
static void forget(pam_handle_t *pamh, void *data, int error_status)
{
    (void)pamh;
    (void)error_status;
    if (data != NULL)
        explicit_bzero(data, sizeof(struct evidence));
    free(data);
}

int evidence_keep(pam_handle_t *pamh, const char *user, uint32_t uid, const char *rule)
{
    struct evidence *evidence = calloc(1, sizeof(*evidence));
    if (evidence == NULL)
        return PAM_BUF_ERR;
    size_t user_length = strlen(user);
    size_t rule_length = strlen(rule);
    int code = PAM_BUF_ERR;
    if (user_length < sizeof(evidence->user) && rule_length < sizeof(evidence->rule)) {
        evidence->uid = uid;
        memcpy(evidence->user, user, user_length + 1);
        memcpy(evidence->rule, rule, rule_length + 1);
        code = pam_set_data(pamh, DATA_NAME, evidence, forget);
    }
    if (code != PAM_SUCCESS)
        forget(pamh, evidence, code);
    return code;
}

const struct evidence *evidence_for(pam_handle_t *pamh, const char *user)
{
    const void *data = NULL;
    if (pam_get_data(pamh, DATA_NAME, &data) != PAM_SUCCESS || data == NULL)
        return NULL;
    const struct evidence *evidence = data;
    return strcmp(evidence->user, user) == 0 ? evidence : NULL;
}

const char *evidence_rule(const struct evidence *evidence)
{
    return evidence->rule;
}

uint32_t evidence_uid(const struct evidence *evidence)
{
    return evidence->uid;
}
