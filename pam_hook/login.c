#include "login.h"

#include <security/pam_ext.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>

#include "conversation.h"
#include "limits.h"

/* Not over RW2FA_ITEM_MAX, or refused: a name or an address that is cut is another one. */
static int check_length(pam_handle_t *pamh, const char *text, const char *name)
{
    if (text == NULL || strnlen(text, RW2FA_ITEM_MAX + 1) <= RW2FA_ITEM_MAX)
        return PAM_SUCCESS;
    pam_syslog(pamh, LOG_ERR, "refused: %s is longer than %d bytes", name, RW2FA_ITEM_MAX);
    return PAM_AUTHINFO_UNAVAIL;
}

static int read_text(pam_handle_t *pamh, int item, const char *name, const char **text)
{
    const void *value = NULL;
    int code = pam_get_item(pamh, item, &value);
    if (code != PAM_SUCCESS)
        return code;
    *text = value;
    return check_length(pamh, *text, name);
}

/* libpam itself calls the conversation function without a look whether there is one. */
static int read_user(pam_handle_t *pamh, const char **user)
{
    int code = read_text(pamh, PAM_USER, "PAM_USER", user);
    if (code != PAM_SUCCESS || (*user != NULL && **user != '\0'))
        return code;
    if (*user == NULL && conversation_exists(pamh)) {
        code = pam_get_user(pamh, user, NULL);
        if (code == PAM_CONV_AGAIN)
            return PAM_INCOMPLETE; /* libpam goes on here when the program calls it again */
        if (code == PAM_SUCCESS && *user != NULL && **user != '\0')
            return check_length(pamh, *user, "PAM_USER");
    }
    return PAM_USER_UNKNOWN;
}

int login_read(struct login *login, pam_handle_t *pamh)
{
    const struct {
        int item;
        const char *name;
        const char **text;
    } items[] = {
        {PAM_SERVICE, "PAM_SERVICE", &login->service},
        {PAM_TTY, "PAM_TTY", &login->tty},
        {PAM_RHOST, "PAM_RHOST", &login->rhost},
        {PAM_RUSER, "PAM_RUSER", &login->ruser},
    };
    *login = (struct login){0};
    int code = read_user(pamh, &login->user);
    for (size_t i = 0; code == PAM_SUCCESS && i < sizeof(items) / sizeof(items[0]); i++)
        code = read_text(pamh, items[i].item, items[i].name, items[i].text);
    return code;
}
