/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/terminal/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/terminal/screen.h"

#define SHOWN_AFTER 1.0    /* seconds from the start, so that short runs show no line */
#define SHOWN_EVERY 0.2    /* seconds between two updates of the line */
#define COLUMNS_UNKNOWN 80 /* columns of a terminal that does not tell its width */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void progress_start(struct progress *progress, bool wanted)
{
    *progress = (struct progress){.wanted = wanted && screen_has_escapes(STDERR_FILENO)};
    if (!progress->wanted)
        return;
    progress->started = now();
    progress->next = progress->started + SHOWN_AFTER;
}

static void add_left(struct strbuf *line, unsigned seconds)
{
    strbuf_addf(line, "%u:%02u", seconds / 60, seconds % 60);
}

/* Adds "[######------------------] 25%, 0:03 left, " for files of known size. */
static void add_bar(struct strbuf *line, double part, double seconds_left)
{
    static const char full[] = "########################", rest[] = "------------------------";
    int columns = (int)sizeof full - 1, done = (int)(part * columns);
    strbuf_addf(line, "[%.*s%.*s] %.0f%%, ", done, full, columns - done, rest, 100 * part);
    add_left(line, (unsigned)(seconds_left + 0.5));
    strbuf_add(line, " left, ");
}

bool progress_is_due(const struct progress *progress)
{
    return progress->wanted && now() >= progress->next;
}

size_t progress_fitting(const struct strbuf *line, size_t columns)
{
    if (line->length <= columns)
        return line->length;
    for (size_t end = columns; end > 0; end--)
        if (line->text[end] == ',')
            return end;
    return columns;
}

/* Shows the line, cut before a comma so that the terminal does not wrap it: erasing it must not leave a row behind. */
static void show_line(struct progress *progress, double time, struct strbuf *line)
{
    unsigned columns = screen_terminal_columns(STDERR_FILENO);
    size_t shown = progress_fitting(line, (columns ? columns : COLUMNS_UNKNOWN) - 1);
    progress->next = time + SHOWN_EVERY;
    progress->shown = true;
    fprintf(stderr, "\r\033[K%.*s", (int)shown, line->text);
    fflush(stderr);
    strbuf_free(line);
}

void progress_show(struct progress *progress, uint64_t frames, uint64_t done, uint64_t total)
{
    if (!progress_is_due(progress))
        return;
    double time = now(), passed = time - progress->started;
    struct strbuf line;
    strbuf_init(&line);
    strbuf_add(&line, "hopsonde: ");
    if (total && done && done <= total)
        add_bar(&line, (double)done / (double)total, passed * (double)(total - done) / (double)done);
    strbuf_addf(&line, "%.1f million packets", (double)frames / 1e6);
    show_line(progress, time, &line);
}

/* "[##----] 350/1024 ports, 420 sent, 0:03 left" fits into 60 columns up to 65535 ports. The time left is that of the
 * ports without an answer, at the pace so far. */
static void add_ports(struct strbuf *line, const struct progress_run *run, double passed)
{
    static const char full[] = "######", rest[] = "------";
    int columns = (int)sizeof full - 1, done = (int)((double)run->decided / run->ports * columns);
    strbuf_addf(line, "[%.*s%.*s] %u/%u ports, %u sent", done, full, columns - done, rest, run->decided, run->ports,
                run->sent);
    if (!run->decided)
        return;
    strbuf_add(line, ", ");
    add_left(line, (unsigned)(passed * (run->ports - run->decided) / run->decided + 0.5));
    strbuf_add(line, " left");
}

/* The times come first, so that a narrow terminal shows them. */
static void add_wait(struct strbuf *line, const struct progress_wait *wait)
{
    if (wait->refused_s) {
        add_left(line, wait->refused_s);
        strbuf_add(line, " until the control is sent again, both hosts are refused, ");
    }
    if (!wait->spec[0])
        return;
    add_left(line, wait->next_s);
    strbuf_addf(line, " until %s, ", wait->spec);
    if (wait->last_s == wait->next_s)
        return;
    add_left(line, wait->last_s);
    strbuf_add(line, " in all, ");
}

void progress_add_run(const struct progress_run *run, double passed, struct strbuf *line)
{
    strbuf_add(line, "hopsonde: ");
    if (!run->spec[0])
        add_wait(line, &run->wait);
    if (run->ports)
        add_ports(line, run, passed);
    else
        strbuf_addf(line, "%u packets sent", run->sent);
    if (run->farthest)
        strbuf_addf(line, ", hop %u replied", run->farthest);
    if (run->spec[0])
        strbuf_addf(line, ", probing hop %u with %s", run->ttl, run->spec);
    else if (!run->wait.spec[0] && !run->wait.refused_s)
        strbuf_add(line, ", waiting for replies");
}

void progress_show_run(struct progress *progress, const struct progress_run *run)
{
    double time = now();
    struct strbuf line;
    strbuf_init(&line);
    progress_add_run(run, time - progress->started, &line);
    show_line(progress, time, &line);
}

void progress_erase(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
