/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: what is expected of each probe spec, and how a judgement differs from it: a firewall policy as a test.
 * Floor 6; pure but for expect_read().
 *
 * A line is PROBE STATE [at|after ADDRESS]; `#` begins a comment. Each spec stands there once. */
#ifndef HOPSONDE_CLI_OPTIONS_EXPECT_H
#define HOPSONDE_CLI_OPTIONS_EXPECT_H

#include "base/strbuf.h"
#include "verdict/verdict.h"

struct expectation {
    struct probe_spec spec;
    enum verdict_state state;
    bool at, after;      /* one of them at most: where `address` is to be found */
    struct addr address; /* none: any place will do */
    unsigned line;       /* in the file, from 1 */
};

struct expect {
    const char *file; /* its name; borrowed */
    struct expectation rows[SPECS_MOST];
    unsigned count;
};

/* STATUS_USAGE with "FILE:LINE: what is wrong" for the first line that makes no sense, and where nothing is expected.
 * `length` bytes of text; `file` must outlive `out`. */
enum status expect_parse(const char *file, const char *text, size_t length, struct expect *out, struct err *err);
/* The same from a file. STATUS_SYSTEM where it cannot be read. */
enum status expect_read(const char *file, struct expect *out, struct err *err);
/* Adds a line for each spec of which something else was found than expected; a line that says so where none was.
 * Returns how many differ. */
unsigned expect_compare(const struct expect *expect, const struct judgement *judgement, struct strbuf *lines);

#endif
