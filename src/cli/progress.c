/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SHOWN_AFTER 1.0 /* seconds from the start, so that short runs show no line */
#define SHOWN_EVERY 0.2 /* seconds between two updates of the line */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void progress_start(struct progress *progress, bool wanted)
{
    *progress = (struct progress){.wanted = wanted && isatty(STDERR_FILENO)};
    if (!progress->wanted)
        return;
    progress->started = now();
    progress->next = progress->started + SHOWN_AFTER;
}

/* Prints "[######------------------] 25%, 0:03 left, " for files of known size. */
static void print_bar(double part, double seconds_left)
{
    static const char full[] = "########################", rest[] = "------------------------";
    int columns = (int)sizeof full - 1, done = (int)(part * columns);
    unsigned left = (unsigned)(seconds_left + 0.5);
    fprintf(stderr, "[%.*s%.*s] %.0f%%, %u:%02u left, ", done, full, columns - done, rest, 100 * part, left / 60,
            left % 60);
}

bool progress_is_due(const struct progress *progress)
{
    return progress->wanted && now() >= progress->next;
}

static void begin_line(struct progress *progress, double time)
{
    progress->next = time + SHOWN_EVERY;
    progress->shown = true;
    fputs("\r\033[Khopsonde: ", stderr);
}

void progress_show(struct progress *progress, uint64_t frames, uint64_t done, uint64_t total)
{
    if (!progress_is_due(progress))
        return;
    double time = now(), passed = time - progress->started;
    begin_line(progress, time);
    if (total && done && done <= total)
        print_bar((double)done / (double)total, passed * (double)(total - done) / (double)done);
    fprintf(stderr, "%.1f million packets", (double)frames / 1e6);
    fflush(stderr);
}

void progress_show_run(struct progress *progress, const struct progress_run *run)
{
    begin_line(progress, now());
    fprintf(stderr, "%u packets sent", run->sent);
    if (run->farthest)
        fprintf(stderr, ", hop %u replied", run->farthest);
    if (run->spec[0])
        fprintf(stderr, ", probing hop %u with %s", run->ttl, run->spec);
    else
        fputs(", waiting for replies", stderr);
    fflush(stderr);
}

void progress_erase(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
