/* SPDX-License-Identifier: BSD-2-Clause */
/* pair: two captures of the same simulated traffic, and what is true of each packet between them. For tests only; pure:
 * a seed gives the same pair on each machine.
 *
 * Host A is at the near point, host B at the far point. TCP and datagrams pass a way that may lose, reorder and
 * duplicate them, and rewrite addresses, ports and other fields. Each point records what it sees: with offload, a
 * snap length, a clock of its own, and holes. The simulation knows the truth, and tells the program nothing of it. */
#ifndef HOPSONDE_TESTS_PAIRS_PAIR_H
#define HOPSONDE_TESTS_PAIRS_PAIR_H

#include "base/addr.h"
#include "base/nstime.h"
#include "base/rng.h"
#include "packet/frame.h"

enum pair_side { PAIR_NEAR, PAIR_FAR };              /* a point */
enum pair_way { PAIR_TOWARD_FAR, PAIR_TOWARD_NEAR }; /* a direction: the first point it passes has the same number */

enum pair_link {
    PAIR_ETHERNET,
    PAIR_VLAN,
    PAIR_SLL,  /* Linux cooked capture */
    PAIR_SLL2, /* its version 2 */
    PAIR_RAW,
    PAIR_VXLAN, /* Ethernet in VXLAN, as a mirror port between routers sends it */
    PAIR_LINKS,
};

enum pair_ids { PAIR_IDS_OF_FLOW, PAIR_IDS_OF_HOST, PAIR_IDS_RANDOM, PAIR_IDS_ZERO };

/* No pause of a capture is shorter. */
#define PAIR_GAP_LEAST (3 * NS_PER_S)

/* How one point records. Times are true times from the start of the traffic. */
struct pair_point {
    bool at_host; /* false: on a router beside the host; then packets may be lost between the two */
    bool offload; /* at the host: segments up to 64 kB as sent, neighbours merged as received, checksums unfinished */
    unsigned snap_length; /* bytes of the IP packet; 0: all */
    enum pair_link link;
    bool classic, coarse;    /* pcap instead of pcapng; microseconds */
    nstime from, to;         /* it records in this time only */
    nstime gap_from, gap_to; /* and not in this time; equal: there is no gap */
    double drops;            /* the share of frames that the capture itself leaves out */
    nstime doubled;          /* each frame again so much later; 0: no */
    uint8_t only;            /* the only protocol that its filter passes; 0: it passes all */
    nstime ahead;            /* of its clock */
    double drift_ppm;        /* its clock gains so much */
    nstime step_at, step_by; /* its clock is set; step_by 0: it is not */
};

/* One direction between the points. */
struct pair_way_plan {
    nstime delay, jitter; /* the least, and what is added at most */
    double loss, duplicate, reorder;
    nstime reorder_by;
    unsigned burst; /* packets that a loss takes; 1: losses are independent */
};

/* What the devices between the points rewrite. */
struct pair_rewrites {
    bool nat64;           /* IPv6 at the near point, IPv4 at the far one */
    bool source, target;  /* A's address and port; B's address */
    uint32_t sequence[2]; /* added to sequence numbers toward far, toward near; 0: none */
    uint16_t mss;         /* the most that a SYN may announce; 0: any */
    int tos;              /* toward far; -1: kept */
    bool ids;             /* IPv4 ids are drawn anew */
    bool strips_sack;     /* the option of the SYN becomes NOPs */
    uint8_t hops;         /* routers between the points */
};

enum pair_forgery {
    PAIR_FORGES_NOTHING,
    PAIR_FORGES_RST_TO_A,
    PAIR_FORGES_RST_TO_B,
    PAIR_FORGES_RST_TO_BOTH,
    PAIR_FORGES_DATA_TO_A, /* a TCP segment in place of B's */
    PAIR_FORGES_DNS,       /* an answer to A ahead of B's */
    PAIR_FORGERIES,
};

enum flow_row {
    FLOW_TCP,  /* requests and responses */
    FLOW_BULK, /* one large one */
    FLOW_DNS,
    FLOW_RTP,
    FLOW_QUIC,
    FLOW_WIREGUARD,
    FLOW_LARGE, /* datagrams in fragments */
    FLOW_ESP,
    FLOW_HEARTBEAT, /* datagrams that are all the same */
    FLOW_ECHO,
    FLOW_ROWS,
};

struct pair_plan {
    uint64_t seed;
    uint8_t family;
    nstime duration; /* no flow begins later */
    struct pair_point points[2];
    struct pair_way_plan ways[2];
    nstime aside_delay; /* from a host to a point on the router beside it */
    double aside_loss;
    struct pair_rewrites rewrites;
    enum pair_forgery forgery;
    double router_errors;      /* the share of lost packets toward far that a router between reports to A */
    enum pair_ids ids[2];      /* of A, of B */
    unsigned flows[FLOW_ROWS]; /* of each kind */
    unsigned aside_flows;      /* between A and a host that the far point does not see */
};

enum pair_origin {
    PAIR_OF_HOST,   /* sent by A or B */
    PAIR_FORGED,    /* by a device between the points, in the name of A or B */
    PAIR_OF_ROUTER, /* by a router between the points, in its own name: an ICMP error */
    PAIR_ELSEWHERE, /* between A and a host that the far point does not see */
};

/* One packet that passed the first point of its direction, or was made between the points. */
struct pair_crossing {
    uint8_t way;    /* enum pair_way */
    uint8_t origin; /* enum pair_origin */
    uint8_t protocol;
    bool no_id;       /* its IPv4 id is 0, whatever its host's habit */
    bool lost;        /* between the points */
    bool reordered;   /* it was held back so that others overtake it */
    const char *kind; /* of the flow: "dns" */
    uint16_t flow;
    uint16_t payload;     /* bytes */
    uint32_t sequence;    /* TCP, as sent */
    uint64_t from, acked; /* TCP: offset of the first byte, and of the one that its sender expects next */
    nstime at[2];         /* true time at each point; NSTIME_NONE: it never passed it */
    uint32_t frames[2];   /* the first frame that shows it at each point, from 1; 0: none */
    bool dropped[2];      /* the capture itself left the frame out */
    uint32_t copies[2];   /* network copies that passed the point, beyond the first */
};

/* A frame of a capture. */
struct pair_frame {
    nstime time; /* as stamped */
    nstime true_time;
    uint32_t first_crossing, crossings; /* in `shown` of the capture; with offload there may be several */
    size_t offset;                      /* of its bytes in `bytes` of the capture */
    uint32_t captured, length;
};

struct pair_capture {
    struct pair_frame *frames;
    size_t count, capacity;
    uint32_t *shown; /* numbers of crossings */
    size_t shown_count, shown_capacity;
    uint8_t *bytes;
    size_t byte_count, byte_capacity;
};

struct pair {
    struct pair_plan plan;
    struct pair_crossing *crossings;
    size_t count, capacity;
    struct pair_capture captures[2];
};

/* Draws a plan. Seeds that follow each other give all kinds of pairs, from a clean way to one with every fault. */
struct pair_plan pair_draw(uint64_t seed);
/* Runs the traffic of the plan. Aborts if memory is short. */
void pair_run(struct pair *pair, const struct pair_plan *plan);
void pair_free(struct pair *pair);
/* How much the far point's clock is ahead of the near point's at a true time. */
nstime pair_offset(const struct pair_plan *plan, nstime true_time);
/* The stamp of a point's clock. */
nstime pair_stamp(const struct pair_point *point, nstime true_time);
/* True if the point records a packet of this protocol at that time, and also `margin` before and after it. */
bool pair_covers(const struct pair_point *point, uint8_t protocol, nstime true_time, nstime margin);
#define PAIR_FRAME_MOST (65536 + 128) /* bytes of a frame, its link layer included */
/* A frame of a capture as it stands in the file, in the room given. */
void pair_frame(const struct pair *pair, enum pair_side side, size_t i, uint8_t room[PAIR_FRAME_MOST],
                struct frame *out);
/* Writes the capture of a point; false: errno says why. */
bool pair_write(const struct pair *pair, enum pair_side side, const char *path);
/* Writes the plan in one line, for people. */
void pair_describe(const struct pair_plan *plan, char *text, size_t bytes);

#endif
