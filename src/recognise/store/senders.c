/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/store/senders.h"

#include <stdlib.h>

#include "recognise/store/candidate.h"

#define SENDERS_BITS 16

/* What a translator of targets leaves alone: the source port (echo: the id) and the identity. */
static uint64_t identity_of(const struct recogniser *r, uint8_t protocol, uint8_t family, const struct traits *traits)
{
    switch (r->digester.types[protocol]->identity) {
    case IDENTITY_SEQ:
        return traits->seq;
    case IDENTITY_ECHO:
        return (uint16_t)traits->word;
    default:
        return family == 4 ? traits->ip_id : (uint16_t)traits->word;
    }
}

/* Without the secret: two that share a place would otherwise change the result from run to run. */
static size_t place_of(const struct recogniser *r, uint8_t protocol, uint8_t family, const struct traits *traits)
{
    uint64_t value = identity_of(r, protocol, family, traits) << 16 | traits->word >> 16;
    return (size_t)(value * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SENDERS_BITS));
}

bool senders_init(struct recogniser *r)
{
    r->senders = calloc((size_t)1 << SENDERS_BITS, sizeof *r->senders);
    return r->senders;
}

void senders_free(struct recogniser *r)
{
    free(r->senders);
}

void senders_add(struct recogniser *r, const struct candidate *candidate)
{
    const struct run *run = candidate->run;
    r->senders[place_of(r, run->protocol, run->version, &candidate->traits)] = candidate->id;
}

const struct candidate *senders_find(const struct recogniser *r, const struct digest *packet)
{
    uint32_t id = r->senders[place_of(r, packet->protocol, packet->source.family, &packet->traits)];
    const struct candidate *candidate = id ? candidate_at(r, id) : NULL;
    return candidate && candidate->indexed ? candidate : NULL; /* else it has been freed since */
}
