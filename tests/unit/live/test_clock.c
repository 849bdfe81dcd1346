/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/clock.h"

#include "tap.h"

static void test_unstep(void)
{
    const nstime now = 1000 * NS_PER_S;
    static const struct {
        const char *name;
        nstime stamp, step, want; /* relative to now */
    } rows[] = {
        {"no step", -NS_PER_MS, 0, -NS_PER_MS},
        {"a step too small to matter", -NS_PER_MS, 50 * NS_PER_MS, -NS_PER_MS},
        {"an hour forward", 3600 * NS_PER_S - NS_PER_MS, 3600 * NS_PER_S, -NS_PER_MS},
        {"an hour back", -3600 * NS_PER_S - NS_PER_MS, -3600 * NS_PER_S, -NS_PER_MS},
        {"an hour forward, stamped before it", -NS_PER_MS, 3600 * NS_PER_S, -NS_PER_MS},
        {"an hour back, stamped before it", -2 * NS_PER_S, -3600 * NS_PER_S, -2 * NS_PER_S},
        {"late, without a step", -60 * NS_PER_S, 0, -60 * NS_PER_S},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_num(capture_clock_unstep(now + rows[i].stamp, now, rows[i].step) - now, rows[i].want, "%s", rows[i].name);
}

static void test_clock(void)
{
    struct capture_clock clock = capture_clock_start();
    nstime first = capture_clock_now(&clock), second = capture_clock_now(&clock);
    ok(second >= first, "the clock does not go back");
    nstime step = capture_clock_step(&clock);
    ok(step > -100 * NS_PER_MS && step < 100 * NS_PER_MS, "without a step there is none");
    clock.offset -= 3600 * NS_PER_S;
    ok(capture_clock_step(&clock) > 3599 * NS_PER_S, "a clock set an hour on is noticed");
}

static void test_changes(void)
{
    static const struct {
        const char *name;
        struct clock_look now;
        struct clock_change want;
        bool told;
    } rows[] = {
        {"nothing", {0, 0}, {0, 0}, false},
        {"slew", {NS_PER_S / 2, 0}, {0, 0}, false},
        {"slew that adds up", {NS_PER_S, 0}, {0, NS_PER_S}, true},
        {"set an hour back", {-3599 * NS_PER_S, 0}, {0, -3600 * NS_PER_S}, true},
        {"the same again", {-3599 * NS_PER_S, 0}, {0, 0}, false},
        {"a sleep of an hour", {NS_PER_S, 3600 * NS_PER_S}, {3600 * NS_PER_S, 0}, true},
        {"a sleep, and a clock that was set", {31 * NS_PER_S, 3610 * NS_PER_S}, {10 * NS_PER_S, 20 * NS_PER_S}, true},
    };
    struct clock_look last = {0, 0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct clock_change change;
        is_num(capture_clock_changed(&last, &rows[i].now, &change), rows[i].told, "%s: told", rows[i].name);
        is_num(change.slept, rows[i].want.slept, "%s: slept", rows[i].name);
        is_num(change.set, rows[i].want.set, "%s: set", rows[i].name);
    }
}

int main(void)
{
    test_changes();
    test_unstep();
    test_clock();
    return tap_done();
}
