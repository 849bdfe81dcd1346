/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/columns.h"

#include <string.h>

#define DOTS ".."

/* The number of bytes in the first `columns` characters. */
static size_t bytes_of(const char *printable, unsigned columns)
{
    size_t bytes = 0;
    for (unsigned count = 0; printable[bytes]; bytes++)
        if (((unsigned char)printable[bytes] & 0xc0) != 0x80 && count++ == columns)
            break;
    return bytes;
}

unsigned columns_count(const char *printable)
{
    unsigned columns = 0;
    for (; *printable; printable++)
        columns += ((unsigned char)*printable & 0xc0) != 0x80;
    return columns;
}

unsigned columns_add_cut(struct strbuf *text, const char *printable, unsigned columns)
{
    unsigned whole = columns_count(printable), dots = (unsigned)strlen(DOTS);
    if (whole <= columns) {
        strbuf_add(text, printable);
        return whole;
    }
    if (columns < dots)
        return 0;
    strbuf_add_bytes(text, printable, bytes_of(printable, columns - dots));
    strbuf_add(text, DOTS);
    return columns;
}
