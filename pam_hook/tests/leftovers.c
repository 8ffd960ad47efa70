/*
 * A login program that looks afterwards what the hook has left behind in its memory: it would end up in a core dump.
 *
 *     leftovers find MODULE ARGUMENT...     one call of pam_sm_authenticate(); prints "CODE typed=N text=N": how many
 *                                           pieces there are of what was typed, and of what the question said
 *     leftovers grow CONFDIR SERVICE        many whole transactions; prints "CODE grown=N": bytes that were not freed
 *
 * `find` calls the module itself: what libpam does after it may happen to overwrite the same part of the stack. The
 * test's daemon knows both texts in clear; here they are covered, so that this program itself holds no copy.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <security/pam_appl.h>
#include <security/pam_modules.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COVER 0x5a
#define LENGTH 64
#define PIECE 8 /* what is left of a text that was partly written over counts too */

/* Letter `i` of the text that begins with `first`. */
static char letter(char first, int i)
{
    return (char)((first - 'A' + i * i) % 26 + 'A');
}

/*
 * Stands before libpam's, which serves no module that libpam has not called itself: `find` needs no more than its
 * consent.
 */
static bool called_by_libpam;

__attribute__((visibility("default"))) int pam_set_data(pam_handle_t *pamh, const char *name, void *data,
                                                        void (*cleanup)(pam_handle_t *, void *, int))
{
    typedef int function(pam_handle_t *, const char *, void *, void (*)(pam_handle_t *, void *, int));
    function *real = NULL;
    if (!called_by_libpam) /* before dlsym(), which leaves bytes of strings on the stack, as late binding does */
        return PAM_SUCCESS;
    void *symbol = dlsym(RTLD_NEXT, "pam_set_data");
    memcpy(&real, &symbol, sizeof(real)); /* ISO C has no conversion between the two */
    return real == NULL ? PAM_SYSTEM_ERR : real(pamh, name, data, cleanup);
}

static void reveal(char *text, char first)
{
    for (int i = 0; i < LENGTH; i++)
        text[i] = letter(first, i);
    text[LENGTH] = '\0';
}

static useconds_t pause_us = 50000;

static int answer(int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
    (void)data;
    *responses = calloc((size_t)count, sizeof(**responses));
    if (*responses == NULL)
        return PAM_BUF_ERR;
    if (pause_us != 0)
        usleep(pause_us); /* a daemon that hangs up has done so now */
    for (int i = 0; i < count; i++) {
        char *typed = messages[i]->msg_style == PAM_PROMPT_ECHO_ON ? malloc(LENGTH + 1) : NULL;
        if (typed != NULL)
            reveal(typed, 'C');
        (*responses)[i].resp = typed;
    }
    return PAM_SUCCESS;
}

/* Pieces of the covered text between `from` and `to`, without any other copy made on the way. */
static unsigned int count_in(const unsigned char *from, const unsigned char *to, const unsigned char *covered)
{
    unsigned int found = 0;
    for (const unsigned char *at = from; at + PIECE <= to; at++) {
        for (int piece = 0; piece < LENGTH; piece += PIECE) {
            int i = 0;
            while (i < PIECE && (at[i] ^ COVER) == covered[piece + i])
                i++;
            found += i == PIECE;
        }
    }
    return found;
}

static unsigned int count_everywhere(char first)
{
    unsigned char covered[LENGTH];
    unsigned int found = 0;
    char line[512];
    for (int i = 0; i < LENGTH; i++)
        covered[i] = (unsigned char)(letter(first, i) ^ COVER);
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

static const struct pam_conv CONVERSATION = {.conv = answer};

static int find(const char *path, int argc, const char **argv)
{
    int (*authenticate)(pam_handle_t * pamh, int flags, int argc, const char **argv) = NULL;
    pam_handle_t *pamh = NULL;
    void *module = dlopen(path, RTLD_NOW);
    void *symbol = module == NULL ? NULL : dlsym(module, "pam_sm_authenticate");
    if (symbol == NULL || pam_start("other", "alice", &CONVERSATION, &pamh) != PAM_SUCCESS)
        return 2;
    memcpy(&authenticate, &symbol, sizeof(symbol)); /* ISO C has no conversion between the two */
    int code = authenticate(pamh, 0, argc, argv);
    unsigned int typed = count_everywhere('C');
    unsigned int text = count_everywhere('Q');
    printf("%d typed=%u text=%u\n", code, typed, text);
    pam_end(pamh, code);
    return 0;
}

static int transactions(int count, const char *confdir, const char *service)
{
    int code = PAM_SUCCESS;
    for (int i = 0; i < count; i++) {
        pam_handle_t *pamh = NULL;
        if (pam_start_confdir(service, "alice", &CONVERSATION, confdir, &pamh) != PAM_SUCCESS)
            return PAM_ABORT;
        code = pam_authenticate(pamh, 0);
        pam_end(pamh, code);
    }
    return code;
}

static int grow(const char *confdir, const char *service)
{
    pause_us = 0;
    called_by_libpam = true;
    transactions(200, confdir, service); /* until the allocator keeps as many freed blocks ready as it ever will */
    size_t before = mallinfo2().uordblks;
    int code = transactions(100, confdir, service);
    printf("%d grown=%zd\n", code, (ssize_t)(mallinfo2().uordblks - before));
    return 0;
}

int main(int argc, const char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "find") == 0)
        return find(argv[2], argc - 3, argv + 3);
    if (argc == 4 && strcmp(argv[1], "grow") == 0)
        return grow(argv[2], argv[3]);
    return 2;
}
