/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/frames/tunnels.h"

/* Never 0. The source port says nothing: senders hash the flow inside into it. */
static uint64_t key_of(uint64_t pair_hash, uint16_t target_port)
{
    return digest_key(pair_hash, target_port, 0) | 1;
}

static size_t place_of(uint64_t key)
{
    return (size_t)(key >> 32) % TUNNELS_KNOWN;
}

void tunnels_note(struct recogniser *r, const struct tunnels *inside)
{
    for (unsigned i = 0; i < inside->count; i++) {
        const struct tunnel *tunnel = &inside->at[i];
        uint64_t pair_hash = digest_pair_hash(&r->digester, &tunnel->source, &tunnel->target, tunnel->protocol);
        uint64_t key = key_of(pair_hash, tunnel->target_port);
        r->tunnels[place_of(key)] = key;
    }
}

bool tunnels_has_quoted(const struct recogniser *r, const struct digest *quote)
{
    uint64_t key = key_of(quote->pair_hash, quote->have & HAVE_PORTS ? (uint16_t)quote->traits.word : 0);
    return r->tunnels[place_of(key)] == key;
}
