/* Tells readers of the file which build it is: `rw2fa status`, what(1), strings(1). */
#include "build.h"

__attribute__((used, section(".rodata"))) static const char BUILD[] = RW2FA_BUILD;
