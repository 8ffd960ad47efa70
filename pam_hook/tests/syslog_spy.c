/*
 * Stands before libpam where the module looks for pam_syslog() and pam_set_data(): what is logged can be read by a
 * test, without a syslog daemon and without the console; and pam_set_data() can be made to fail.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static char log_text[1 << 16]; /* lines "PRIORITY text"; what is more than fits is lost */
static size_t log_length;
static int set_data_result;

EXPORT size_t spy_take(char *out, size_t size);
EXPORT void spy_fail_set_data(int code);

EXPORT void pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...)
{
    char line[2048];
    va_list arguments;
    (void)pamh;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    pthread_mutex_lock(&guard);
    int written = snprintf(log_text + log_length, sizeof(log_text) - log_length, "%d %s\n", priority, line);
    if (written > 0 && (size_t)written < sizeof(log_text) - log_length)
        log_length += (size_t)written;
    log_text[log_length] = '\0';
    pthread_mutex_unlock(&guard);
}

/* Copy what was logged since the last call; its length. */
size_t spy_take(char *out, size_t size)
{
    pthread_mutex_lock(&guard);
    size_t length = log_length < size ? log_length : size;
    memcpy(out, log_text, length);
    log_length = 0;
    log_text[0] = '\0';
    pthread_mutex_unlock(&guard);
    return length;
}

/* From now on pam_set_data() returns `code`; with 0 it works again. */
void spy_fail_set_data(int code)
{
    set_data_result = code;
}

EXPORT int pam_set_data(pam_handle_t *pamh, const char *name, void *data,
                        void (*cleanup)(pam_handle_t *pamh, void *data, int error_status))
{
    typedef int function(pam_handle_t *, const char *, void *, void (*)(pam_handle_t *, void *, int));
    if (set_data_result != 0)
        return set_data_result;
    void *libpam = dlopen("libpam.so.0", RTLD_NOW | RTLD_NOLOAD);
    void *symbol = libpam == NULL ? NULL : dlsym(libpam, "pam_set_data");
    function *real = NULL;
    memcpy(&real, &symbol, sizeof(real)); /* ISO C has no conversion between the two */
    int result = real == NULL ? PAM_SYSTEM_ERR : real(pamh, name, data, cleanup);
    if (libpam != NULL)
        dlclose(libpam);
    return result;
}
