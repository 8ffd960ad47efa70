#include "login.h"

#include <security/pam_ext.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>

#include "conversation.h"

/* Ask for the name if it is not set. libpam itself calls the conversation function without checking it. */
static int make_sure_of_user(pam_handle_t *pamh)
{
    const void *set = NULL;
    const char *user = NULL;
    int code = pam_get_item(pamh, PAM_USER, &set);
    if (code != PAM_SUCCESS)
        return code;
    if (set == NULL && conversation_exists(pamh)) {
        code = pam_get_user(pamh, &user, NULL);
        if (code == PAM_CONV_AGAIN)
            return PAM_INCOMPLETE; /* libpam continues here when the program calls it again */
        set = code == PAM_SUCCESS ? user : NULL;
    }
    user = set;
    return user != NULL && *user != '\0' ? PAM_SUCCESS : PAM_USER_UNKNOWN;
}

/* Copied completely, or refused: a truncated name or address is another one. */
static int read_text(pam_handle_t *pamh, int item, const char *name, const char **text, char copy[RW2FA_ITEM_MAX + 1])
{
    const void *value = NULL;
    int code = pam_get_item(pamh, item, &value);
    if (code != PAM_SUCCESS || value == NULL)
        return code;
    size_t length = strlen(value);
    if (length > RW2FA_ITEM_MAX) {
        pam_syslog(pamh, LOG_ERR, "refused: %s is longer than %d bytes", name, RW2FA_ITEM_MAX);
        return PAM_AUTHINFO_UNAVAIL;
    }
    memcpy(copy, value, length + 1);
    *text = copy;
    return PAM_SUCCESS;
}

int login_read(struct login *login, pam_handle_t *pamh)
{
    const struct {
        int item;
        const char *name;
        const char **text;
    } items[LOGIN_ITEMS] = {
        {PAM_SERVICE, "PAM_SERVICE", &login->service},
        {PAM_USER, "PAM_USER", &login->user},
        {PAM_TTY, "PAM_TTY", &login->tty},
        {PAM_RHOST, "PAM_RHOST", &login->rhost},
        {PAM_RUSER, "PAM_RUSER", &login->ruser},
    };
    int code = make_sure_of_user(pamh);
    for (size_t i = 0; code == PAM_SUCCESS && i < LOGIN_ITEMS; i++) {
        *items[i].text = NULL;
        code = read_text(pamh, items[i].item, items[i].name, items[i].text, login->copies[i]);
    }
    return code;
}
