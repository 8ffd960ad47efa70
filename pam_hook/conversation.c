#include "conversation.h"

#include <stdlib.h>
#include <string.h>

static const struct pam_conv *function_of(pam_handle_t *pamh)
{
    const void *item = NULL;
    if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || item == NULL)
        return NULL;
    const struct pam_conv *function = item;
    return function->conv == NULL ? NULL : function;
}

bool conversation_exists(pam_handle_t *pamh)
{
    return function_of(pamh) != NULL;
}

/*
 * One message, one call. Programs deviate from the contract in different ways: no array of responses, an array without
 * text, an array after a failure. pam_prompt(3) also frees an array after a failure, so a program that works
 * with the modules of Linux-PAM works here. PAM_CONV_AGAIN counts as a failure: a connection with a deadline cannot be
 * resumed by a later call.
 */
static char *converse(pam_handle_t *pamh, int style, const char *text)
{
    const struct pam_message message = {.msg_style = style, .msg = text};
    const struct pam_message *messages = &message;
    struct pam_response *responses = NULL;
    const struct pam_conv *function = function_of(pamh);
    if (function == NULL)
        return NULL;
    int code = function->conv(1, &messages, &responses, function->appdata_ptr);
    if (responses == NULL)
        return NULL;
    char *typed = responses->resp;
    free(responses);
    if (code == PAM_SUCCESS)
        return typed;
    conversation_forget(typed);
    return NULL;
}

char *conversation_ask(pam_handle_t *pamh, const char *text)
{
    return converse(pamh, PAM_PROMPT_ECHO_ON, text);
}

void conversation_tell(pam_handle_t *pamh, int style, const char *text)
{
    conversation_forget(converse(pamh, style, text));
}

void conversation_forget(char *typed)
{
    if (typed == NULL)
        return;
    explicit_bzero(typed, strlen(typed));
    free(typed);
}
