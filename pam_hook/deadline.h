/* How long a phase may wait for the daemon: all waits added up, without the time in which the user types. */
#ifndef RW2FA_DEADLINE_H
#define RW2FA_DEADLINE_H

#include <stdint.h>

struct deadline {
    int64_t waited_ms;  /* by the pauses so far */
    int64_t resumed_ms; /* when the current wait began */
    int64_t allowed_ms; /* in total */
};

/* The monotonic clock, in milliseconds. */
int64_t deadline_clock_ms(void);

/* Start with `seconds` to spend, at `now_ms`. */
void deadline_start(struct deadline *deadline, uint32_t seconds, int64_t now_ms);

/* The user is asked: the clock is stopped from `now_ms` until deadline_resume(). */
void deadline_pause(struct deadline *deadline, int64_t now_ms);
void deadline_resume(struct deadline *deadline, int64_t now_ms);

/* Milliseconds spent waiting, and milliseconds left: 0 once they are used up. Not for a paused deadline. */
int64_t deadline_waited_ms(const struct deadline *deadline, int64_t now_ms);
int deadline_left_ms(const struct deadline *deadline, int64_t now_ms);

#endif
