/* SPDX-License-Identifier: BSD-2-Clause */
/* --expect: reads the file, and compares its expectations with the judgement. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands/run.h"
#include "cli/options/probe_list.h"
#include "cli/report.h"
#include "live/privileges.h"
#include "report/wrap.h"

#define FILE_BYTES_MOST 65536

static enum status read_file(const char *file, struct expect *out, struct err *err)
{
    FILE *stream = fopen(file, "re");
    char *text = malloc(FILE_BYTES_MOST + 1);
    size_t length = stream && text ? fread(text, 1, FILE_BYTES_MOST + 1, stream) : 0;
    enum status status = STATUS_OK;
    if (!stream || ferror(stream))
        status =
            err_set(err, STATUS_SYSTEM, "%s: cannot read the expectations: %s (check the name)", file, strerror(errno));
    else if (!text)
        status = err_set(err, STATUS_SYSTEM, "%s: cannot read the expectations: out of memory", file);
    else if (length > FILE_BYTES_MOST)
        status = err_set(err, STATUS_SYSTEM, "%s: cannot read the expectations: the file has more than %d bytes", file,
                         FILE_BYTES_MOST);
    if (stream)
        fclose(stream);
    if (status == STATUS_OK)
        status = expect_parse(file, text, length, out, err);
    free(text);
    return status;
}

enum status run_read_expected(struct options *options, struct expect *out, struct err *err)
{
    struct probe_spec specs[SPECS_MOST];
    struct privileges_user user;
    struct err resume_err;
    enum status status = privileges_become_user(&user, err);
    if (status != STATUS_OK)
        return status;
    status = read_file(options->expect_file, out, err);
    if (privileges_resume(&user, &resume_err) != STATUS_OK && status == STATUS_OK) {
        *err = resume_err;
        status = resume_err.status;
    }
    if (status != STATUS_OK || !options->default_specs)
        return status;
    for (unsigned i = 0; i < out->count; i++)
        specs[i] = out->rows[i].spec;
    return probe_list_of_specs(&options->session, specs, out->count, options->only, err);
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

void run_compare(const struct run_context *context, const struct judgement *judgement, struct report *report,
                 struct result_expectation results[SPECS_MOST])
{
    expect_compare(context->expect, judgement, results);
    report_expected(report, results, context->expect->count);
}

int run_print_compared(struct report *report)
{
    const struct result *result = &report->result;
    struct strbuf lines;
    strbuf_init(&lines);
    expect_add_lines(result->expectations, result->expectation_count, &lines);
    print_compared(report_text(report), lines.text);
    strbuf_free(&lines);
    bool ok = result_is_as_expected(result);
    report_expected(report, NULL, 0);
    return ok ? EXIT_REACHED : EXIT_NOT_REACHED;
}
