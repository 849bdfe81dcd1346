/* SPDX-License-Identifier: BSD-2-Clause */
/* portmap: what became of each port of a run's port lists, and where. Floor 3; pure: it decides what the probes show,
 * not what to send and not what to say.
 *
 * A port is asked at the end of the path: at the target's TTL, or at the first hop behind the gateway that the run
 * tests. A silent probe there proves something only if no rate limit explains it (limited_senders.h). Ports without the
 * target's own answer are asked at the hops around their silence; those between two neighbours of the same fate and
 * place need not be (places.c). */
#ifndef HOPSONDE_PORTMAP_PORTMAP_H
#define HOPSONDE_PORTMAP_PORTMAP_H

#include "trace/trace_set.h"

/* Most samples of one port that prove its silence: two on a path without loss, more on others. If these are not enough,
 * nothing proves it.
 * Unit: samples that no rate limit explains. Source: chosen. Effect: with fewer, ports on bad paths stay undecided;
 * more make the run longer there. */
#define PORT_PROOFS_MOST 20
/* So many ports of a run may be called silent by mistake, as expected from the losses of ports that answer.
 * Unit: ports. Source: chosen. Effect: a larger number needs fewer samples and makes more mistakes. */
#define PORTS_MISTAKEN 0.001

/* So many silent ports may be placed too near by mistake.
 * Unit: ports. Source: chosen. Effect: as above; each sample takes a token of a router. */
#define PLACES_MISTAKEN 0.01

enum port_fate {
    FATE_NOT_ASKED,
    FATE_OPEN,      /* answered in the target's name */
    FATE_CLOSED,    /* refused in the target's name */
    FATE_REFUSED,   /* refused by a router, or administratively by the target */
    FATE_FORWARDED, /* the gateway forwarded it: it expired behind */
    FATE_SILENT,    /* so many samples are silent that no limit and no loss explains them */
    FATE_UNSURE,    /* silent, but a rate limit or loss may explain it */
};

/* Why a port has no place, or how it has one. */
enum port_placing {
    PLACING_OPEN,     /* more probes would tell */
    PLACING_INFERRED, /* that of its neighbours in the list, whose fate is the same */
    PLACING_MEASURED, /* its own probes show it */
};

#define NO_ANSWER UINT8_MAX

struct port_entry {
    uint16_t port;
    uint8_t part;         /* index of its trace in the set of lists */
    uint8_t fate;         /* enum port_fate */
    uint8_t answer;       /* index of the answer that decides; NO_ANSWER: none */
    uint8_t answered_ttl; /* smallest TTL that drew this answer */
    uint8_t passed_ttl;   /* largest TTL at which a router let it expire; 0: none */
    uint8_t silent_ttl;   /* smallest TTL with a proven silence, behind passed_ttl; 0: none */
    uint8_t hop_proofs;   /* samples that prove that */
    bool hop_is_sure;     /* one of them beyond the chance of a token that came just in time */
    uint8_t end_proofs;   /* samples at the end of the path that prove the silence */
    uint8_t end_asked;    /* probes at the end of the path, UINT8_MAX at most */
    uint8_t answered;     /* probes with a final answer, UINT8_MAX at most */
    bool reset_at_once;   /* its first probe at the end of the path was reset */
    bool silent_first;    /* a probe at the end of the path was silent before any was answered */
    uint8_t placing;      /* enum port_placing */
    uint8_t after_ttl;    /* the place: the last hop that it passed; 0: none */
    uint8_t before_ttl;   /* the next hop, at which it was stopped */
    int32_t shown_by;     /* index of the probe of its trace that shows the fate; -1: none */
};

/* A final answer: ports with the same one are likely to be answered by the same device. */
struct port_answer {
    struct addr from;
    uint8_t kind; /* enum reply_kind */
    uint8_t icmp_type, icmp_code;
    uint8_t reply_ttl;
    bool is_icmp, in_target_name;
    nstime last;          /* when the last probe with it was sent */
    uint32_t ports;       /* that have it */
    uint8_t example_part; /* the latest probe that drew it */
    uint16_t example_port;
    const struct probe *example;
    const struct reply *reply; /* and its reply */
};

#define PORT_ANSWERS_MOST 64

/* What the ports of one list, which have one protocol, show of the path. A hop may be silent to a protocol. */
struct portmap_list {
    const struct port_list *list;
    int64_t passer;       /* index of an entry that gets to the end of the path, to compare with; -1: none */
    uint32_t seen[8];     /* bits: TTLs at which a router let a probe of the list expire */
    uint8_t scouted[256]; /* by TTL: probes of ports that get to the end of the path */
    uint8_t missed[256];  /* by TTL: of these, silent ones that no rate limit explains */
};

struct portmap {
    struct trace_set path_set, list_set;  /* which borrow the traces */
    const struct trace_set *path, *lists; /* the same */
    struct port_entry *entries;           /* owned; by part, then by port */
    uint32_t count;
    struct portmap_list per_list[PORT_LISTS_MOST];
    unsigned list_count;
    uint8_t list_of_part[32];
    uint32_t first_of_part[33]; /* index of the part's first entry; the last is `count` */
    struct port_answer answers[PORT_ANSWERS_MOST];
    unsigned answer_count;
    /* Samples of a port at the end of the path are so far apart: SAMPLE_SPAN, or a token's refill. */
    nstime sample_span;
    nstime asked_first, asked_last; /* sends of the first probe of each port to the end of the path */
    nstime reset_gap; /* the target limits its resets, but not those of probes so far apart; 0: no limit is seen */
    bool errors_are_unlimited; /* no rate limit is seen of any sender of errors to probes to the end of the path */
    unsigned proofs;           /* samples that prove a silence */
    unsigned hop_proofs;       /* the same of a silent port at a hop */
    struct gateway gateway;    /* ttl 0: the run tests none */
    uint8_t end_ttl;           /* the hop behind the gateway; else where the target answers; else the largest TTL */
    bool end_is_known;
    nstime last_expiry[256];  /* by TTL: when the last probe that expired there was sent; NSTIME_NONE: none */
    uint32_t unlimited[8];    /* bits: TTLs of routers that let probes expire, and no rate limit is seen of them */
    struct addr routers[256]; /* by TTL: the router that lets probes expire; none-address: silent */
};

/* NULL: memory is short. The traces must outlive the map. */
struct portmap *portmap_new(const struct trace_set *path, const struct trace_set *lists);
void portmap_free(struct portmap *map);
/* The entry of a port; NULL: it is not in the list. */
const struct port_entry *portmap_entry(const struct portmap *map, unsigned part, unsigned port);
/* Whether a port of this part that passes this hop is known to be answered there: the list's own ports show that, or
 * those of any spec if none reaches the target. */
bool portmap_hop_is_visible(const struct portmap *map, unsigned part, unsigned ttl);
/* Whether no rate limit is seen of the router that lets probes expire at this hop. */
bool portmap_hop_is_unlimited(const struct portmap *map, unsigned ttl);
/* Whether nothing shows what passes the gateway: no router replied at the end of the path. */
bool portmap_is_blind(const struct portmap *map);
/* Whether a place is worth asking for: the port is silent, or its answer may come from before the target. */
bool portmap_is_stopped(const struct portmap *map, const struct port_entry *entry);
/* Whether one RST is not enough: if the SYN/ACK to an earlier SYN was lost, a listener may reset the half-open
 * connection, and accepts the SYN after that. */
bool portmap_is_doubtful(const struct portmap *map, const struct port_entry *entry);
/* The next TTL at which this port is to be asked to find its place; 0: its place is measured. `like`: a measured entry
 * that is likely to have the same place; NULL: none. */
uint8_t portmap_next_ttl(const struct portmap *map, const struct port_entry *entry, const struct port_entry *like);
/* The last entry of the run that begins at `first`: neighbours in one list with the same fate and answer. */
uint32_t portmap_run_end(const struct portmap *map, uint32_t first);

#endif
