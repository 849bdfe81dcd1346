/* SPDX-License-Identifier: BSD-2-Clause */
/* fullscreen: a live wire that shows the full screen of watch while it waits, and takes keys. Top floor.
 *
 * What the screen shows is report/screen_view.h; this file only puts it on the terminal. It uses the control sequences
 * of ECMA-48, and xterm's for the other screen, which leave the user's own text as it was. */
#ifndef HOPSONDE_CLI_TERMINAL_FULLSCREEN_H
#define HOPSONDE_CLI_TERMINAL_FULLSCREEN_H

#include <signal.h>

#include "report/screen_view.h"
#include "session/wire.h"

struct fullscreen {
    struct wire wire; /* first: a wire is a fullscreen */
    struct wire *inner;
    const struct output *out;               /* the text report */
    const struct result *result;            /* of the first target; it has those of the others */
    struct monitor *monitors[TARGETS_MOST]; /* borrowed; of all targets */
    unsigned monitor_count;
    volatile sig_atomic_t *stop;
    struct screen_view view;
    nstime next_draw;
    struct strbuf shown; /* the page that the terminal shows */
    bool is_on, quits;   /* `quits`: a key ended the run */
};

/* Whether standard input and output are a terminal that can show it. */
bool fullscreen_is_possible(void);
/* Shows it until fullscreen_end(), also when a signal stops the process or lets it crash. All but the wire's own struct
 * is borrowed. `stop` is set to 1 when the user quits. To be called before the process is sealed (SEAL_SCREEN). */
void fullscreen_start(struct fullscreen *screen, struct wire *inner, const struct output *out,
                      struct monitor *const *monitors, unsigned monitor_count, volatile sig_atomic_t *stop);
/* Gives the terminal back. Does nothing if it was not started. */
void fullscreen_end(struct fullscreen *screen);
/* The same at once, for signal handlers. */
void fullscreen_restore(void);

#endif
