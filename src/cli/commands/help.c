/* SPDX-License-Identifier: BSD-2-Clause */
/* help and --version. */
#include <stdio.h>

#include "cli/commands/run.h"
#include "cli/shared/report.h"
#include "config.h"

static int print_text(const char *text)
{
    struct err err;
    fputs(text, stdout);
    if (report_flush(stdout, &err) == STATUS_OK)
        return EXIT_REACHED;
    return run_complain(&err);
}

int run_help(struct options *options, const struct run_context *context)
{
    (void)context;
    if (options->version)
        return print_text(PACKAGE_STRING "\n");
    struct strbuf text;
    strbuf_init(&text);
    options_help(&text, options->help_topic);
    int status = print_text(text.text);
    strbuf_free(&text);
    return status;
}
