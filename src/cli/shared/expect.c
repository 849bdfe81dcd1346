/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/shared/expect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/values/values.h"
#include "verdict/port_verdicts.h"

#define LINE_BYTES_MOST (PORT_LIST_TEXT_MOST + 256)
#define WORDS_MOST 4
#define BLANKS " \t\r\f\v"

/* --- the file --- */

/* A bad line. Messages quote its text escaped, and cut if it is long. */
struct fault {
    const char *file;
    unsigned line;
    struct err *err;
};

static enum status complain(const struct fault *fault, const char *word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum status complain(const struct fault *fault, const char *word, const char *format, ...)
{
    va_list args;
    struct strbuf said;
    strbuf_init(&said);
    strbuf_add_escaped(&said, fault->file, strlen(fault->file));
    strbuf_addf(&said, ":%u: ", fault->line);
    if (word) {
        size_t length = strlen(word);
        strbuf_add_escaped(&said, word, length > 40 ? 40 : length);
        strbuf_add(&said, length > 40 ? "...: " : ": ");
    }
    va_start(args, format);
    strbuf_addfv(&said, format, args);
    va_end(args);
    err_set(fault->err, STATUS_USAGE, "%s", said.text);
    strbuf_free(&said);
    return STATUS_USAGE;
}

static enum status take_spec(const struct fault *fault, const char *word, struct probe_names *names,
                             struct probe_spec *out)
{
    struct err cause;
    if (probe_spec_parse(word, out, &cause) == STATUS_OK)
        return probe_names_keep(names, out) ? STATUS_OK : err_set(fault->err, STATUS_SYSTEM, "out of memory");
    return complain(fault, word, "%s", value_cause(cause.message, word));
}

static enum status take_state(const struct fault *fault, const char *word, enum verdict_state *out)
{
    struct strbuf known;
    strbuf_init(&known);
    strbuf_add(&known, "no such state (");
    for (unsigned i = 0; i < VERDICT_STATES; i++) {
        const char *name = verdict_state_name((enum verdict_state)i);
        if (strcasecmp(word, name) == 0) {
            *out = (enum verdict_state)i;
            strbuf_free(&known);
            return STATUS_OK;
        }
        strbuf_addf(&known, "%s%s", i ? ", " : "", name);
    }
    strbuf_add(&known, ")");
    complain(fault, word, "%s", known.text);
    strbuf_free(&known);
    return STATUS_USAGE;
}

static enum status take_place(const struct fault *fault, const char *where, const char *address,
                              struct expectation *out)
{
    out->at = strcasecmp(where, "at") == 0;
    out->after = strcasecmp(where, "after") == 0;
    if (!out->at && !out->after)
        return complain(fault, where, "expected `at ADDRESS` or `after ADDRESS`, or nothing after the state");
    if (!address)
        return complain(fault, where, "the address is missing");
    if (!addr_parse(address, &out->address))
        return complain(fault, address, "expected an IPv4 or IPv6 address");
    return STATUS_OK;
}

static enum status take_list(const struct fault *fault, const char *word, struct expectation *row)
{
    struct err cause;
    row->list = malloc(sizeof *row->list);
    if (!row->list)
        return err_set(fault->err, STATUS_SYSTEM, "out of memory");
    if (port_list_parse(word, row->list, &cause) != STATUS_OK)
        return complain(fault, word, "%s", value_cause(cause.message, word));
    row->spec = row->list->spec;
    return STATUS_OK;
}

static bool row_has(const struct expectation *row, const struct probe_spec *spec)
{
    if (!row->list)
        return probe_spec_equal(&row->spec, spec);
    struct probe_spec own = port_list_spec(row->list, spec->port);
    return row->spec.type == spec->type && port_list_has(row->list, spec->port) && probe_spec_equal(&own, spec);
}

static bool rows_overlap(const struct expectation *a, const struct expectation *b)
{
    if (!b->list)
        return row_has(a, &b->spec);
    for (unsigned port = port_list_next(b->list, 1); port; port = port_list_next(b->list, port + 1)) {
        struct probe_spec spec = port_list_spec(b->list, (uint16_t)port);
        if (row_has(a, &spec))
            return true;
    }
    return false;
}

static enum status take_words(const struct fault *fault, char *const *words, unsigned count, const struct expect *out,
                              struct expectation *taken)
{
    struct expectation row = *taken;
    for (unsigned i = 0; i < out->count; i++)
        if (!out->rows[i].is_mtu && rows_overlap(&out->rows[i], &row))
            return complain(fault, words[0], "line %u already has this probe", out->rows[i].line);
    if (count < 2)
        return complain(fault, words[0], "the state is missing (PROBE STATE, as tcp/443 open)");
    enum status status = take_state(fault, words[1], &row.state);
    if (status == STATUS_OK && count > 2)
        status = take_place(fault, words[2], count > 3 ? words[3] : NULL, &row);
    if (status == STATUS_OK && out->count == EXPECT_ROWS_MOST)
        return complain(fault, words[0], "too many lines (at most %u)", EXPECT_ROWS_MOST);
    *taken = row;
    return status;
}

static enum status take_mtu(const struct fault *fault, char *const *words, unsigned count, struct expectation *row)
{
    uint64_t bytes;
    const char *text = count > 1 ? words[1] : "";
    row->is_mtu = true;
    row->at_least = strncmp(text, ">=", 2) == 0;
    if (!value_number(text + (row->at_least ? 2 : 0), false, MTU_LEAST_V4, UINT16_MAX, &bytes))
        return complain(fault, count > 1 ? text : words[0], "expected bytes, as mtu 1400 or mtu >=1400");
    row->mtu = (uint16_t)bytes;
    if (count == 2)
        return STATUS_OK;
    enum status status = take_place(fault, words[2], count > 3 ? words[3] : NULL, row);
    return status == STATUS_OK && row->after ? complain(fault, words[2], "an MTU has `at ADDRESS` only") : status;
}

static enum status add_mtu(const struct fault *fault, char *const *words, unsigned count, struct expect *out)
{
    struct expectation row = {.line = fault->line};
    enum status status = take_mtu(fault, words, count, &row);
    if (status == STATUS_OK && out->count == EXPECT_ROWS_MOST)
        status = complain(fault, words[0], "too many lines (at most %u)", EXPECT_ROWS_MOST);
    if (status == STATUS_OK)
        out->rows[out->count++] = row;
    return status;
}

static enum status take_row(const struct fault *fault, char *const *words, unsigned count, struct expect *out)
{
    if (strcasecmp(words[0], "mtu") == 0)
        return add_mtu(fault, words, count, out);
    struct expectation row = {.line = fault->line};
    enum status status = port_list_is_meant(words[0]) ? take_list(fault, words[0], &row)
                                                      : take_spec(fault, words[0], &out->names, &row.spec);
    if (status == STATUS_OK)
        status = take_words(fault, words, count, out, &row);
    if (status == STATUS_OK)
        out->rows[out->count++] = row;
    else
        free(row.list);
    return status;
}

static enum status take_line(const struct fault *fault, const char *text, size_t length, struct expect *out)
{
    char line[LINE_BYTES_MOST], *words[WORDS_MOST], *rest = line;
    unsigned count = 0;
    const char *comment = memchr(text, '#', length);
    length = comment ? (size_t)(comment - text) : length;
    if (memchr(text, '\0', length))
        return complain(fault, NULL, "this is not text");
    if (length >= sizeof line)
        return complain(fault, NULL, "the line is too long (expected PROBE STATE [at|after ADDRESS])");
    memcpy(line, text, length);
    line[length] = '\0';
    for (char *word = strtok_r(line, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest)) {
        if (count == WORDS_MOST)
            return complain(fault, word, "unexpected text after PROBE STATE [at|after ADDRESS]");
        words[count++] = word;
    }
    return count ? take_row(fault, words, count, out) : STATUS_OK;
}

enum status expect_parse(const char *file, const char *text, size_t length, struct expect *out, struct err *err)
{
    struct fault fault = {.file = file, .err = err};
    *out = (struct expect){.file = file};
    for (const char *end = text + length; text < end;) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t line = newline ? (size_t)(newline - text) : (size_t)(end - text);
        fault.line++;
        enum status status = take_line(&fault, text, line, out);
        if (status != STATUS_OK)
            return status;
        text += line + (newline != NULL);
    }
    fault.line += !fault.line;
    return out->count ? STATUS_OK
                      : complain(&fault, NULL, "no expectations in this file (a line is PROBE STATE, as tcp/443 open)");
}

/* --- the comparison --- */

static const struct verdict *find_verdict(const struct judgement *judgement, const struct probe_spec *spec)
{
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        if (probe_spec_equal(&judgement->verdicts[i].trace->flow.spec, spec))
            return &judgement->verdicts[i];
    return NULL;
}

static bool is_met(const struct expectation *row, const struct verdict *verdict)
{
    if (!verdict || verdict->state != row->state)
        return false;
    return (!row->at || addr_equal(&row->address, &verdict->at.address)) &&
           (!row->after || addr_equal(&row->address, &verdict->after.address));
}

static void add_place(struct strbuf *text, const char *word, const struct addr *address)
{
    char place[ADDR_TEXT_BYTES];
    addr_format(address, place);
    if (*place)
        strbuf_addf(text, " %s %s", word, place);
}

/* `after` adds nothing to a verdict that has `at`. */
static void add_found(struct strbuf *text, const struct expectation *row, const struct verdict *verdict)
{
    if (!verdict) {
        strbuf_add(text, "not probed");
        return;
    }
    bool has_at = !addr_is_none(&verdict->at.address) && !row->after;
    strbuf_add(text, verdict_state_name(verdict->state));
    if (verdict_reaches(verdict) && !row->at && !row->after)
        return;
    add_place(text, has_at ? "at" : "after", has_at ? &verdict->at.address : &verdict->after.address);
}

/* The verdict of this spec, also if it is one port of a list; NULL: it was not probed. `room` may hold it. */
static const struct verdict *verdict_of(const struct judgement *judgement, const struct probe_spec *spec,
                                        struct verdict *room)
{
    const struct verdict *found = find_verdict(judgement, spec);
    return found ? found : ports_find(judgement->ports, spec, room) ? room : NULL;
}

/* The first port of the list whose verdict differs, else the last. */
static const struct verdict *judge_row(const struct expectation *row, const struct judgement *judgement,
                                       struct verdict *room, struct probe_spec *spec)
{
    const struct verdict *verdict = NULL;
    *spec = row->spec;
    if (!row->list)
        return verdict_of(judgement, spec, room);
    for (unsigned port = port_list_next(row->list, 1); port; port = port_list_next(row->list, port + 1)) {
        *spec = port_list_spec(row->list, (uint16_t)port);
        verdict = verdict_of(judgement, spec, room);
        if (!is_met(row, verdict))
            break;
    }
    return verdict;
}

/* --- the MTU --- */

/* The hop of this router; 0: it is not on the path. */
static uint8_t hop_of(const struct path_mtu *mtu, const struct addr *address)
{
    for (unsigned i = 0; i < mtu->step_count; i++)
        if (addr_equal(&mtu->steps[i].after, address))
            return mtu->steps[i].after_ttl;
    for (unsigned ttl = 1; ttl <= mtu->end_ttl; ttl++) {
        struct addr router = trace_hop_address(mtu->trace, (uint8_t)ttl);
        if (addr_equal(&router, address))
            return (uint8_t)ttl;
    }
    return 0;
}

/* What the path takes up to the link behind this hop. */
static uint16_t mtu_behind(const struct path_mtu *mtu, uint8_t hop)
{
    uint16_t least = mtu->interface;
    for (unsigned i = 0; i < mtu->step_count && mtu->steps[i].after_ttl <= hop; i++)
        least = mtu->steps[i].mtu < least ? mtu->steps[i].mtu : least;
    return least;
}

static void fill_mtu(const struct expectation *row, const struct path_mtu *mtu, struct result_expectation *out)
{
    uint8_t hop = mtu && row->at ? hop_of(mtu, &row->address) : UINT8_MAX;
    uint16_t found = mtu ? mtu_behind(mtu, hop) : 0;
    char place[ADDR_TEXT_BYTES] = "";
    if (row->at)
        addr_format(&row->address, place);
    out->is_mtu = true;
    out->probed = mtu != NULL;
    out->ok = mtu && mtu->complete && hop && (row->at_least ? found >= row->mtu : found == row->mtu);
    snprintf(out->expected, sizeof out->expected, "mtu %s%u%s%s", row->at_least ? ">=" : "", row->mtu,
             row->at ? " at " : "", place);
    if (!mtu)
        snprintf(out->found, sizeof out->found, "not measured");
    else if (!hop)
        snprintf(out->found, sizeof out->found, "%s is not on the path", place);
    else
        snprintf(out->found, sizeof out->found, "mtu %s%u", mtu->complete ? "" : "at most ", found);
}

static void fill_result(const struct expect *expect, const struct expectation *row, const struct judgement *judgement,
                        struct result_expectation *out)
{
    struct strbuf text;
    struct verdict room;
    struct probe_spec spec;
    const struct verdict *verdict = judge_row(row, judgement, &room, &spec);
    strbuf_init(&text);
    *out = (struct result_expectation){.spec = row->spec,
                                       .list = row->list,
                                       .ok = is_met(row, verdict),
                                       .probed = verdict != NULL,
                                       .file = expect->file,
                                       .line = row->line};
    strbuf_add(&text, verdict_state_name(row->state));
    if (row->at || row->after)
        add_place(&text, row->at ? "at" : "after", &row->address);
    snprintf(out->expected, sizeof out->expected, "%s", text.text);
    strbuf_clear(&text);
    if (row->list && !out->ok) {
        char name[PROBE_SPEC_TEXT_BYTES];
        probe_spec_format(&spec, name);
        strbuf_addf(&text, "%s ", name);
    }
    add_found(&text, row, verdict);
    snprintf(out->found, sizeof out->found, "%s", text.text);
    strbuf_free(&text);
}

unsigned expect_compare(const struct expect *expect, const struct judgement *judgement, const struct path_mtu *mtu,
                        struct result_expectation out[EXPECT_ROWS_MOST])
{
    unsigned differing = 0;
    for (unsigned i = 0; i < expect->count; i++) {
        const struct expectation *row = &expect->rows[i];
        out[i] = (struct result_expectation){.file = expect->file, .line = row->line};
        if (row->is_mtu)
            fill_mtu(row, mtu, &out[i]);
        else
            fill_result(expect, row, judgement, &out[i]);
        differing += !out[i].ok;
    }
    return differing;
}

void expect_add_line(const struct result_expectation *result, struct strbuf *lines)
{
    char spec[PROBE_SPEC_TEXT_BYTES], target[ADDR_TEXT_BYTES];
    addr_format(&result->target, target);
    strbuf_addf(lines, "%s: %s%s", result->ok ? "as expected" : "differs", target, *target ? ": " : "");
    if (result->is_mtu) {
        strbuf_add(lines, "path MTU");
    } else if (result->list) {
        port_list_add_text(result->list, 1, 65535, lines);
    } else {
        probe_spec_format(&result->spec, spec);
        strbuf_add(lines, spec);
    }
    if (result->ok)
        strbuf_addf(lines, ": %s (", result->found);
    else
        strbuf_addf(lines, ": expected %s, %s%s (", result->expected, result->probed ? "found " : "", result->found);
    strbuf_add_escaped(lines, result->file, strlen(result->file));
    strbuf_addf(lines, ":%u)", result->line);
}

static bool has_mtu(const struct result_expectation *results, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (results[i].is_mtu)
            return true;
    return false;
}

void expect_add_lines(const struct result_expectation *results, unsigned count, struct strbuf *lines)
{
    bool differs = false;
    for (unsigned i = 0; i < count; i++) {
        differs = differs || !results[i].ok;
        if (results[i].ok)
            continue;
        expect_add_line(&results[i], lines);
        strbuf_add(lines, "\n");
    }
    if (differs || !count)
        return;
    strbuf_addf(lines, "as expected: %u of %u %s (", count, count, has_mtu(results, count) ? "lines" : "probes");
    strbuf_add_escaped(lines, results[0].file, strlen(results[0].file));
    strbuf_add(lines, ")\n");
}

void expect_free(struct expect *expect)
{
    for (unsigned i = 0; i < expect->count; i++)
        free(expect->rows[i].list);
    expect->count = 0;
    probe_names_free(&expect->names);
}
