/* SPDX-License-Identifier: BSD-2-Clause */
/* end_of_path: where a path ends as its last replies show it. Floor 5; pure; internal to watch/. */
#ifndef HOPSONDE_WATCH_END_OF_PATH_H
#define HOPSONDE_WATCH_END_OF_PATH_H

#include "session/state.h"

struct end_of_path {
    uint8_t stop; /* the smallest TTL with an answer of the target or a refusal, behind all routers; 0: none is known */
    uint8_t router;  /* the largest TTL at which a router answered; 0: none */
    bool is_limited; /* the answer at `stop` is an ICMP error, which its sender may limit */
};

/* Of the probes that were sent at `since` or later. Where replies disagree, the later probe's counts. */
struct end_of_path end_of_path_since(const struct trace *trace, nstime since);
/* A spec that was answered at its end, and is so no more. */
struct end_silence {
    unsigned silent; /* the last probes to that TTL, as many, timed out */
    bool in_flight;  /* behind them, one is in flight */
    bool answered;   /* before them, one was answered */
    nstime last;     /* the send of the last probe to that TTL; 0: there is none */
    uint8_t router;  /* the largest TTL at which a router answered since the first of them, or else since the answer
                      * before them; 0: none */
};

/* Of probes that were sent at `since` or later. */
struct end_silence end_silence_at(const struct trace *trace, uint8_t ttl, nstime since);

#endif
