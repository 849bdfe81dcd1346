/* SPDX-License-Identifier: BSD-2-Clause */
#include "multipath/stopping_rule.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* The sum in the header loses its digits if many large terms cancel. This computes the same probability by counting:
 * the number of next hops met after each flow, as a Markov chain that only adds positive terms. */
struct meeting {
    unsigned all, flows;
    double met[STOPPING_KNOWN_MOST + 2]; /* probability that exactly so many were met */
};

static void meeting_init(struct meeting *meeting, unsigned known)
{
    memset(meeting, 0, sizeof *meeting);
    meeting->all = (known < STOPPING_KNOWN_MOST ? known : STOPPING_KNOWN_MOST) + 1;
    meeting->met[0] = 1;
}

static void meet_another(struct meeting *meeting)
{
    for (unsigned i = meeting->all; i > 0; i--)
        meeting->met[i] = (meeting->met[i] * i + meeting->met[i - 1] * (meeting->all - i + 1)) / meeting->all;
    meeting->met[0] = 0;
    meeting->flows++;
}

static double not_all_met(const struct meeting *meeting)
{
    double sum = 0;
    for (unsigned i = 0; i < meeting->all; i++)
        sum += meeting->met[i];
    return sum < 1 ? sum : 1;
}

/* Below this the probability counts as 0: 1 minus it is 1, and no search asks for as little. */
#define NEVER_MISSED 1e-18

/* The probabilities for one number of next hops, by number of flows. */
struct stopping_row {
    struct meeting meeting; /* after the last of these */
    double *missed;         /* owned; without end if the last one is 0 */
    size_t count, capacity;
};

struct stopping_table *stopping_table_new(void)
{
    return calloc(1, sizeof(struct stopping_table));
}

void stopping_table_free(struct stopping_table *table)
{
    for (unsigned i = 0; table && i <= STOPPING_KNOWN_MOST; i++) {
        if (table->rows[i])
            free(table->rows[i]->missed);
        free(table->rows[i]);
    }
    free(table);
}

static struct stopping_row *row_of(struct stopping_table *table, unsigned known)
{
    unsigned index = known < STOPPING_KNOWN_MOST ? known : STOPPING_KNOWN_MOST;
    if (!table)
        return NULL;
    if (!table->rows[index]) {
        table->rows[index] = calloc(1, sizeof *table->rows[index]);
        if (table->rows[index])
            meeting_init(&table->rows[index]->meeting, known);
    }
    return table->rows[index];
}

/* Adds the probability for one more flow. False: memory is short. */
static bool extend(struct stopping_row *row)
{
    void *array = row->missed;
    if (!array_reserve(&array, &row->capacity, row->count + 1, sizeof *row->missed))
        return false;
    row->missed = array;
    if (row->count)
        meet_another(&row->meeting);
    double missed = not_all_met(&row->meeting);
    row->missed[row->count++] = missed < NEVER_MISSED ? 0 : missed;
    return true;
}

static bool is_whole(const struct stopping_row *row)
{
    return row->count && row->missed[row->count - 1] == 0;
}

static double missed_without_table(unsigned known, unsigned flows)
{
    struct meeting meeting;
    meeting_init(&meeting, known);
    while (meeting.flows < flows)
        meet_another(&meeting);
    return not_all_met(&meeting);
}

double stopping_missed(struct stopping_table *table, unsigned known, unsigned flows)
{
    struct stopping_row *row = row_of(table, known);
    while (row && row->count <= flows && !is_whole(row))
        if (!extend(row))
            row = NULL;
    if (!row)
        return missed_without_table(known, flows);
    return flows < row->count ? row->missed[flows] : 0;
}

static unsigned point_without_table(double miss, unsigned known)
{
    struct meeting meeting;
    meeting_init(&meeting, known);
    while (not_all_met(&meeting) > miss)
        meet_another(&meeting);
    return meeting.flows;
}

unsigned stopping_point(struct stopping_table *table, double miss, unsigned known)
{
    struct stopping_row *row = row_of(table, known);
    while (row && !is_whole(row) && (!row->count || row->missed[row->count - 1] > miss))
        if (!extend(row))
            row = NULL;
    if (!row)
        return point_without_table(miss, known);
    /* The probability falls with each flow. */
    size_t low = 0, high = row->count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (row->missed[middle] > miss)
            low = middle + 1;
        else
            high = middle;
    }
    return (unsigned)low;
}

double stopping_share(double miss, unsigned nodes)
{
    return nodes > 1 ? -expm1(log1p(-miss) / nodes) : miss;
}
