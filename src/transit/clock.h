/* SPDX-License-Identifier: BSD-2-Clause */
/* clock: how far the clock of one capture point, B, is ahead of that of another, A. Beside trace; pure; includes base
 * only. It must not know packets or files.
 *
 * A sample is an event that one point saw, and its consequence at the other: the same packet further on, or a probe and
 * its reply. A delay is never negative. So a sample from A to B bounds the offset from above, and one from B to A from
 * below. Without more knowledge only this interval is known, because delays need not be symmetric. If no constant
 * offset satisfies the samples, a clock drifts (Moon, Skelly, Towsley 1999) or was stepped.
 *
 * With samples of one direction only, the clocks may agree if the least delay is between 0 and 1 s. Otherwise the
 * offset is taken to be such that this delay is almost 0.
 *
 * Wrong pairs must not decide. A sample is left out if it contradicts most of its neighbours of the other direction,
 * and none beside it agrees with it. If those left out are the first or the last ones of all, the clock may as well
 * have been set there: then it is unknown in that time. If there is one direction only, a sample is left out if it
 * stands alone far from all others.
 *
 * Memory is bounded: beyond CLOCK_SAMPLES_MOST a random choice of them is kept, which only widens the interval. */
#ifndef HOPSONDE_TRANSIT_CLOCK_H
#define HOPSONDE_TRANSIT_CLOCK_H

#include "base/nstime.h"
#include "base/strbuf.h"

#define CLOCK_SAMPLES_MOST 4096
#define CLOCK_SEGMENTS_MOST 8

/* A span of time in which the clock ran evenly. */
struct clock_segment {
    nstime from;                            /* clock A; the segment holds from here on. The first one: NSTIME_NONE */
    nstime from_b;                          /* the same on clock B */
    nstime at;                              /* clock A; when the offset is as follows */
    nstime least, most;                     /* of B ahead of A; negative: behind */
    bool has_least, has_most;               /* false: unbounded */
    bool is_assumed;                        /* samples show one bound; the other is that of a delay of 1 s */
    bool drifts;                            /* no constant offset satisfies the samples */
    double drift_least_ppm, drift_most_ppm; /* with `drifts`: how fast the offset grows */
    /* What clock_correct() uses, within these bounds: */
    nstime offset;
    double drift_ppm;
    nstime first, last; /* clock A: of its first and last sample */
};

struct clock_estimate {
    unsigned samples;   /* used */
    unsigned left_out;  /* wrong pairs */
    bool contradictory; /* there are samples, but they allow no estimate */
    unsigned count;     /* segments; 0: nothing is known. More than one: the clock was stepped */
    /* Clock A. Before and after, samples contradict the segments, and are too few to show a step: nothing is known. */
    nstime known_from, known_to; /* NSTIME_NONE, NSTIME_NEVER: no samples do */
    struct clock_segment segments[CLOCK_SEGMENTS_MOST];
};

struct clock_samples;

/* NULL: out of memory. */
struct clock_samples *clock_samples_new(void);
void clock_samples_free(struct clock_samples *samples); /* may be NULL */
/* An event at `a` on clock A came before one at `b` on clock B. */
void clock_add_toward_b(struct clock_samples *samples, nstime a, nstime b);
/* An event at `b` on clock B came before one at `a` on clock A. */
void clock_add_toward_a(struct clock_samples *samples, nstime a, nstime b);

/* Estimates from all samples so far, in any order. False: out of memory. */
bool clock_estimate(const struct clock_samples *samples, struct clock_estimate *out);

/* The same offset with the roles of A and B exchanged. */
void clock_estimate_reverse(struct clock_estimate *estimate);
/* True if it is known which segment holds at this time of clock A. Between the samples of two it is not, and neither
 * where the clock was set back, and its times came twice. */
bool clock_is_known(const struct clock_estimate *estimate, nstime a);
/* The same for a time of clock B. */
bool clock_is_known_at_b(const struct clock_estimate *estimate, nstime b);
/* True if there are samples of one segment before and after this time of clock A. */
bool clock_is_shown(const struct clock_estimate *estimate, nstime a);
/* True if both clocks may have agreed all the time. */
bool clock_may_agree(const struct clock_estimate *estimate);
/* The time on clock A when clock B shows `b`. */
nstime clock_correct(const struct clock_estimate *estimate, nstime b);
/* The time on clock B when clock A shows `a`. */
nstime clock_apply(const struct clock_estimate *estimate, nstime a);
/* Adds "49.8 to 50.2 ms behind", and drift and steps, if any. */
void clock_add_text(struct strbuf *text, const struct clock_estimate *estimate);

#endif
