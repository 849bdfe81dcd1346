/* SPDX-License-Identifier: BSD-2-Clause */
#include "transit/points.h"

#include <stdlib.h>

#include "base/captured.h"

/* A packet with the same TTL at two points was not routed between them: it took at most so long, in either direction.
 */
#define SAME_LINK_WITHIN (2 * NS_PER_MS)
/* Packets, and probes with replies, that two points must share. One alone may be a coincidence, unless it is an error
 * with an id of its router. */
#define SHARED_LEAST 2
/* Pairs of points that are compared, for each point. More are many captures that share a few packets by chance. */
#define PAIRS_TRIED_MOST 8

struct list {
    const struct sighting *sightings;
    unsigned count;
};

/* --- two points --- */

/* What two points share. */
struct shared {
    struct clock_samples *samples;    /* all; owned */
    struct clock_samples *routed;     /* the same without packets of equal TTL; owned */
    struct clock_samples *alike;      /* those of `samples`, and what the order of alike packets tells; owned */
    struct clock_samples *translated; /* of packets beyond a translator; owned */

    unsigned translated_toward_a, translated_toward_b; /* such packets, by their direction */
    unsigned packets;                                  /* seen at both */
    unsigned equal;                                    /* those of them with equal TTLs */
    unsigned probes;                                   /* seen at one, their replies at the other */
    unsigned second_names;                             /* the same, of second names */
    unsigned alike_packets;                            /* alike ones at both, with TTLs that show the order */
    unsigned alike_probes;                             /* alike ones at one, their replies at the other */
    unsigned named;                                    /* packets seen at both that no second run would send */
    unsigned named_errors;                             /* ICMP errors among them */
    unsigned same_replies;  /* probe and reply are at both, and the replies are the same packet */
    unsigned other_replies; /* probe and reply are at both, but the replies are different packets */
};

/* The sightings of one identity at one point, by role. NULL: none. */
struct seen {
    const struct sighting *by_role[SIGHTING_ROLES]; /* those that name a packet */
    const struct sighting *first[SIGHTING_ROLES];   /* all */
};

static const struct seen nothing;

static struct seen take_identity(struct list *list)
{
    struct seen seen = nothing;
    uint64_t identity = list->sightings->identity;
    for (; list->count && list->sightings->identity == identity; list->sightings++, list->count--) {
        const struct sighting *sighting = list->sightings;
        seen.first[sighting->role] = sighting;
        if (!sighting->is_repeated && !sighting->is_later)
            seen.by_role[sighting->role] = sighting;
    }
    return seen;
}

static void add_toward_b(struct shared *shared, nstime a, nstime b)
{
    clock_add_toward_b(shared->samples, a, b);
    clock_add_toward_b(shared->routed, a, b);
    clock_add_toward_b(shared->alike, a, b);
}

static void add_toward_a(struct shared *shared, nstime a, nstime b)
{
    clock_add_toward_a(shared->samples, a, b);
    clock_add_toward_a(shared->routed, a, b);
    clock_add_toward_a(shared->alike, a, b);
}

/* A packet at both points: the TTL falls in the direction of its way. */
static void add_packet(struct shared *shared, const struct sighting *a, const struct sighting *b)
{
    shared->packets++;
    shared->named += a->mark && b->mark;
    shared->named_errors += a->mark && b->mark && a->is_error;
    if (a->ttl > b->ttl) {
        add_toward_b(shared, a->time, b->time);
    } else if (a->ttl < b->ttl) {
        add_toward_a(shared, a->time, b->time);
    } else {
        shared->equal++;
        clock_add_toward_b(shared->samples, a->time, b->time + SAME_LINK_WITHIN);
        clock_add_toward_a(shared->samples, a->time + SAME_LINK_WITHIN, b->time);
    }
}

/* A packet at both sides of a translator. It is a router, so the TTLs differ. */
static void add_translated(struct shared *shared, const struct sighting *a, const struct sighting *b)
{
    if (!a || !b || a->ttl == b->ttl)
        return;
    if (a->ttl > b->ttl) {
        shared->translated_toward_b++;
        clock_add_toward_b(shared->translated, a->time, b->time);
    } else {
        shared->translated_toward_a++;
        clock_add_toward_a(shared->translated, a->time, b->time);
    }
}

/* If both points have a probe and its reply, the replies show whether it is the same probe. A tool that runs again may
 * send the same bytes, but a router's next reply has another IP id. */
static void compare_replies(struct shared *shared, const struct seen *a, const struct seen *b)
{
    const struct sighting *reply_a = a->by_role[SIGHTING_REPLY], *reply_b = b->by_role[SIGHTING_REPLY];
    if (!a->by_role[SIGHTING_PROBE] || !b->by_role[SIGHTING_PROBE] || !reply_a || !reply_b)
        return;
    if (!reply_a->mark || !reply_b->mark)
        return;
    shared->same_replies += reply_a->mark == reply_b->mark;
    shared->other_replies += reply_a->mark != reply_b->mark;
}

/* A probe has two names at most, and counts once. */
static void count_probe(struct shared *shared, const struct seen *a, const struct seen *b, bool shows)
{
    const struct sighting *probe = a->first[SIGHTING_PROBE] ? a->first[SIGHTING_PROBE] : b->first[SIGHTING_PROBE];
    if (shows && probe->is_second)
        shared->second_names++;
    else if (shows)
        shared->probes++;
}

/* A probe at one point, its reply at the other. */
static void add_probe(struct shared *shared, const struct seen *a, const struct seen *b)
{
    const struct sighting *probe_a = a->by_role[SIGHTING_PROBE], *reply_a = a->by_role[SIGHTING_REPLY];
    const struct sighting *probe_b = b->by_role[SIGHTING_PROBE], *reply_b = b->by_role[SIGHTING_REPLY];
    if (probe_a && probe_b && probe_a->mark != probe_b->mark)
        return; /* a quote would show the same of both, but they are different packets */
    compare_replies(shared, a, b);
    if (probe_a && reply_b)
        add_toward_b(shared, probe_a->time, reply_b->time);
    if (probe_b && reply_a)
        add_toward_a(shared, reply_a->time, probe_b->time);
    count_probe(shared, a, b, (probe_a && reply_b) || (probe_b && reply_a));
}

/* Alike packets, as the probes that differ in nothing but their TTL: those with the highest TTL are the same at both.
 */
static void add_alike_packets(struct shared *shared, const struct sighting *a, const struct sighting *b)
{
    if (!a || !b || !(a->is_repeated || b->is_repeated) || a->ttl_most == b->ttl_most)
        return;
    shared->alike_packets++;
    if (a->ttl_most > b->ttl_most)
        clock_add_toward_b(shared->alike, a->most_time, b->most_time);
    else
        clock_add_toward_a(shared->alike, a->most_time, b->most_time);
}

static bool is_repeated(const struct sighting *x, const struct sighting *y)
{
    return x->is_repeated || y->is_repeated || x->is_later;
}

/* Alike probes at one point alone, their replies at the other alone: no reply comes before as many probes as there are
 * replies up to it. */
static void add_alike_probes(struct shared *shared, const struct seen *a, const struct seen *b)
{
    const struct sighting *probe_a = a->first[SIGHTING_PROBE], *reply_a = a->first[SIGHTING_REPLY];
    const struct sighting *probe_b = b->first[SIGHTING_PROBE], *reply_b = b->first[SIGHTING_REPLY];
    bool toward_b = probe_a && reply_b && !probe_b && !reply_a && is_repeated(probe_a, reply_b);
    bool toward_a = probe_b && reply_a && !probe_a && !reply_b && is_repeated(probe_b, reply_a);
    if (toward_b)
        clock_add_toward_b(shared->alike, probe_a->time, reply_b->time);
    if (toward_a)
        clock_add_toward_a(shared->alike, reply_a->time, probe_b->time);
    shared->alike_probes += toward_a || toward_b;
    count_probe(shared, a, b, toward_a || toward_b);
}

static void add_identity(struct shared *shared, const struct seen *a, const struct seen *b)
{
    if (a->by_role[SIGHTING_PACKET] && b->by_role[SIGHTING_PACKET])
        add_packet(shared, a->by_role[SIGHTING_PACKET], b->by_role[SIGHTING_PACKET]);
    add_translated(shared, a->by_role[SIGHTING_TRANSLATED], b->by_role[SIGHTING_TRANSLATED]);
    add_probe(shared, a, b);
    add_alike_packets(shared, a->first[SIGHTING_PACKET], b->first[SIGHTING_PACKET]);
    add_alike_probes(shared, a, b);
}

static void find_shared(struct list a, struct list b, struct shared *shared)
{
    while (a.count && b.count) {
        uint64_t x = a.sightings->identity, y = b.sightings->identity;
        struct seen of_a = nothing, of_b = nothing;
        if (x <= y)
            of_a = take_identity(&a);
        if (y <= x)
            of_b = take_identity(&b);
        if (x == y)
            add_identity(shared, &of_a, &of_b);
    }
}

static bool overlap(const struct sightings *a, const struct sightings *b)
{
    nstime first_a, last_a, first_b, last_b;
    return sightings_range(a, &first_a, &last_a) && sightings_range(b, &first_b, &last_b) && first_a <= last_b &&
           first_b <= last_a;
}

/* True if the two points rather saw two runs that sent the same bytes. Their replies differ. If nothing names a packet,
 * as in IPv6, two captures of one place at different times are that. */
static bool are_two_runs(const struct shared *shared, const struct sightings *a, const struct sightings *b)
{
    if (shared->other_replies > shared->same_replies)
        return true;
    return shared->equal && shared->equal == shared->packets && !shared->named && !shared->same_replies &&
           !overlap(a, b);
}

static bool share_enough(const struct shared *shared)
{
    unsigned probes = shared->probes > shared->second_names ? shared->probes : shared->second_names;
    return shared->packets + shared->alike_packets + probes >= SHARED_LEAST || shared->named_errors;
}

static bool has_both_sides(const struct clock_estimate *estimate)
{
    return estimate->count && estimate->segments[0].has_least && estimate->segments[0].has_most;
}

/* The order of alike packets counts where nothing better tells, and only if it contradicts nothing. */
static bool estimate_alike(const struct shared *shared, struct clock_estimate *out)
{
    struct clock_estimate alike;
    if (!(shared->alike_packets || shared->alike_probes) || has_both_sides(out) || out->contradictory)
        return true;
    if (!clock_estimate(shared->alike, &alike))
        return false;
    if (alike.count == 1 && !alike.left_out && !alike.segments[0].drifts)
        *out = alike;
    return true;
}

static bool estimate(const struct shared *shared, struct point_clock *clock)
{
    if (!clock_estimate(shared->samples, &clock->against))
        return false;
    /* Between tunnel ends, packets keep their TTL on a long way. */
    if (clock->against.contradictory && !clock_estimate(shared->routed, &clock->against))
        return false;
    /* If nothing names a packet, as in IPv6, pairs that do not all agree may be those of two runs. */
    if (!shared->named && !shared->same_replies && clock->against.left_out) {
        clock->against.count = 0;
        clock->against.contradictory = true;
    }
    if (!estimate_alike(shared, &clock->against))
        return false;
    clock->contradictory = clock->against.contradictory;
    clock->corrected = !clock_may_agree(&clock->against);
    return true;
}

/* A second run of the tool sends the same probes, but routers and target number their replies. So packets of both ways
 * must be there, and agree. */
static bool estimate_translated(const struct shared *shared, struct point_clock *clock)
{
    struct clock_estimate translated;
    if (shared->translated_toward_a < SHARED_LEAST || shared->translated_toward_b < SHARED_LEAST)
        return true;
    if (!clock_estimate(shared->translated, &translated))
        return false;
    if (!has_both_sides(&translated) || translated.contradictory || translated.left_out)
        return true;
    clock->against = translated;
    clock->corrected = !clock_may_agree(&translated);
    return true;
}

/* Compares point B with point A. False: out of memory. */
static bool compare(struct sightings *a, struct sightings *b, struct list list_a, struct list list_b,
                    struct point_clock *clock)
{
    struct shared shared = {
        .samples = clock_samples_new(),
        .routed = clock_samples_new(),
        .alike = clock_samples_new(),
        .translated = clock_samples_new(),
    };
    bool good = shared.samples && shared.routed && shared.alike && shared.translated;
    if (good) {
        find_shared(list_a, list_b, &shared);
        if (!share_enough(&shared))
            good = estimate_translated(&shared, clock);
        else if (!are_two_runs(&shared, a, b))
            good = estimate(&shared, clock);
    }
    clock_samples_free(shared.samples);
    clock_samples_free(shared.routed);
    clock_samples_free(shared.alike);
    clock_samples_free(shared.translated);
    return good;
}

/* --- all points --- */

/* A sighting and its point. */
struct entry {
    struct sighting sighting;
    unsigned point;
};

struct network {
    struct sightings *const *points;
    unsigned count;
    struct list *lists; /* owned; by point */
    uint32_t *links;    /* owned; count * count: what two points share */
    uint64_t *nearest;  /* owned; by point: how many probes it saw nearer to the prober than all others */
};

static int by_identity(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->sighting.identity != y->sighting.identity)
        return x->sighting.identity < y->sighting.identity ? -1 : 1;
    return x->point < y->point ? -1 : x->point > y->point;
}

static void link_points(struct network *n, const struct entry *x, const struct entry *y)
{
    bool same_role = x->sighting.role == y->sighting.role;
    bool packet = same_role && sighting_names_packet(&x->sighting);
    bool reply = !same_role && !sighting_names_packet(&x->sighting) && !sighting_names_packet(&y->sighting);
    if (x->point == y->point || !(packet || reply))
        return;
    n->links[(size_t)x->point * n->count + y->point]++;
    n->links[(size_t)y->point * n->count + x->point]++;
}

static bool may_be_probe(const struct sighting *sighting)
{
    return sighting_names_packet(sighting) && !sighting->is_error;
}

/* Of all that saw a probe of a trace: those at which its TTL was the highest. */
static void note_nearest(struct network *n, const struct entry *entries, size_t count)
{
    uint8_t most = 0;
    for (size_t i = 0; i < count; i++)
        if (may_be_probe(&entries[i].sighting) && entries[i].sighting.ttl_most > most)
            most = entries[i].sighting.ttl_most;
    for (size_t i = 0; i < count && most <= PROBE_TTL_MOST; i++)
        n->nearest[entries[i].point] += may_be_probe(&entries[i].sighting) && entries[i].sighting.ttl_most == most;
}

/* All sightings of one identity. */
static void take_group(struct network *n, const struct entry *entries, size_t count)
{
    note_nearest(n, entries, count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            link_points(n, &entries[i], &entries[k]);
}

static size_t fill_entries(const struct network *n, struct entry *entries)
{
    size_t count = 0;
    for (unsigned point = 0; point < n->count; point++)
        for (unsigned i = 0; i < n->lists[point].count; i++)
            entries[count++] = (struct entry){.sighting = n->lists[point].sightings[i], .point = point};
    return count;
}

/* Counts what the points share. False: out of memory. */
static bool find_links(struct network *n)
{
    size_t total = 0;
    for (unsigned point = 0; point < n->count; point++) {
        n->lists[point].sightings = sightings_list(n->points[point], &n->lists[point].count);
        total += n->lists[point].count;
    }
    struct entry *entries = malloc((total ? total : 1) * sizeof *entries);
    if (!entries)
        return false;
    total = fill_entries(n, entries);
    qsort(entries, total, sizeof *entries, by_identity);
    for (size_t start = 0, end; start < total; start = end) {
        for (end = start + 1; end < total && entries[end].sighting.identity == entries[start].sighting.identity; end++)
            continue;
        take_group(n, entries + start, end - start);
    }
    free(entries);
    return true;
}

static bool has_link(const struct network *n, unsigned point)
{
    for (unsigned other = 0; other < n->count; other++)
        if (n->links[(size_t)point * n->count + other])
            return true;
    return false;
}

/* Of the points that are in no tree yet, the one nearest to the prober; -1: no other shares anything. */
static int choose_root(const struct network *n, const bool *in_tree)
{
    int root = -1;
    for (unsigned point = 0; point < n->count; point++) {
        if (in_tree[point] || !has_link(n, point))
            continue;
        uint64_t hops = sightings_first_hops(n->points[point]);
        if (root < 0 || n->nearest[point] > n->nearest[root] ||
            (n->nearest[point] == n->nearest[root] && hops > sightings_first_hops(n->points[root])))
            root = (int)point;
    }
    return root;
}

/* The link between tree and rest that shares most. False: there is none. */
static bool choose_link(const struct network *n, const bool *in_tree, const bool *failed, unsigned *from, unsigned *to)
{
    uint32_t most = 0;
    for (unsigned a = 0; a < n->count; a++) {
        for (unsigned b = 0; in_tree[a] && b < n->count; b++) {
            size_t link = (size_t)a * n->count + b;
            if (in_tree[b] || failed[link] || n->links[link] <= most)
                continue;
            most = n->links[link];
            *from = a;
            *to = b;
        }
    }
    return most > 0;
}

/* Adds to the tree what can be compared with it. False: out of memory. */
static bool grow(const struct network *n, bool *in_tree, bool *failed, struct point_clock *clocks)
{
    unsigned from, to, left = PAIRS_TRIED_MOST * n->count;
    while (left-- && choose_link(n, in_tree, failed, &from, &to)) {
        struct point_clock clock = {.parent = (int)from};
        if (!compare(n->points[from], n->points[to], n->lists[from], n->lists[to], &clock))
            return false;
        failed[(size_t)from * n->count + to] = true;
        if (clock.against.count) {
            clocks[to] = clock;
            in_tree[to] = true;
        } else {
            clocks[to].contradictory = clock.contradictory;
        }
    }
    return true;
}

static bool build_trees(const struct network *n, struct point_clock *clocks)
{
    bool *in_tree = calloc(n->count, sizeof *in_tree);
    bool *failed = calloc((size_t)n->count * n->count, sizeof *failed);
    bool good = in_tree && failed;
    for (int root; good && (root = choose_root(n, in_tree)) >= 0;) {
        in_tree[root] = true;
        good = grow(n, in_tree, failed, clocks);
    }
    free(in_tree);
    free(failed);
    return good;
}

bool points_compare(struct sightings *const *points, unsigned count, struct point_clock *clocks)
{
    struct network n = {.points = points, .count = count};
    for (unsigned i = 0; i < count; i++)
        clocks[i] = (struct point_clock){.parent = -1};
    if (count < 2)
        return true;
    n.lists = calloc(count, sizeof *n.lists);
    n.links = calloc((size_t)count * count, sizeof *n.links);
    n.nearest = calloc(count, sizeof *n.nearest);
    bool good = n.lists && n.links && n.nearest && find_links(&n) && build_trees(&n, clocks);
    free(n.lists);
    free(n.links);
    free(n.nearest);
    return good;
}

bool points_is_corrected(const struct point_clock *clocks, unsigned point)
{
    for (int at = (int)point; at >= 0; at = clocks[at].parent)
        if (clocks[at].corrected)
            return true;
    return false;
}

/* The sum of two offsets, as one segment: the first of each stands for all. */
static void add_estimate(struct clock_estimate *sum, const struct clock_estimate *more)
{
    struct clock_segment *to = &sum->segments[0];
    const struct clock_segment *from = &more->segments[0];
    sum->count = 1;
    sum->samples = sum->samples < more->samples ? sum->samples : more->samples;
    to->has_least = to->has_least && from->has_least;
    to->has_most = to->has_most && from->has_most;
    to->least += from->least;
    to->most += from->most;
    to->drifts = to->drifts || from->drifts;
    to->drift_least_ppm += from->drift_least_ppm;
    to->drift_most_ppm += from->drift_most_ppm;
    to->offset += from->offset;
    to->drift_ppm += from->drift_ppm;
}

void points_describe(const struct point_clock *clocks, unsigned point, struct clock_estimate *out)
{
    *out = (struct clock_estimate){.known_from = NSTIME_NONE, .known_to = NSTIME_NEVER};
    for (int at = (int)point; at >= 0; at = clocks[at].parent) {
        if (!clocks[at].corrected)
            continue;
        if (out->count)
            add_estimate(out, &clocks[at].against);
        else
            *out = clocks[at].against;
    }
}

nstime points_correct(const struct point_clock *clocks, unsigned point, nstime time)
{
    for (int at = (int)point; at >= 0; at = clocks[at].parent)
        if (clocks[at].corrected)
            time = clock_correct(&clocks[at].against, time);
    return time;
}
