/* SPDX-License-Identifier: BSD-2-Clause */
/* Delays that pairing keeps of many: what those still show. scripts/mutate changes how many it keeps. */
#include <math.h>
#include <stdlib.h>

#include "pairing/state.h"
#include "tap.h"

#define SERIES 200
#define DELAYS 1009 /* of a series; prime */

static int by_ahead(const void *a, const void *b)
{
    const struct delay_sample *x = a, *y = b;
    return x->ahead < y->ahead ? -1 : x->ahead > y->ahead;
}

/* The delays 0 to DELAYS - 1 in an order of their own. Returns by how much of them the p95 of those kept is wrong. */
static double p95_error(unsigned series)
{
    struct delays delays = {.seen = 0};
    for (unsigned i = 0; i < DELAYS; i++) {
        nstime delay = (nstime)i * (series + 2) % DELAYS;
        delays_add(&delays, i, delay, delay);
    }
    qsort(delays.kept, delays.count, sizeof *delays.kept, by_ahead);
    double share = (double)delays.kept[delays.count * 19 / 20].ahead / DELAYS;
    free(delays.kept);
    return share - 0.95;
}

static void test_delays(void)
{
    double squares = 0;
    for (unsigned series = 0; series < SERIES; series++)
        squares += pow(p95_error(series), 2);
    double error = sqrt(squares / SERIES);
    ok(error < 0.021, "the p95 of the delays that are kept is wrong by %.2f %% of all", 100 * error);

    struct delays delays = {.seen = 0};
    for (unsigned i = 0; i < DELAYS; i++)
        delays_add(&delays, i, i, i);
    size_t bytes = delays.capacity * sizeof *delays.kept;
    ok(bytes <= 2048, "delays of a way take %zu bytes", bytes);
    free(delays.kept);
}

int main(void)
{
    test_delays();
    return tap_done();
}
