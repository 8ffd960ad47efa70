/* Numbers on the wire and in arguments, without stdio and without the locale. */
#ifndef RW2FA_DECIMAL_H
#define RW2FA_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#define DECIMAL_SIZE 11 /* ten digits of a 32-bit number and a NUL */

/* Write `number` into `text`, in decimal. */
void decimal_format(char text[DECIMAL_SIZE], uint32_t number);

/*
 * Read digits up to the NUL into `number`. False, with `number` unchanged, for anything but the spelling of
 * decimal_format(): no sign, no spaces, no leading zero, at most `max`.
 */
bool decimal_parse(const char *text, uint32_t max, uint32_t *number);

#endif
