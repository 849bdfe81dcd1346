/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/nstime.h"

#include <stdio.h>

#define DAYS_PER_ERA 146097     /* days in 400 years of the Gregorian calendar */
#define DAYS_BEFORE_1970 719468 /* days from 0000-03-01, where an era begins, to 1970-01-01 */

struct date {
    int year;
    unsigned month, day;
};

/* Counts years from March, so that the leap day is their last. gmtime_r() would do the same, but glibc opens the
 * time zone file for it, which a sandboxed process may not. */
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

/* The inverse of date_of_day(). The date must exist. */
static int64_t day_of_date(const struct date *date)
{
    int64_t year = date->month <= 2 ? date->year - 1 : date->year;
    int64_t march_month = date->month <= 2 ? date->month + 9 : date->month - 3;
    int64_t era = year / 400, year_of_era = year % 400;
    int64_t day_of_year = (153 * march_month + 2) / 5 + date->day - 1;
    return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           DAYS_BEFORE_1970;
}

/* Reads exactly `count` digits at `*text`, a number up to `most`, and moves `*text` past them. */
static bool take_digits(const char **text, unsigned count, unsigned most, unsigned *out)
{
    unsigned number = 0;
    for (unsigned i = 0; i < count; i++, ++*text) {
        if (**text < '0' || **text > '9')
            return false;
        number = number * 10 + (unsigned)(**text - '0');
    }
    *out = number;
    return number <= most;
}

static bool take_char(const char **text, char c)
{
    if (**text != c)
        return false;
    ++*text;
    return true;
}

/* Reads ".123" as nanoseconds; without a fraction the result is 0. */
static bool take_fraction(const char **text, nstime *out)
{
    nstime place = NS_PER_S / 10;
    *out = 0;
    if (!take_char(text, '.'))
        return true;
    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; ++*text, place /= 10)
        *out += place * (**text - '0');
    return true;
}

bool nstime_parse_clock(const char *text, nstime *out, const char **rest)
{
    unsigned hour, minute, second = 0;
    nstime fraction = 0;
    if (!take_digits(&text, 2, 23, &hour) || !take_char(&text, ':') || !take_digits(&text, 2, 59, &minute))
        return false;
    if (take_char(&text, ':') && (!take_digits(&text, 2, 60, &second) || !take_fraction(&text, &fraction)))
        return false;
    *out = ((nstime)hour * 3600 + minute * 60 + second) * NS_PER_S + fraction;
    *rest = text;
    return true;
}

static bool take_date(const char **text, nstime *midnight)
{
    struct date date;
    unsigned year;
    if (!take_digits(text, 4, 2261, &year) || !take_char(text, '-') || !take_digits(text, 2, 12, &date.month) ||
        !take_char(text, '-') || !take_digits(text, 2, 31, &date.day) || year < 1970 || !date.month || !date.day)
        return false;
    date.year = (int)year;
    int64_t day = day_of_date(&date);
    *midnight = day * 86400 * NS_PER_S;
    return date_of_day(day).day == date.day; /* refuses dates such as February 30 */
}

/* Reads "Z", "+01:00" or nothing. */
static bool take_offset(const char **text, nstime *out)
{
    unsigned hours = 0, minutes = 0;
    bool west = **text == '-';
    *out = 0;
    if (take_char(text, 'Z') || take_char(text, 'z') || !**text)
        return true;
    if (!west && **text != '+')
        return false;
    ++*text;
    if (!take_digits(text, 2, 23, &hours) || !take_char(text, ':') || !take_digits(text, 2, 59, &minutes))
        return false;
    *out = ((nstime)hours * 3600 + minutes * 60) * NS_PER_S * (west ? -1 : 1);
    return true;
}

bool nstime_parse(const char *text, nstime *out)
{
    nstime midnight, clock = 0, offset = 0;
    if (!take_date(&text, &midnight))
        return false;
    if (*text) {
        bool apart = take_char(&text, 'T') || take_char(&text, 't') || take_char(&text, ' ');
        if (!apart || !nstime_parse_clock(text, &clock, &text) || !take_offset(&text, &offset))
            return false;
    }
    *out = midnight + clock - offset;
    return !*text && *out >= 0;
}

nstime nstime_midnight(nstime t)
{
    return t - t % (86400 * NS_PER_S);
}

double nstime_ms(nstime span)
{
    return (double)span / (double)NS_PER_MS;
}
