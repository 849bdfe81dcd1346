#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SHOWN_AFTER 1.0 /* seconds */
#define SHOWN_EVERY 0.2

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

static void print_left(double seconds)
{
    unsigned whole = (unsigned)(seconds + 0.5);
    fprintf(stderr, ", %u:%02u left", whole / 60, whole % 60);
}

void progress_show(struct progress *progress, uint64_t frames, uint64_t done, uint64_t total)
{
    if (!progress->wanted)
        return;
    double time = now(), passed = time - progress->started;
    if (time < progress->next)
        return;
    progress->next = time + SHOWN_EVERY;
    progress->shown = true;
    fprintf(stderr, "\r\033[Khopsonde: %.1f million packets", (double)frames / 1e6);
    if (total && done && done <= total) {
        fprintf(stderr, ", %.0f%%", 100.0 * (double)done / (double)total);
        print_left(passed * (double)(total - done) / (double)done);
    }
    fflush(stderr);
}

void progress_erase(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
