#include "cli/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static unsigned terminal_width(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

/* NO_COLOR: https://no-color.org, any value but the empty one. */
static bool wants_color(enum when when, bool is_terminal)
{
    const char *no_color = getenv("NO_COLOR");
    if (when != WHEN_AUTO)
        return when == WHEN_ALWAYS;
    return is_terminal && !(no_color && *no_color);
}

static enum status open_output(struct output *out, const struct output_request *request, const struct options *options,
                               struct err *err)
{
    bool is_terminal = !request->file && isatty(STDOUT_FILENO);
    out->format = request->format;
    out->options = (struct output_options){
        .color = wants_color(options->color, is_terminal),
        .quiet = options->quiet,
        .verbose = options->verbose,
        .width = is_terminal ? terminal_width() : 80,
    };
    out->file = request->file ? fopen(request->file, "we") : stdout;
    if (!out->file)
        return err_set(err, STATUS_SYSTEM, "%s: cannot write: %s", request->file, strerror(errno));
    return STATUS_OK;
}

enum status report_open(struct report *report, const struct options *options, struct err *err)
{
    memset(report, 0, sizeof *report);
    for (unsigned i = 0; i < options->output_count; i++) {
        enum status status = open_output(&report->outputs[i], &options->outputs[i], options, err);
        if (status != STATUS_OK) {
            struct err ignored;
            report_close(report, &ignored);
            return status;
        }
        report->names[i] = options->outputs[i].file;
        report->count++;
    }
    return STATUS_OK;
}

/* Notes the first failed write, while errno still tells why. */
static void check(struct report *report, unsigned index)
{
    if (!ferror(report->outputs[index].file))
        return;
    if (!report->names[index] && errno == EPIPE)
        report->pipe_closed = true;
    if (report->pipe_closed || report->failed)
        return;
    report->failed = true;
    err_set(&report->error, STATUS_SYSTEM, "%s: cannot write: %s",
            report->names[index] ? report->names[index] : "stdout", strerror(errno));
}

void report_begin(struct report *report, const struct session *session, const struct report_source *source)
{
    for (unsigned i = 0; i < report->count; i++) {
        report->outputs[i].format->begin(&report->outputs[i], session, source);
        check(report, i);
    }
}

static void on_probe(void *context, const struct session *session, const struct trace *trace, const struct probe *probe)
{
    struct report *report = context;
    for (unsigned i = 0; i < report->count; i++)
        if (report->outputs[i].format->probe) {
            report->outputs[i].format->probe(&report->outputs[i], session, trace, probe);
            check(report, i);
        }
}

static void on_hop(void *context, const struct session *session, uint8_t ttl)
{
    struct report *report = context;
    for (unsigned i = 0; i < report->count; i++)
        if (report->outputs[i].format->hop) {
            report->outputs[i].format->hop(&report->outputs[i], session, ttl);
            check(report, i);
        }
}

struct session_events report_events(struct report *report)
{
    return (struct session_events){.context = report, .probe_settled = on_probe, .hop_settled = on_hop};
}

void report_end(struct report *report, const struct session *session, const struct judgement *judgement,
                const struct report_source *source)
{
    for (unsigned i = 0; i < report->count; i++) {
        report->outputs[i].format->end(&report->outputs[i], session, judgement, source);
        fflush(report->outputs[i].file);
        check(report, i);
    }
}

enum status report_close(struct report *report, struct err *err)
{
    for (unsigned i = 0; i < report->count; i++) {
        FILE *file = report->outputs[i].file;
        if (fflush(file) != 0)
            check(report, i);
        if (report->names[i] && fclose(file) != 0 && !report->failed) {
            report->failed = true;
            err_set(&report->error, STATUS_SYSTEM, "%s: cannot write: %s", report->names[i], strerror(errno));
        }
    }
    report->count = 0;
    if (report->failed)
        *err = report->error;
    return report->failed ? STATUS_SYSTEM : STATUS_OK;
}
