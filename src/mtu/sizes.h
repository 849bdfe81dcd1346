/* SPDX-License-Identifier: BSD-2-Clause */
/* sizes: what each probe of the size trace shows: rules 1 to 3 of path_mtu.h. Floor 4; pure; internal to mtu/. */
#ifndef HOPSONDE_MTU_SIZES_H
#define HOPSONDE_MTU_SIZES_H

#include "session/session.h"

struct sizes {
    const struct trace *sized; /* the size trace; NULL: none of its probes is known */
    const struct trace *of;    /* the trace whose flow it has */
    struct trace_set set;
    nstime now, span;
    uint8_t end_ttl; /* the target's hop as this trace sees it, else the last router's; another trace's if it sent
                        nothing */
    bool end_is_target;
    uint8_t first_ttl; /* nearer hops are not probed */
};

/* Of the session's trace `of`, at the time `now`. */
void sizes_view(const struct session *session, nstime now, unsigned of, struct sizes *v);
/* The size of this probe. */
uint16_t sizes_of_probe(const struct sizes *v, const struct probe *probe);
struct addr sizes_router_at(const struct sizes *v, unsigned ttl);
/* The hop of the router that sent this: by its address, else by the quote where no reply shows who is there. 0: it is
 * not on the path. */
uint8_t sizes_hop_of(const struct sizes *v, const struct probe *probe, const struct reply *reply);
/* Rule 2: whether this "too big" cannot be true. */
bool sizes_is_lie(const struct sizes *v, const struct probe *probe, const struct reply *reply);
/* The reply that shows that the probe passed all links up to its TTL; NULL: none does. */
const struct reply *sizes_passing_reply(const struct sizes *v, const struct probe *probe);
/* Whether a probe with a reply was sent so soon after another that its reply shows a token for that one as well. */
bool sizes_shows_token(const struct sizes *v, const struct probe *answered, const struct probe *before);
/* Rule 3. `*until`: when it will hold if no reply comes; NSTIME_NEVER: not by time. */
bool sizes_is_lost(const struct sizes *v, const struct probe *probe, nstime *until);
bool sizes_is_proven(const struct sizes *v, const struct probe *probe);
/* Whether the probe went with larger ones to show a token for them, and each of them has its own reply. */
bool sizes_is_spare(const struct sizes *v, const struct probe *probe);
/* Whether no smaller one went behind the probe, which would show that it is lost: rule 7. */
bool sizes_is_alone(const struct sizes *v, const struct probe *probe);
/* How long the run waits for its reply: as long as the end of the path took for others. */
nstime sizes_alone_until(const struct sizes *v, const struct probe *probe);
/* The largest size that got to this TTL, or further; 0: none. */
uint16_t sizes_most_passed(const struct sizes *v, unsigned ttl);
/* Probes of this size that were sent with this TTL. */
unsigned sizes_count_asked(const struct sizes *v, uint16_t size, uint8_t ttl);
/* Probes of these sizes that were lost at this TTL. Larger ones than the path takes are lost elsewhere. */
unsigned sizes_count_lost(const struct sizes *v, uint16_t least, uint16_t most, uint8_t ttl);
/* Probes at this TTL that expired and show nothing. */
unsigned sizes_count_vain(const struct sizes *v, uint8_t ttl);

#endif
