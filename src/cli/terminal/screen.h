/* SPDX-License-Identifier: BSD-2-Clause */
/* screen: what standard output and standard error can show. Top floor. It asks the environment and the terminal, so
 * that reports need not; it must not write. */
#ifndef HOPSONDE_CLI_TERMINAL_SCREEN_H
#define HOPSONDE_CLI_TERMINAL_SCREEN_H

#include <stdbool.h>

/* The columns of text. `columns` is the environment's COLUMNS (NULL: not set), `terminal` what the terminal says (0:
 * there is none, or it does not know). A COLUMNS that is no plausible number is ignored. */
unsigned screen_width(const char *columns, unsigned terminal);
/* Whether `columns`, as above, is followed. */
bool screen_is_set(const char *columns);

/* The columns of the terminal; 0: it is none, or does not know. */
unsigned screen_terminal_columns(int fd);
/* Whether it is a terminal that understands colours and erasing. TERM=dumb is none. */
bool screen_has_escapes(int fd);

#endif
