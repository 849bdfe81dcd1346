/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_view: the full screen of watch as text: what a terminal of this size shows now. Floor: report; pure.
 *
 * cli/terminal/ shows it, and changes the view as keys are pressed. */
#ifndef HOPSONDE_REPORT_SCREEN_SCREEN_VIEW_H
#define HOPSONDE_REPORT_SCREEN_SCREEN_VIEW_H

#include "report/format.h"

/* A smaller terminal shows a message instead. Unit: columns; lines. Source: the columns of the numbers, and a short
 * name; a path of a few hops. */
#define SCREEN_COLUMNS_LEAST 60
#define SCREEN_LINES_LEAST 10

enum screen_mode { SCREEN_TABLE, SCREEN_NUMBERS, SCREEN_TIMES, SCREEN_MODES };

struct screen_view {
    unsigned columns, lines;
    bool color, utf8;
    bool no_names;         /* addresses alone */
    bool percentiles;      /* these columns in place of the others */
    bool paused;           /* the screen stands still; the run goes on */
    bool help, detail;     /* the page of keys; the page of the selected hop */
    bool one_target;       /* of several: the table of one, in place of a row for each */
    unsigned target;       /* number of the selected target, from 0 */
    unsigned first_target; /* rows of targets that are scrolled away */
    unsigned typed;        /* the number that the last keys spell; 0: they were no digits */
    enum screen_mode mode; /* the table with sparklines, without them, or sparklines alone */
    unsigned spec;         /* number of the probe spec that the table shows */
    unsigned selected;     /* TTL of the selected hop; 0: none */
    unsigned first;        /* lines of the table that are scrolled away */
};

/* What a key does. */
enum screen_key {
    SCREEN_KEY_QUIT = 'q',
    SCREEN_KEY_PAUSE = 'p',
    SCREEN_KEY_RESET = 'r',
    SCREEN_KEY_NAMES = 'n',
    SCREEN_KEY_MODE = 'd',
    SCREEN_KEY_COLUMNS = 'j',
    SCREEN_KEY_HELP = '?',
    SCREEN_KEY_NEXT_SPEC = '\t',
    SCREEN_KEY_ENTER = '\r',
    SCREEN_KEY_BACK = 27, /* escape */
    SCREEN_KEY_UP = 256,
    SCREEN_KEY_DOWN,
    SCREEN_KEY_LEFT,
    SCREEN_KEY_RIGHT,
};

/* Adds exactly view->lines lines, each at most view->columns wide, with a newline between them. `result` is that of the
 * run, and `options` are those of its text report. Corrects what the view selects if it is no more. With several
 * targets, the page has a row for each, or shows one as if it were the only one. */
void screen_view_render(struct screen_view *view, const struct output *out, nstime now, struct strbuf *text);
/* Changes the view as the key asks. The caller acts on QUIT and RESET. */
void screen_view_press(struct screen_view *view, const struct result *result, unsigned key);

#endif
