/* SPDX-License-Identifier: BSD-2-Clause */
/* counters: what became of the frames of a capture. Floor 3; pure. */
#ifndef HOPSONDE_TRACE_COUNTERS_H
#define HOPSONDE_TRACE_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nstime.h"

#define STRAY_KINDS_MOST 24

struct stray_count {
    const char *reason; /* constant text */
    uint64_t count;
};

/* Frames that look like replies to the run's probes, but fit none: forged, or for another program. */
enum forgery {
    FORGERY_ERRORS,  /* ICMP errors that quote a packet to the target with the protocol and port of a spec */
    FORGERY_ANSWERS, /* packets in the target's name to a source port of the run */
    FORGERIES,
};

#define FORGERY_FRAMES_MOST 4

struct forgery_count {
    uint64_t count; /* of the whole run */
    unsigned most;  /* within a second; */
    unsigned now;   /* of these, in the second that began at: */
    nstime since;
    uint64_t frames[FORGERY_FRAMES_MOST]; /* the first ones, by number; 0: no more, or no capture is kept */
};

/* Once so many arrive within a second, replies of the kind count only if a forger would need GUESS_BITS_SURE bits.
 * Unit: frames a second. Source: chosen; other tracers send a target some ten probes a second, and a forger who sends
 * fewer frames than this needs minutes for a guess of 16 bits. Effect: a smaller one takes another tracer's replies for
 * forged ones; a larger one lets a slow forger make hops doubtful. */
#define FORGERY_RATE 100
static inline bool forgery_is_certain(const struct forgery_count *count)
{
    return count->most >= FORGERY_RATE;
}

struct frame_counters {
    uint64_t frames; /* frames taken */
    uint64_t malformed;
    uint64_t connection; /* of connections that probes are sent in, but neither probes nor replies */
    struct stray_count strays[STRAY_KINDS_MOST];
    unsigned stray_kinds;
    struct forgery_count forgeries[FORGERIES];
    uint64_t dropped_by_kernel; /* as the capture handle reports at the end */
};

/* At such a rate silence proves nothing: the flood may use up the ICMP errors of routers and of the target, or fill
 * queues on the way.
 * Unit: frames a second. Source: Linux sends at most 1000 ICMP errors a second to all together (icmp_msgs_per_sec).
 * Effect: a smaller one makes silence inconclusive because of another tracer; with a larger one, replies that the flood
 * displaced look like packets that the network dropped. */
#define FLOOD_RATE 1000
/* The largest rate of strays that look like replies. */
static inline unsigned counters_flood(const struct frame_counters *counters)
{
    unsigned most = 0;
    for (unsigned kind = 0; kind < FORGERIES; kind++)
        most = counters->forgeries[kind].most > most ? counters->forgeries[kind].most : most;
    return most;
}

#endif
