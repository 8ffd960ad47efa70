/*
 * A login program that looks afterwards whether its memory still holds what was typed, or what a question said: what
 * the hook leaves behind would end up in a core dump.
 *
 *     leftovers CONFDIR SERVICE      prints "PAM-CODE typed=N text=N": copies found
 *
 * The test's daemon knows both texts in clear; here they are covered, so that this program itself holds no copy.
 */
#include <ctype.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COVER 0x5a
#define SLICE_AT 24 /* free() writes into the first bytes of what it gets */
#define SLICE 16

/* The texts are what is left when each byte is counted on from the first: 64 bytes, letters only. */
static void reveal(char *text, char first)
{
    for (int i = 0; i < 64; i++)
        text[i] = (char)((first - 'A' + i * i) % 26 + 'A');
    text[64] = '\0';
}

static int answer(int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
    (void)data;
    *responses = calloc((size_t)count, sizeof(**responses));
    if (*responses == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        char *typed = messages[i]->msg_style == PAM_PROMPT_ECHO_ON ? malloc(65) : NULL;
        if (typed != NULL)
            reveal(typed, 'C');
        (*responses)[i].resp = typed;
    }
    return PAM_SUCCESS;
}

/* Copies of the covered slice between `from` and `to`, without any other copy made on the way. */
static unsigned int count_in(const unsigned char *from, const unsigned char *to, const unsigned char *covered)
{
    unsigned int found = 0;
    for (const unsigned char *at = from; at + SLICE <= to; at++) {
        int i = 0;
        while (i < SLICE && (at[i] ^ COVER) == covered[i])
            i++;
        found += i == SLICE;
    }
    return found;
}

static void cover(unsigned char *covered, char first)
{
    for (int i = 0; i < SLICE; i++) {
        int at = SLICE_AT + i;
        covered[i] = (unsigned char)(((first - 'A' + at * at) % 26 + 'A') ^ COVER);
    }
}

static unsigned int count_everywhere(char first)
{
    unsigned char covered[SLICE];
    unsigned int found = 0;
    char line[512];
    cover(covered, first);
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL)
        return 999;
    while (fgets(line, sizeof(line), maps) != NULL) {
        unsigned long from = 0;
        unsigned long to = 0;
        char access[5] = "";
        if (sscanf(line, "%lx-%lx %4s", &from, &to, access) == 3 && strncmp(access, "rw", 2) == 0)
            found += count_in((const unsigned char *)from, (const unsigned char *)to, covered);
    }
    fclose(maps);
    return found;
}

int main(int argc, char **argv)
{
    const struct pam_conv conversation = {.conv = answer};
    pam_handle_t *pamh = NULL;
    if (argc != 3 || pam_start_confdir(argv[2], "alice", &conversation, argv[1], &pamh) != PAM_SUCCESS)
        return 2;
    int code = pam_authenticate(pamh, 0);
    unsigned int typed = count_everywhere('C');
    unsigned int text = count_everywhere('Q');
    printf("%d typed=%u text=%u\n", code, typed, text);
    pam_end(pamh, code);
    return 0;
}
