/* SPDX-License-Identifier: BSD-2-Clause */
/* choice: the best of several candidates that a reply may belong to, and whether others fit as well. Floor 4; internal
 * to recognise/. Changes nothing but the choice. */
#ifndef HOPSONDE_RECOGNISE_MATCHING_CHOICE_H
#define HOPSONDE_RECOGNISE_MATCHING_CHOICE_H

#include "recognise/state.h"

/* A candidate, and how surely it is the right one. */
struct found {
    struct candidate *candidate; /* NULL: none */
    enum match match;
    const char *rule;     /* constant */
    bool hop_is_doubtful; /* probes of other TTLs fit as well */
};

struct choice {
    const struct digest *packet; /* the ICMP error or the direct answer */
    struct candidate *best;      /* NULL: none so far */
    unsigned best_agreement, best_rank;
    unsigned count;              /* of all that fit */
    unsigned rivals;             /* candidates in play that agree as well as the best, which may be one of them */
    uint8_t least_ttl, most_ttl; /* of the rivals; as captured */
};

/* Offers a candidate that fits. `agreement`: how much of the reply agrees with it beyond that. */
void choice_offer(struct choice *choice, struct candidate *candidate, unsigned agreement);
/* A candidate that fits but has its answer: if that is in doubt, the choice is in doubt too. */
void choice_note_answered(struct choice *choice, const struct candidate *candidate, unsigned agreement);
/* Whether no other candidate in play fits as well as the best. */
bool choice_is_alone(const struct choice *choice);
/* The best, by this rule: `match` if it is alone, else weak. None if there is no best. */
struct found choice_found(const struct choice *choice, enum match match, const char *rule);
static inline struct found choice_none(void)
{
    return (struct found){.match = MATCH_NONE, .rule = ""};
}

/* How much of a quote agrees with a probe beyond its key. Nothing of it is required: routers swap IPv4 ids, and
 * captures hold checksums that are not filled in yet. */
unsigned choice_agreement(const struct traits *sent, const struct digest *quote);

/* True if the reply came about as fast as others did; a much later one belongs to a later probe. */
bool choice_is_timely(const struct candidate *candidate, nstime time);

/* Hops from the sender of a reply to the capture, as its TTL shows. Initial TTLs are 64, 128 and 255 (Linux, Windows,
 * routers). */
unsigned reply_distance(const struct reply *reply);

#endif
