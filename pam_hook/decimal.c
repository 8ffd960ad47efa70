#include "decimal.h"

#include <stddef.h>

void decimal_format(char text[DECIMAL_SIZE], uint32_t number)
{
    char reversed[DECIMAL_SIZE];
    size_t length = 0;
    do {
        reversed[length++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    for (size_t i = 0; i < length; i++)
        text[i] = reversed[length - 1 - i];
    text[length] = '\0';
}

bool decimal_parse(const char *text, uint32_t max, uint32_t *number)
{
    uint64_t sum = 0;
    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
        return false;
    for (const char *digit = text; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        sum = sum * 10 + (uint64_t)(*digit - '0');
        if (sum > max)
            return false;
    }
    *number = (uint32_t)sum;
    return true;
}
