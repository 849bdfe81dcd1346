/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that threads read ahead come once, and in order, however far the threads are. */
#include <semaphore.h>
#include <string.h>

#include "cli/reading/packets_ahead.h"
#include "pairing/pairing_packet.h"
#include "tap.h"

#define PACKETS 5000u
#define AHEAD 1000u /* more than a batch */

struct source {
    enum transit_point point;
    unsigned read;
    sem_t is_ahead;
};

/* Frames that are no packets are counted alone. */
static bool read_one(void *context, struct pairing_packet *out)
{
    struct source *s = context;
    if (s->read == PACKETS)
        return false;
    memset(out, 0, sizeof *out);
    out->point = s->point;
    out->time = out->common = (nstime)s->read++;
    if (s->read == AHEAD)
        sem_post(&s->is_ahead);
    return true;
}

static void pair(bool threaded)
{
    struct overview *overview = overview_new();
    static struct pairing_config config;
    static struct source sources[TRANSIT_POINTS];
    struct packets_ahead *ahead[TRANSIT_POINTS];
    const struct transit_result *result;
    ok(overview && overview_finish(overview, &config.overview), "an overview of nothing");
    struct pairing *pairing = pairing_new(&config);
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        sources[point] = (struct source){.point = (enum transit_point)point};
        sem_init(&sources[point].is_ahead, 0, 0);
        ahead[point] = packets_ahead_start(read_one, &sources[point], threaded);
    }
    for (unsigned point = 0; point < TRANSIT_POINTS && threaded; point++)
        sem_wait(&sources[point].is_ahead);
    ok(packets_ahead_pair(ahead[TRANSIT_NEAR], ahead[TRANSIT_FAR], pairing) && pairing_finish(pairing, &result),
       "both points, %s", threaded ? "with threads that are ahead" : "without threads");
    for (unsigned point = 0; point < TRANSIT_POINTS; point++) {
        is_num((long long)result->points[point].frames, PACKETS, "each frame of point %u comes once", point);
        packets_ahead_stop(ahead[point]);
        sem_destroy(&sources[point].is_ahead);
    }
    pairing_free(pairing);
    overview_free(overview);
}

int main(void)
{
    pair(false);
    pair(true);
    return tap_done();
}
