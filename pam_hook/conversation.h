/* pam_conv(3) with the user who logs in: one message at a time, whatever the program's function does with it. */
#ifndef RW2FA_CONVERSATION_H
#define RW2FA_CONVERSATION_H

#include <security/pam_modules.h>
#include <stdbool.h>

/* Whether the program has given PAM a conversation function. */
bool conversation_exists(pam_handle_t *pamh);

/* Show `text` and read a line with echo. Returns what was typed, for conversation_forget(), or NULL on failure. */
char *conversation_ask(pam_handle_t *pamh, const char *text);

/* Show `text` as PAM_ERROR_MSG or PAM_TEXT_INFO. A failure to show it is ignored. */
void conversation_tell(pam_handle_t *pamh, int style, const char *text);

/* Overwrite and free what was typed; NULL is allowed. */
void conversation_forget(char *typed);

#endif
