/* SPDX-License-Identifier: BSD-2-Clause */
/* tap: results in the Test Anything Protocol, which automake's driver reads. For tests only.
 *
 * Each check prints its line at once; main() returns tap_done(), which prints the plan. */
#ifndef HOPSONDE_TESTS_TAP_H
#define HOPSONDE_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failures;

__attribute__((format(printf, 4, 5), unused)) static bool tap_check(bool good, const char *file, int line,
                                                                    const char *name, ...)
{
    va_list args;
    tap_count++;
    printf("%sok %d - ", good ? "" : "not ", tap_count);
    va_start(args, name);
    vprintf(name, args);
    va_end(args);
    printf("\n");
    if (!good) {
        tap_failures++;
        printf("# at %s:%d\n", file, line);
    }
    fflush(stdout);
    return good;
}

#define ok(condition, ...) tap_check((condition), __FILE__, __LINE__, __VA_ARGS__)

/* Numbers and texts say both values where they differ. */
#define is_num(got, want, ...) tap_is_num((long long)(got), (long long)(want), __FILE__, __LINE__, __VA_ARGS__)
#define is_text(got, want, ...) tap_is_text((got), (want), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 5, 6), unused)) static bool tap_is_num(long long got, long long want, const char *file,
                                                                     int line, const char *name, ...)
{
    char text[256];
    va_list args;
    va_start(args, name);
    vsnprintf(text, sizeof text, name, args);
    va_end(args);
    bool good = tap_check(got == want, file, line, "%s", text);
    if (!good)
        printf("#   got %lld, want %lld\n", got, want);
    return good;
}

__attribute__((format(printf, 5, 6), unused)) static bool tap_is_text(const char *got, const char *want,
                                                                      const char *file, int line, const char *name, ...)
{
    char text[256];
    va_list args;
    va_start(args, name);
    vsnprintf(text, sizeof text, name, args);
    va_end(args);
    bool good = tap_check(got && want && strcmp(got, want) == 0, file, line, "%s", text);
    if (!good)
        printf("#   got  \"%s\"\n#   want \"%s\"\n", got ? got : "(null)", want ? want : "(null)");
    return good;
}

__attribute__((unused)) static int tap_done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failures ? 1 : 0;
}

#endif
