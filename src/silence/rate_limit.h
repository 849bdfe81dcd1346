/* SPDX-License-Identifier: BSD-2-Clause */
/* rate_limit: whether a silent router had a token left for the ICMP error that did not come. Floor 3; pure.
 *
 * Routers rate-limit the ICMP errors that they send: time exceeded and unreachable share one token bucket per receiver.
 * A silence proves nothing if the bucket was empty. It was not empty in two cases:
 *   1. The router replied to another probe sent just after the silent one: the token for that was there before.
 *   2. The router had replied to nothing for so long that its bucket had a token again. */
#ifndef HOPSONDE_SILENCE_RATE_LIMIT_H
#define HOPSONDE_SILENCE_RATE_LIMIT_H

#include "trace/trace_set.h"

/* ICMP errors that a full bucket yields at once, and the time after which it is full again.
 * Unit: errors; ns. Source: Linux, XRLIM_BURST_FACTOR in net/ipv4/inetpeer.c, and net.ipv4.icmp_ratelimit (1000 ms for
 * each); other routers vary. Effect: with fewer, loss is taken for a limit; with more, a limit for
 * loss. */
#define RATE_LIMIT_BURST 6
#define RATE_LIMIT_BURST_REFILL (RATE_LIMIT_BURST * NS_PER_S)

/* After this time an empty bucket has a token again.
 * Unit: ns. Source: Linux, one token in 1000 ms; the rest is for jitter on the way. Effect: a shorter time takes a
 * limit for a drop; a longer one makes a diagnosis slower. */
#define RATE_LIMIT_REFILL (1100 * NS_PER_MS)

/* So many errors for probes sent within RATE_LIMIT_REFILL show a router without such a limit.
 * Unit: errors. Source: one more than a full bucket and its refill. Effect: with fewer, such a bucket looks like no
 * limit; with more, a port list takes longer where routers have none. */
#define RATE_LIMIT_UNLIMITED (RATE_LIMIT_BURST + 2)

/* A refill of two tokens: Linux charges an unreachable for want of a route twice, in ip_error() and in icmp_send(). */
#define RATE_LIMIT_REFILL_TWO (2100 * NS_PER_MS)

/* A reply to a probe sent at most this long after a silent one shows that the bucket was not empty; on a slow run, to
 * one of the next sends.
 * Unit: ns; sends. Source: Linux, 1 % of a refill; a slow run spends no tokens. Effect: a longer span
 * takes a refilled bucket for one that was never empty; a shorter one makes silences useless. */
#define RATE_LIMIT_SPAN (10 * NS_PER_MS)
#define RATE_LIMIT_SPAN_SENDS 4

/* Silent probes of one protocol, each with such a later reply, that show a hop to be silent to that protocol alone.
 * Unit: probes. Source: chosen. Effect: with one, a single loss is taken for a silent hop; more cost packets. */
#define RATE_LIMIT_PROOFS 2

/* In a diagnosis the later probe must leave this part of its round trip after the silent one, as a load balancer may
 * have sent it on a shorter path: then it came first, and shows nothing.
 * Unit: a fraction of the round trip, 1 / this. Source: chosen; parallel paths differ by less. Effect: a larger value
 * trusts probes that may have come first. */
#define RATE_LIMIT_SLACK 8

static inline nstime rate_limit_slack(nstime round_trip)
{
    return round_trip > 0 ? round_trip / RATE_LIMIT_SLACK : 0;
}

/* Whether a bucket that was last used at `before` (NSTIME_NONE: never) has a token at `now`. */
static inline bool rate_limit_is_refilled(nstime before, nstime now)
{
    return before == NSTIME_NONE || now - before >= RATE_LIMIT_REFILL;
}

/* The span for probes that were sent after each other, as above. */
nstime rate_limit_span(const struct trace_set *set);
/* Whether the reply to `answered` shows that its sender had a token for the silent probe: `answered` was sent after it,
 * by the slack at least and by `within` more at most. */
bool rate_limit_shows_token(const struct trace_set *set, const struct probe *answered, const struct probe *silent,
                            nstime within);
/* Whether the router at this TTL had a token for the silent probe of `trace`, as a reply to another trace shows. */
bool rate_limit_had_token_at(const struct trace_set *set, const struct trace *trace, const struct probe *silent,
                             uint8_t ttl, nstime within);
/* The same at the silent probe's own TTL; in sets that are apart also because the router had replied to nothing. */
bool rate_limit_had_token(const struct trace_set *set, const struct trace *trace, const struct probe *silent);
/* The same without the slack: the silence may be loss, which takes other probes as well. */
bool rate_limit_may_be_loss(const struct trace_set *set, const struct trace *trace, const struct probe *silent);
/* Whether the router had sent so many errors when the silent probe came that its bucket may have been empty. */
bool rate_limit_may_be_spent(const struct trace_set *set, const struct trace *trace, const struct probe *silent);
/* Whether silent probes at this TTL were sent over so long a time that the router had a token for one of them. */
bool rate_limit_had_token_once(const struct trace_set *set, uint8_t ttl);
/* Whether a rate limit may have kept all replies at this TTL from the trace: other traces show the router, all probes
 * went on, and none is known to have met a token. */
bool rate_limit_hides(const struct trace_set *set, const struct trace *trace, uint8_t ttl);
/* Whether the router at this TTL left a probe unanswered whose flow got replies from there or from behind. */
bool rate_limit_is_seen(const struct trace_set *set, uint8_t ttl);

#endif
