/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/shared/report_files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/terminal/screen.h"

/* NO_COLOR (https://no-color.org) counts with any value but the empty one. */
static bool wants_color(enum when when, bool is_file)
{
    const char *no_color = getenv("NO_COLOR");
    if (when != WHEN_AUTO)
        return when == WHEN_ALWAYS;
    return !is_file && screen_has_escapes(STDOUT_FILENO) && !(no_color && *no_color);
}

static enum status cannot_write(const char *name, int code, struct err *err)
{
    return err_set(err, STATUS_SYSTEM, "%s: cannot write: %s (%s)", name ? name : "standard output", strerror(code),
                   err_write_remedy(code));
}

static FILE *open_file(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file && fd >= 0)
        close(fd);
    return file;
}

/* A pipe or a file is for scripts: a line a TTL, and sentences in one line unless COLUMNS says how wide it is. */
static void fit_screen(struct output_options *out, bool is_terminal, const struct options *options)
{
    const char *columns = getenv("COLUMNS");
    out->width = screen_width(columns, is_terminal ? screen_terminal_columns(STDOUT_FILENO) : 0);
    out->wrap = is_terminal || screen_is_set(columns) ? out->width : 0;
    out->one_per_line = options->one_per_line || !is_terminal;
}

static enum status open_output(struct output *out, const struct output_request *request, const struct options *options,
                               struct err *err)
{
    out->format = request->format;
    out->options = (struct output_options){
        .color = wants_color(options->color, request->file),
        .quiet = options->quiet,
        .verdicts_only = options->quiet,
        .report_only = options->report_only,
        .verbose = options->verbose,
    };
    fit_screen(&out->options, !request->file && isatty(STDOUT_FILENO), options);
    out->options.replaces = request->format->replaces && request->file;
    if (out->options.replaces)
        return STATUS_OK;
    out->file = request->file ? open_file(request->file) : stdout;
    return out->file ? STATUS_OK : cannot_write(request->file, errno, err);
}

/* --- files that are replaced --- */

/* False: it cannot be opened; errno has the cause. */
static bool open_beside(struct report *report, unsigned index)
{
    int fd = keeper_open_beside(report->keeper, report->kept[index]);
    report->outputs[index].file = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd >= 0 && !report->outputs[index].file)
        close(fd);
    return report->outputs[index].file != NULL;
}

static bool replace_file(struct report *report, unsigned index)
{
    FILE *file = report->outputs[index].file;
    report->outputs[index].file = NULL;
    return fclose(file) == 0 && keeper_replace(report->keeper, report->kept[index]) == 0;
}

/* A directory that cannot be written is told before the run. */
static enum status start_keeper(struct report *report, struct err *err)
{
    const char *paths[OUTPUTS_MOST];
    unsigned count = 0;
    for (unsigned i = 0; i < report->count; i++)
        if (report->outputs[i].options.replaces) {
            report->kept[i] = count;
            paths[count++] = report->names[i];
        }
    enum status status = count ? keeper_start(paths, count, &report->keeper, err) : STATUS_OK;
    for (unsigned i = 0; i < report->count && count && status == STATUS_OK; i++)
        if (report->outputs[i].options.replaces && !open_beside(report, i))
            status = cannot_write(report->names[i], errno, err);
        else if (report->outputs[i].options.replaces)
            fclose(report->outputs[i].file), report->outputs[i].file = NULL;
    return status;
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
    return start_keeper(report, err);
}

enum status report_check_apart(const struct report *report, const struct stat *other, const char *path, struct err *err)
{
    struct stat mine;
    if (!S_ISREG(other->st_mode))
        return STATUS_OK;
    for (unsigned i = 0; i < report->count; i++)
        if (report->outputs[i].file && fstat(fileno(report->outputs[i].file), &mine) == 0 &&
            mine.st_dev == other->st_dev && mine.st_ino == other->st_ino)
            return err_set(err, STATUS_USAGE, "%s: the report goes into this file (name another after -o)", path);
    return STATUS_OK;
}

void report_files_note(struct report *report, unsigned index)
{
    if (!report->failed)
        cannot_write(report->names[index], errno, &report->error);
    report->failed = true;
}

/* True: a write failed because the reader of a pipe has closed it. If errno is that of a later call, poll() shows it.
 */
static bool reader_is_gone(FILE *file)
{
    struct pollfd poll_fd = {.fd = fileno(file), .events = POLLOUT};
    return errno == EPIPE || (poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & (POLLERR | POLLHUP)));
}

void report_files_check(struct report *report, unsigned index)
{
    int code = errno;
    FILE *file = report->outputs[index].file;
    if (!file || !ferror(file) || (report->pipe_closed && !report->names[index]))
        return;
    report->pipe_closed = report->pipe_closed || (!report->names[index] && reader_is_gone(file));
    errno = code;
    if (!report->pipe_closed || report->names[index])
        report_files_note(report, index);
    else if (report->stop && report->count == 1)
        *report->stop = 1;
}

void report_files_empty(struct report *report, unsigned index)
{
    if (report->names[index] && report->outputs[index].file && !report->emptied[index] &&
        ftruncate(fileno(report->outputs[index].file), 0) != 0 && errno != EINVAL)
        report_files_note(report, index);
    report->emptied[index] = true;
}

bool report_files_begin(struct report *report, unsigned index)
{
    bool good = !report->outputs[index].options.replaces || open_beside(report, index);
    if (!good)
        report_files_note(report, index);
    return good;
}

void report_files_end(struct report *report, unsigned index)
{
    if (report->outputs[index].options.replaces && !replace_file(report, index))
        report_files_note(report, index);
}

void report_files_close(struct report *report)
{
    for (unsigned i = 0; i < report->count; i++) {
        FILE *file = report->outputs[i].file;
        if (!file)
            continue;
        if (fflush(file) != 0)
            report_files_check(report, i);
        if (report->names[i] && fclose(file) != 0)
            report_files_note(report, i);
    }
    report->count = 0;
    keeper_end(report->keeper);
    report->keeper = NULL;
}

enum status report_flush(FILE *file, struct err *err)
{
    bool flushed = fflush(file) == 0;
    int code = errno; /* of an earlier write where there was nothing left to flush */
    if (flushed && !ferror(file))
        return STATUS_OK;
    return reader_is_gone(file) ? STATUS_OK : cannot_write(NULL, code, err);
}
