/* SPDX-License-Identifier: BSD-2-Clause */
/* limited_senders: who answers the run's probes at a limited rate, and whether each had an answer left. Floor 3;
 * internal to portmap/; pure. The rules are those of silence/rate_limit.h. */
#ifndef HOPSONDE_PORTMAP_LIMITED_SENDERS_H
#define HOPSONDE_PORTMAP_LIMITED_SENDERS_H

#include "trace/trace_set.h"

/* Senders of limited answers.
 * Unit: senders. Source: chosen; a path has a few dozen. Effect: silences prove nothing if there are more. */
#define LIMITED_SENDERS_MOST 96

struct limited_sender {
    struct addr address;
    bool sent_many;                  /* RATE_LIMIT_UNLIMITED errors within a refill */
    uint32_t missed;                 /* probes that drew no error, although such probes draw one from it */
    bool is_icmp;                    /* ICMP errors share one limit per sender; RSTs have another */
    uint32_t refused[8], expired[8]; /* bits: TTLs of probes that it refused, and that it let expire */
    nstime *times;                   /* owned; of the probes that it answered, in order */
    size_t count, capacity;
};

struct limited_senders {
    struct limited_sender of[LIMITED_SENDERS_MOST];
    unsigned count;
    bool overflowed;
    nstime reset_gap; /* probes so far apart find resets unlimited; 0: they are not limited */
    nstime *asked;    /* owned; with a reset_gap: when the lists' probes to the end of the path were sent, in order */
    size_t asked_count;
    nstime span; /* rate_limit_span() of the run */
};

/* Resets are limited if fewer than this part of the ports that are reset were reset at once.
 * Unit: 1. Source: chosen; hardly any path loses as much. Effect: with less, ports behind a limit need many samples;
 * with more, a list on a path with losses takes longer. */
#define RESETS_LIMITED 0.5
/* Ports that are reset, with which that is judged.
 * Unit: ports. Source: chosen. Effect: with fewer, a few losses look like a limit. */
#define RESETS_JUDGED 10

/* Sends of the lists to the end of the path are remembered if resets are limited. False: memory is short. */
bool limited_senders_pace(struct limited_senders *senders, const struct trace_set *lists, unsigned end_ttl,
                          nstime reset_gap);
/* False: memory is short. */
bool limited_senders_gather(const struct trace_set *path, const struct trace_set *lists, struct limited_senders *out);
void limited_senders_free(struct limited_senders *senders);
/* Whether a probe that was silent at the end of the path would have been refused if it met a device that refuses: each
 * sender of refusals at this TTL or a larger one had an answer left. True if there is none. */
bool limited_senders_could_refuse(const struct limited_senders *senders, nstime sent, unsigned end_ttl);
/* Counts a probe that drew no error, although such probes draw one from this router. */
void limited_senders_miss(struct limited_senders *senders, const struct addr *router);
/* Whether all senders of the errors that a probe to the end of the path may draw are unlimited: of refusals, and behind
 * a gateway of expiries. False if there is none. */
bool limited_senders_are_unlimited(const struct limited_senders *senders, unsigned end_ttl, bool expires);
/* Sets the bits of the TTLs at which unlimited senders let probes expire. */
void limited_senders_find_unlimited(const struct limited_senders *senders, uint32_t ttls[8]);
/* Whether the sender of this reply had an answer left for a probe sent at this time. True if its answers are not
 * limited. */
bool limited_senders_could_answer(const struct limited_senders *senders, nstime sent, const struct reply *reply);
/* Whether a silent probe with this TTL would have expired visibly if it came that far: the routers that let probes of
 * this TTL expire had an answer left. False if there is none. */
bool limited_senders_could_expire(const struct limited_senders *senders, nstime sent, unsigned ttl);
/* The same beyond the chance that a router without a token got one between the silent probe and the next. */
bool limited_senders_surely_could_expire(const struct limited_senders *senders, nstime sent, unsigned ttl);

#endif
