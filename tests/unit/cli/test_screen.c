/* SPDX-License-Identifier: BSD-2-Clause */
/* The columns of text: COLUMNS, the terminal, or the default; and which terminals have no escapes. */
#include "cli/terminal/screen.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tap.h"

static void test_width(void)
{
    static const struct {
        const char *columns;
        unsigned terminal, want;
        bool is_set;
    } rows[] = {
        {NULL, 0, 80, false},
        {NULL, 120, 120, false},
        {NULL, 60, 60, false},
        {NULL, 59, 60, false},
        {NULL, 40, 60, false},
        {NULL, 200, 200, false},
        {NULL, 201, 200, false},
        {"100", 0, 100, true},
        {"100", 120, 100, true},
        {"60", 120, 60, true},
        {"20", 120, 60, true},
        {"19", 120, 120, false},
        {"19", 0, 80, false},
        {"0", 120, 120, false},
        {"0", 0, 80, false},
        {"5", 0, 80, false},
        {"200", 80, 200, true},
        {"1000", 80, 200, true},
        {"1001", 90, 90, false},
        {"1000000", 0, 80, false},
        {"", 0, 80, false},
        {"wide", 0, 80, false},
        {"100x", 0, 80, false},
        {" 100", 0, 80, false},
        {"-100", 0, 80, false},
        {"+100", 0, 80, false},
        {"0x64", 0, 80, false},
        {"1e2", 0, 80, false},
        {"0100", 0, 100, true},
        {"100.5", 0, 80, false},
        {"99999999999999999999", 0, 80, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *name = rows[i].columns ? rows[i].columns : "(not set)";
        is_num(screen_width(rows[i].columns, rows[i].terminal), rows[i].want, "COLUMNS %s, a terminal of %u", name,
               rows[i].terminal);
        ok(screen_is_set(rows[i].columns) == rows[i].is_set, "followed: %d", rows[i].is_set);
    }
}

static void test_escapes(void)
{
    const int unlock = 0;
    int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY), none = open("/dev/null", O_RDWR);
    int screen = ioctl(terminal, TIOCSPTLCK, &unlock) == 0 ? ioctl(terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY) : -1;
    if (screen < 0 || none < 0)
        abort();
    static const struct {
        const char *term;
        bool want;
    } rows[] = {{"xterm", true}, {"dumb", false}, {"", false}, {NULL, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].term)
            setenv("TERM", rows[i].term, 1);
        else
            unsetenv("TERM");
        ok(screen_has_escapes(screen) == rows[i].want, "TERM=%s", rows[i].term ? rows[i].term : "(not set)");
        ok(!screen_has_escapes(none), "a file or a pipe has none");
    }
    is_num(screen_terminal_columns(none), 0, "nor a width");
    const struct winsize size = {.ws_row = 24, .ws_col = 132};
    is_num(screen_terminal_columns(screen), 0, "a terminal that does not know its width");
    if (ioctl(terminal, TIOCSWINSZ, &size) != 0)
        abort();
    is_num(screen_terminal_columns(screen), 132, "a terminal that does");
    close(screen);
    close(terminal);
    close(none);
}

int main(void)
{
    test_width();
    test_escapes();
    return tap_done();
}
