/* SPDX-License-Identifier: BSD-2-Clause */
/* path_mtu: which sizes the path takes, from the probes of the size trace. Floor 4; pure.
 *
 * Everything here follows from what the capture shows, so a replay comes to the same result. The rules:
 *   1. A reply to a probe shows that its size passed all links up to its TTL: a time exceeded comes from there.
 *   2. "Too big" (RFC 1191 4, RFC 8201 4) sets the MTU of the link behind its sender, if it can be true. It cannot if
 *      the MTU is below the family's least, or not below the packet's size, or if its sender is not on the path.
 *   3. A size is lost at a TTL if its probe drew no reply, but a smaller probe sent just after it did. The router then
 *      had a token for the reply: rate_limit_span().
 *   4. Where the largest size that is left is lost at the end of the path, the hops show between which of them it is
 *      lost. Sizes between the largest that got there and the least that is lost then close the bracket.
 *   5. A bracket of one byte is a black hole (RFC 2923 2.1) after MTU_PROOFS losses. For each a reply from the router
 *      before it must show that it had a token to report the loss.
 *   6. Echo replies have the size of the request. Once the way there is known to take a size, a lost echo request of
 *      that size shows that the way back does not take it. If the way there was measured with echo requests alone, a
 *      loss at the target's own hop may be on either way.
 *   7. A router reports its MTU whatever the TTL. So while the strategy still climbs, the largest size that is left
 *      goes ahead, right behind the farthest probe of the climb. At a router that ends the path, that probe comes
 *      first: a last token is for its refusal. No smaller probe goes with the large one, so its reply counts but its
 *      silence shows nothing. */
#ifndef HOPSONDE_MTU_PATH_MTU_H
#define HOPSONDE_MTU_PATH_MTU_H

#include "session/session.h"

#define MTU_STEPS_MOST 16
#define MTU_LIES_MOST 8

/* A link that takes less than the links before it. */
struct mtu_step {
    uint8_t after_ttl;         /* the hop before the link; 0: our own host */
    uint8_t before_ttl;        /* is_hole: the first hop behind it that is known; else 0 */
    struct addr after, before; /* none-addresses where no reply shows them */
    uint16_t mtu;
    uint16_t size;             /* of `probe` */
    bool is_hole;              /* no router told: larger packets vanish */
    bool is_either_way;        /* is_hole: on that link, or on the way back */
    const struct probe *probe; /* told: whose reply this is. A hole: a probe of mtu + 1 that was lost */
    const struct reply *reply; /* told; else NULL */
    unsigned lost;             /* is_hole: larger probes that were lost there, each before a smaller one with a reply */
};

/* A "too big" that cannot be true. */
struct mtu_lie {
    const struct probe *probe;
    const struct reply *reply;
    bool is_off_path; /* its sender is not on the path; else the MTU explains nothing */
};

enum mtu_need {
    MTU_NEEDS_NOTHING, /* all is known, or the probes that were sent do not get further */
    MTU_NEEDS_END,     /* does `size` reach `ttl`? */
    MTU_NEEDS_HOPS,    /* and which of the hops behind `after` do probes of `size` reach? */
    MTU_NEEDS_BETWEEN, /* a size between low and high, at `ttl` */
    MTU_NEEDS_PROOF,   /* low and high at `ttl`, once more */
};

/* Borrows the probes of the session; valid until it changes. */
struct path_mtu {
    const struct trace *trace; /* the trace that is measured */
    uint16_t interface;        /* of our own link */
    uint16_t path;             /* no larger size passes, as far as is known */
    uint16_t passes;           /* the largest size with a reply from the end of the path; 0: none */
    uint16_t mss;              /* the least that a SYN/ACK from the target's hop sets; 0: none came, or it sets none */
    uint8_t end_ttl;           /* the target's hop, else the last router's; 0: nothing answered */
    struct addr end;           /* who is there */
    bool complete;             /* the target answered a packet of size `path` */
    uint16_t back;             /* the largest size that the way back takes, at most `path`; 0: not known */
    unsigned back_lost; /* back < path: larger echo requests that were lost, each before a smaller one with a reply */
    const struct probe *back_probe;        /* one of them */
    struct mtu_step steps[MTU_STEPS_MOST]; /* in the order of their hops, each smaller than the one before */
    unsigned step_count;
    struct mtu_lie lies[MTU_LIES_MOST];
    unsigned lie_count;

    /* What a run sends next. */
    enum mtu_need need;
    unsigned of; /* the trace whose flow it has */
    uint16_t size, low, high;
    uint8_t ttl, after_ttl;
    nstime undecided_until; /* when the fate of a probe is known without a further frame; NSTIME_NEVER: it is known now,
                             * or a deadline of the session settles it */
    bool is_undecided;      /* the fate of a probe is not known yet */
};

/* Rule 7: what goes ahead now. `front`: TTL of the farthest probe that the trace of path_mtu_leader() has sent. False:
 * nothing. */
struct mtu_ahead {
    unsigned of; /* the trace whose flow it has */
    uint16_t size;
    uint8_t ttl;
};
bool path_mtu_find_ahead(const struct session *session, nstime now, uint8_t front, struct mtu_ahead *out);
/* The trace whose sizes go ahead: the same during the whole run. False: none can. */
bool path_mtu_leader(const struct session *session, unsigned *of);
/* False: the run measures no sizes, or nothing can be measured. `now`: session_now(). */
bool path_mtu_find(const struct session *session, nstime now, struct path_mtu *out);
/* Which trace a run measures, of those whose probes can have other sizes: the first that reached the target, else the
 * one that got furthest. */
unsigned path_mtu_choose(const struct session *session);
/* Whether the hop needs a probe of `size`: MTU_NEEDS_HOPS. */
bool path_mtu_needs_hop(const struct session *session, const struct path_mtu *mtu, uint8_t ttl);
/* The largest packet that gets to this hop; 0: not known. */
uint16_t path_mtu_at(const struct path_mtu *mtu, uint8_t ttl);
/* The largest packet that the target lets TCP send to it: its MSS and the headers (RFC 9293 3.7.1). 0: not known. */
uint16_t path_mtu_tcp_size(const struct path_mtu *mtu);
/* The tunnel that takes so many bytes of an MTU of 1500, as "PPPoE"; NULL: none that is common. */
const char *path_mtu_tunnel(uint16_t mtu);

#endif
