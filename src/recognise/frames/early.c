/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/frames/early.h"

#include <stdlib.h>

#include "recognise/store/extensions.h"

#define EARLY_WITHIN (5 * NS_PER_MS) /* a reply's stamp may precede its probe's by so much */
#define EARLY_FIRST 8                /* room for so many at first */
#define EARLY_MOST 256               /* bounds the memory; beyond it no reply waits */

void early_free(struct recogniser *r)
{
    while (r->early_count)
        early_drop(r);
    free(r->early);
}

static struct early *early_at(const struct recogniser *r, unsigned place)
{
    return &r->early[(r->early_first + place) % r->early_room];
}

/* Doubles the ring. False: it has EARLY_MOST, or there is no memory. */
static bool early_grow(struct recogniser *r)
{
    unsigned room = r->early_room ? 2 * r->early_room : EARLY_FIRST;
    struct early *larger = room <= EARLY_MOST ? malloc(room * sizeof *larger) : NULL;
    if (!larger)
        return false;
    for (unsigned i = 0; i < r->early_count; i++)
        larger[i] = *early_at(r, i);
    free(r->early);
    r->early = larger;
    r->early_first = 0;
    r->early_room = room;
    return true;
}

bool early_hold(struct recogniser *r, const struct digest *digest)
{
    bool is_old = digest->time < r->now - EARLY_WITHIN; /* the file is not in order: time does not go on from here */
    if (is_old || (r->early_count == r->early_room && !early_grow(r)))
        return false;
    struct early *held = early_at(r, r->early_count++);
    held->due = r->now + EARLY_WITHIN;
    held->digest = *digest;
    held->extension = digest->kind == PACKET_ICMP_ERROR ? extension_copy(r, digest->extension) : NULL;
    held->digest.extension = held->extension;
    held->inside = tunnels_copy(digest->inside);
    held->digest.inside = held->inside;
    held->name = carried_name_copy(digest->name);
    held->digest.name = held->name;
    due_at(r, early_next(r));
    return true;
}

nstime early_next(const struct recogniser *r)
{
    return r->early_count ? early_at(r, 0)->due : NSTIME_NEVER;
}

const struct digest *early_due(const struct recogniser *r, nstime now)
{
    return early_next(r) <= now && r->early_count ? &early_at(r, 0)->digest : NULL;
}

void early_drop(struct recogniser *r)
{
    struct early *held = early_at(r, 0);
    if (held->extension)
        extension_release(r, held->extension);
    free(held->inside);
    free(held->name);
    r->early_first = (r->early_first + 1) % r->early_room;
    r->early_count--;
}

bool early_replace(struct recogniser *r, const struct digest *digest)
{
    for (unsigned i = 0; i < r->early_count; i++) {
        struct early *held = early_at(r, i);
        if (held->digest.same != digest->same)
            continue;
        if (digest_outer_ttl(digest) < digest_outer_ttl(&held->digest)) {
            held->digest = *digest;
            held->digest.extension = held->extension; /* of equal content */
            held->digest.inside = held->inside;
            held->digest.name = held->name;
        }
        return true;
    }
    return false;
}
