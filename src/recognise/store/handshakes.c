/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/store/handshakes.h"

#include <stdlib.h>
#include <string.h>

#define HANDSHAKES_BITS 11

static uint64_t mix_in(uint64_t hash, const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* Without the secret, as place_of() of senders.c. */
static uint64_t key_of(const struct addr *client, const struct addr *server, uint32_t word)
{
    uint64_t hash = mix_in(mix_in(word, client->bytes), client->bytes + 8);
    return mix_in(mix_in(hash, server->bytes), server->bytes + 8);
}

static struct handshake *place_of(const struct recogniser *r, uint64_t key)
{
    return &r->handshakes[key >> (64 - HANDSHAKES_BITS)];
}

void handshakes_free(struct recogniser *r)
{
    free(r->handshakes);
}

/* The handshake with these addresses and ports; NULL: none. */
static struct handshake *find(const struct recogniser *r, const struct addr *client, const struct addr *server,
                              uint32_t word)
{
    uint64_t key = key_of(client, server, word);
    struct handshake *handshake = r->handshakes ? place_of(r, key) : NULL;
    return handshake && handshake->reply_ttl && handshake->key == key ? handshake : NULL;
}

bool handshakes_note(struct recogniser *r, const struct digest *digest)
{
    if (digest->protocol != IP_TCP || !digest->may_answer || digest->answer.kind != REPLY_SYN_ACK ||
        !(digest->have & HAVE_ACK))
        return false;
    if (!r->handshakes) /* most captures need none */
        r->handshakes = calloc((size_t)1 << HANDSHAKES_BITS, sizeof *r->handshakes);
    if (!r->handshakes)
        return false;
    uint32_t word = digest_answered_word(digest), seq = digest->traits.ack, ack = digest->traits.seq + 1;
    uint64_t key = key_of(&digest->target, &digest->source, word);
    struct handshake *handshake = place_of(r, key);
    bool is_new = handshake->key != key || handshake->seq != seq || handshake->ack != ack;
    if (is_new)
        *handshake = (struct handshake){.key = key, .last_time = digest->time, .seq = seq, .ack = ack};
    handshake->reply_ttl = digest->answer.reply_ttl; /* a copy may come from nearer to the client */
    return is_new;
}

void handshakes_pass(struct recogniser *r, const struct digest *digest)
{
    if (digest->protocol != IP_TCP)
        return;
    struct handshake *handshake = find(r, &digest->source, &digest->target, digest->traits.word);
    if (!handshake)
        handshake = find(r, &digest->target, &digest->source, digest_answered_word(digest));
    if (handshake && digest->time > handshake->last_time)
        handshake->last_time = digest->time;
}

/* Whether `number` is `first` or follows it. */
static bool follows(uint32_t number, uint32_t first)
{
    return number - first < UINT32_C(1) << 31;
}

struct handshake *handshakes_find(const struct recogniser *r, const struct addr *client, const struct addr *server,
                                  const struct traits *segment)
{
    struct handshake *handshake = find(r, client, server, segment->word);
    bool is_its = handshake && follows(segment->seq, handshake->seq) && follows(segment->ack, handshake->ack);
    return is_its ? handshake : NULL;
}
