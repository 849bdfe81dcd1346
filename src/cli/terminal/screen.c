/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/terminal/screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "report/format.h"

#define COLUMNS_DEFAULT 80 /* columns, of a pipe or a file */
#define COLUMNS_LEAST 20   /* columns; a smaller COLUMNS is a mistake */
#define COLUMNS_MOST 1000  /* columns; a larger COLUMNS is a mistake */

/* 0: not plausible. */
static unsigned plausible(const char *columns)
{
    size_t digits = columns ? strspn(columns, "0123456789") : 0;
    if (!digits || columns[digits] || digits > 4)
        return 0;
    unsigned long number = strtoul(columns, NULL, 10);
    return number >= COLUMNS_LEAST && number <= COLUMNS_MOST ? (unsigned)number : 0;
}

bool screen_is_set(const char *columns)
{
    return plausible(columns) > 0;
}

unsigned screen_width(const char *columns, unsigned terminal)
{
    unsigned width = plausible(columns);
    width = width ? width : terminal;
    width = width ? width : COLUMNS_DEFAULT;
    if (width < OUTPUT_WIDTH_LEAST)
        return OUTPUT_WIDTH_LEAST;
    return width > OUTPUT_WIDTH_MOST ? OUTPUT_WIDTH_MOST : width;
}

unsigned screen_terminal_columns(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool screen_has_escapes(int fd)
{
    const char *term = getenv("TERM");
    return term && *term && strcmp(term, "dumb") != 0 && isatty(fd);
}
