#include "deadline.h"

#include <time.h>

int64_t deadline_clock_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail: the clock always exists, and &now is valid */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void deadline_start(struct deadline *deadline, uint32_t seconds, int64_t now_ms)
{
    *deadline = (struct deadline){.resumed_ms = now_ms, .allowed_ms = (int64_t)seconds * 1000};
}

void deadline_pause(struct deadline *deadline, int64_t now_ms)
{
    deadline->waited_ms = deadline_waited_ms(deadline, now_ms);
}

void deadline_resume(struct deadline *deadline, int64_t now_ms)
{
    deadline->resumed_ms = now_ms;
}

int64_t deadline_waited_ms(const struct deadline *deadline, int64_t now_ms)
{
    return deadline->waited_ms + (now_ms - deadline->resumed_ms);
}

int deadline_left_ms(const struct deadline *deadline, int64_t now_ms)
{
    int64_t left = deadline->allowed_ms - deadline_waited_ms(deadline, now_ms);
    return left > 0 ? (int)left : 0;
}
