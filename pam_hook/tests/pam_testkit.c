/*
 * A module for the stacks of the tests, which stands where others do in a real one: in auth and in account it sets the
 * items that its arguments name (authtok=VALUE, user=NAME) and returns PAM_IGNORE, or PAM_SUCCESS with `success`.
 */
#include <security/pam_modules.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

static const struct {
    const char *name;
    int item;
} ITEMS[] = {{"authtok=", PAM_AUTHTOK}, {"user=", PAM_USER}};

static int apply(pam_handle_t *pamh, int argc, const char **argv)
{
    int result = PAM_IGNORE;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "success") == 0)
            result = PAM_SUCCESS;
        for (size_t row = 0; row < sizeof(ITEMS) / sizeof(ITEMS[0]); row++) {
            size_t length = strlen(ITEMS[row].name);
            if (strncmp(argv[i], ITEMS[row].name, length) == 0 &&
                pam_set_item(pamh, ITEMS[row].item, argv[i] + length) != PAM_SUCCESS)
                return PAM_SYSTEM_ERR;
        }
    }
    return result;
}

EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags;
    return apply(pamh, argc, argv);
}

EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags;
    return apply(pamh, argc, argv);
}

EXPORT int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_IGNORE;
}
