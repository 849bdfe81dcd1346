/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: the expected verdict of each probe spec, compared with a judgement: a firewall policy as a test (--expect).
 * Top floor; pure.
 *
 * A line is PROBE STATE [at|after ADDRESS], where PROBE may be a port list, as tcp/135-139,445; or mtu [>=]BYTES [at
 * ADDRESS], of the path or of its part up to the link behind this router. `#` starts a comment. A file has each spec
 * once. `out` of expect_parse() is freed with expect_free(), also after an error. */
#ifndef HOPSONDE_CLI_SHARED_EXPECT_H
#define HOPSONDE_CLI_SHARED_EXPECT_H

#include "base/strbuf.h"
#include "report/result.h"

struct expectation {
    struct probe_spec spec;
    struct port_list *list; /* owned; all its ports have the verdict, and `spec` is one of them; NULL: one spec */
    bool is_mtu, at_least;  /* a line about the MTU; it may be larger */
    uint16_t mtu;
    enum verdict_state state;
    bool at, after;      /* at most one: the place in which `address` is expected */
    struct addr address; /* none: any place */
    unsigned line;       /* in the file, from 1 */
};

/* Lines of a file.
 * Unit: lines. Source: chosen; a line may have a whole port list. Effect: longer policies are refused. */
#define EXPECT_ROWS_MOST 256

struct expect {
    const char *file; /* its name; borrowed */
    struct expectation rows[EXPECT_ROWS_MOST];
    struct probe_names names; /* owned; of the specs of the rows */
    unsigned count;
};

/* STATUS_USAGE with "FILE:LINE: what is wrong" for the first bad line, and for a file without expectations. `text` has
 * `length` bytes; `file` must outlive `out`. */
enum status expect_parse(const char *file, const char *text, size_t length, struct expect *out, struct err *err);
/* Compares each row with the verdicts and with the path MTU (NULL: it was not measured); `out` gets expect->count
 * results. Returns how many differ. */
unsigned expect_compare(const struct expect *expect, const struct judgement *judgement, const struct path_mtu *mtu,
                        struct result_expectation out[EXPECT_ROWS_MOST]);
void expect_free(struct expect *expect);
/* "differs: tcp/443: expected open, found dropped after 10.0.2.2 (policy:1)", or "as expected: tcp/443: open
 * (policy:1)". */
void expect_add_line(const struct result_expectation *result, struct strbuf *line);
/* Adds a line for each result that differs, or one line if none does. */
void expect_add_lines(const struct result_expectation *results, unsigned count, struct strbuf *lines);

#endif
