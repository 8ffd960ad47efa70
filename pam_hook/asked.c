#include "asked.h"

#include <stddef.h>

#define DATA_NAME "rw2fa_asked"

int asked_note(pam_handle_t *pamh)
{
    /* Only the presence of data matters, so that nothing has to be allocated or freed. */
    static char mark;
    return pam_set_data(pamh, DATA_NAME, &mark, NULL);
}

bool asked_before(pam_handle_t *pamh)
{
    const void *data = NULL;
    return pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS && data != NULL;
}
