/* SPDX-License-Identifier: BSD-2-Clause */
/* --expect: reads the file, and compares its expectations with the judgement. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands/confine.h"
#include "cli/commands/run.h"
#include "cli/options/port_lists.h"
#include "cli/options/probe_list.h"
#include "cli/shared/expect_rounds.h"
#include "cli/shared/report.h"
#include "probe/type.h"
#include "report/wrap.h"

#define FILE_BYTES_MOST 1048576

static enum status cannot_read(const char *file, int code, struct err *err)
{
    return err_set(err, STATUS_SYSTEM, "%s: cannot read the expectations: %s (check the name)", file, strerror(code));
}

static enum status open_file(void *context, struct err *err)
{
    struct run_context *run = context;
    run->expect_file = fopen(run->expect->file, "re");
    return run->expect_file ? STATUS_OK : cannot_read(run->expect->file, errno, err);
}

enum status run_open_expected(const struct options *options, struct run_context *context, struct err *err)
{
    context->expect->file = options->expect_file;
    return confine_as_caller(open_file, context, err);
}

static enum status read_file(const char *file, FILE *stream, struct expect *out, struct err *err)
{
    char *text = malloc(FILE_BYTES_MOST + 1);
    size_t length = text ? fread(text, 1, FILE_BYTES_MOST + 1, stream) : 0;
    enum status status = STATUS_OK;
    if (ferror(stream))
        status = cannot_read(file, errno, err);
    else if (!text)
        status = err_set(err, STATUS_SYSTEM, "%s: cannot read the expectations: out of memory", file);
    else if (length > FILE_BYTES_MOST)
        status = err_set(err, STATUS_SYSTEM, "%s: cannot read the expectations: the file has more than %d bytes", file,
                         FILE_BYTES_MOST);
    if (status == STATUS_OK)
        status = expect_parse(file, text, length, out, err);
    free(text);
    return status;
}

/* Lines about the MTU have it measured. True: no line has a probe, and the defaults stay. */
static bool take_mtu(const struct expect *expect, struct options *options)
{
    unsigned probes = 0;
    for (unsigned i = 0; i < expect->count; i++) {
        options->measures_mtu = options->measures_mtu || expect->rows[i].is_mtu;
        probes += !expect->rows[i].is_mtu;
    }
    return !probes;
}

/* The probes of all lines. So many single ports that they cannot be probed side by side are a list, too. */
static enum status take_rows(const struct expect *expect, struct session_config *config, struct err *err)
{
    bool many = expect->count >= SPECS_MOST;
    enum status status = STATUS_OK;
    config->spec_count = 0;
    for (unsigned i = 0; i < expect->count && status == STATUS_OK; i++) {
        const struct expectation *row = &expect->rows[i];
        if (row->is_mtu)
            continue;
        if (row->list)
            status = port_lists_add(config, row->list, err);
        else if (many && row->spec.type->has_port && !row->spec.name)
            status = port_lists_add_spec(config, &row->spec, err);
        else if (config->spec_count < SPECS_MOST - 1)
            config->specs[config->spec_count++] = row->spec;
        else
            status = err_set(err, STATUS_USAGE, "%s: too many probes (at most %u)", expect->file, SPECS_MOST - 1);
    }
    return status;
}

/* A run in rounds measures no MTU, and probes each port of a list beside the others. */
static enum status check_rounds(const struct options *options, const char *file, struct err *err)
{
    if (options->command != COMMAND_WATCH || (!options->measures_mtu && !options->session.port_list_count))
        return STATUS_OK;
    return err_set(err, STATUS_USAGE, "%s: watch has no MTU, and no lists of over 16 ports (diagnose has)", file);
}

static enum status settle(struct options *options, struct err *err)
{
    if (options->command == COMMAND_WATCH)
        return probe_list_settle_rounds(options, err);
    enum status status = probe_list_settle(options, err);
    return status == STATUS_OK ? port_lists_pace(options, err) : status;
}

enum status run_read_expected(struct options *options, const struct run_context *context, struct err *err)
{
    struct expect *out = context->expect;
    if (!out)
        return STATUS_OK;
    enum status status = read_file(options->expect_file, context->expect_file, out, err);
    bool has_no_probe = status == STATUS_OK && take_mtu(out, options);
    if (status == STATUS_OK && !has_no_probe && options->default_specs) {
        options->session.automatic = false;
        status = take_rows(out, &options->session, err);
        if (status == STATUS_OK)
            status = settle(options, err);
    }
    if (status == STATUS_OK)
        status = check_rounds(options, out->file, err);
    if (status == STATUS_OK && options->measures_mtu && options->session.port_list_count)
        status =
            err_set(err, STATUS_USAGE,
                    "%s: a run measures the MTU or probes over 16 ports, not both (divide the file in two)", out->file);
    return status;
}

/* Prints behind a text report on standard output; else to standard error. */
static void print_compared(const struct output *text, const char *lines)
{
    if (text) {
        fputs("\n", text->file);
        wrap_print(text, lines);
    }
    for (const char *end; !text && (end = strchr(lines, '\n')); lines = end + 1)
        fprintf(stderr, "hopsonde: %.*s\n", (int)(end - lines), lines);
}

int run_print_compared(struct report *report)
{
    const struct result *result = &report->first.result;
    struct strbuf lines;
    strbuf_init(&lines);
    bool ok = result_is_as_expected(result), differed = report->expected && report->expected->differed;
    expect_add_lines(result->expectations, result->expectation_count, &lines);
    if (ok && differed)
        strbuf_add(&lines, "differed for a while: see the events of the kind expectation\n");
    print_compared(report_text(report), lines.text);
    strbuf_free(&lines);
    report_expected(report, NULL, 0);
    return ok && !differed ? EXIT_REACHED : EXIT_NOT_REACHED;
}
