#include "base/nstime.h"

#include <stdio.h>

#define DAYS_PER_ERA 146097     /* 400 years of the Gregorian calendar */
#define DAYS_BEFORE_1970 719468 /* from 0000-03-01, where an era begins, to 1970-01-01 */

struct date {
    int year;
    unsigned month, day;
};

/* Years are counted from March, so that the leap day is their last. gmtime_r() would do the same, but glibc opens
 * the time zone file for it, which a sandboxed process may not. */
static struct date date_of_day(int64_t days_since_1970)
{
    int64_t days = days_since_1970 + DAYS_BEFORE_1970;
    int64_t era = days / DAYS_PER_ERA;
    unsigned day_of_era = (unsigned)(days % DAYS_PER_ERA);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned march_month = (5 * day_of_year + 2) / 153;
    struct date date = {
        .year = (int)(era * 400) + (int)year_of_era + (march_month >= 10 ? 1 : 0),
        .month = march_month < 10 ? march_month + 3 : march_month - 9,
        .day = day_of_year - (153 * march_month + 2) / 5 + 1,
    };
    return date;
}

void nstime_format(nstime t, char text[NSTIME_TEXT_BYTES])
{
    if (t == NSTIME_NONE) {
        text[0] = '\0';
        return;
    }
    int64_t seconds = t / NS_PER_S, nanoseconds = t % NS_PER_S;
    if (nanoseconds < 0) {
        nanoseconds += NS_PER_S;
        seconds--;
    }
    int64_t days = seconds / 86400, second_of_day = seconds % 86400;
    if (second_of_day < 0) {
        second_of_day += 86400;
        days--;
    }
    struct date date = date_of_day(days);
    unsigned clock = (unsigned)second_of_day;
    snprintf(text, NSTIME_TEXT_BYTES, "%04hu-%02hhu-%02hhuT%02hhu:%02hhu:%02hhu.%09uZ", (unsigned short)date.year,
             (unsigned char)date.month, (unsigned char)date.day, (unsigned char)(clock / 3600),
             (unsigned char)(clock / 60 % 60), (unsigned char)(clock % 60), (unsigned)nanoseconds);
}

double nstime_ms(nstime span)
{
    return (double)span / (double)NS_PER_MS;
}
