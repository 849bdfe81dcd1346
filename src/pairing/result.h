/* SPDX-License-Identifier: BSD-2-Clause */
/* result: what two capture points show together: which packets are the same, and what became of the others. Beside
 * probe; pure; no code. pairing.h fills it in, and reports print it.
 *
 * The points are `near` and `far`. Each way has a point that packets pass first, its sender, and one that they pass
 * second, its receiver. A packet is what the network carries, and a frame is what one capture has of it: a sender's
 * capture may hold one frame for many packets (segmentation offload), a receiver's too (receive offload). So TCP is
 * paired by ranges of bytes, and a frame may belong to several pairs.
 *
 * All times are those of the point's own capture. clock_correct() with `clock` makes the near clock's time of a far
 * one. */
#ifndef HOPSONDE_PAIRING_RESULT_H
#define HOPSONDE_PAIRING_RESULT_H

#include "packet/packet.h"
#include "packet/rewrite.h"
#include "transit/clock.h"

enum transit_point { TRANSIT_NEAR, TRANSIT_FAR };
enum transit_way { TRANSIT_TOWARD_FAR, TRANSIT_TOWARD_NEAR };
#define TRANSIT_POINTS 2
#define TRANSIT_WAYS 2

/* The sender's point of a way, and the other one. */
static inline enum transit_point transit_sender(enum transit_way way)
{
    return way == TRANSIT_TOWARD_FAR ? TRANSIT_NEAR : TRANSIT_FAR;
}
static inline enum transit_point transit_receiver(enum transit_way way)
{
    return way == TRANSIT_TOWARD_FAR ? TRANSIT_FAR : TRANSIT_NEAR;
}

/* A frame of a point: its number counts from 1 within its file, and files count from 0 within their point. */
struct transit_frame {
    uint64_t number; /* 0: none */
    uint8_t file;
};

/* What became of a packet that one point saw and the other did not. */
enum transit_fate {
    TRANSIT_LOST,     /* it passed the sender's point and never came to the receiver's */
    TRANSIT_FORGED,   /* it came to the receiver's point and never passed the sender's, which would have seen it */
    TRANSIT_MIDWAY,   /* an ICMP error that a router between the points sent */
    TRANSIT_UNJUDGED, /* nothing can be said, and `reason` says why */
};
#define TRANSIT_FATES 4

/* Why nothing is said about a packet of one point. */
enum transit_reason {
    TRANSIT_JUDGED,        /* it has a fate */
    TRANSIT_NOT_COVERED,   /* the other capture began later, or ended earlier */
    TRANSIT_SILENT,        /* the other capture has no frame at all for a long time around it */
    TRANSIT_MISSED,        /* the other capture lacks it: it was acknowledged, a third point shows it, or it came to the
                            * receiver's point with the TTL of its way, which a forger would have to know */
    TRANSIT_CAPTURE_DROPS, /* the other capture lacks packets that were acknowledged, so it may lack this one, too */
    TRANSIT_UNPAIRED,      /* the other point shows no packet of its conversation, and maybe it never passes there */
    TRANSIT_PROXIED,       /* a proxy ended the connection, and opened another one */
    TRANSIT_AMBIGUOUS,     /* several packets or connections look like it, and one of them may be it */
    TRANSIT_WAY_UNKNOWN,   /* nothing shows which point it passed first */
    TRANSIT_FRAGMENTED,    /* its fragments are not all there */
    TRANSIT_EXPIRED,       /* its TTL does not take it to the other point */
    TRANSIT_OFFLOADED,     /* UDP: frames of one point hold several datagrams of its conversation */
};
#define TRANSIT_REASONS 12

#define TRANSIT_NOT_LISTED UINT32_MAX

/* A packet, or a part of a frame, that only one point saw. */
struct transit_alone {
    struct transit_frame frame;
    nstime time;
    uint32_t conversation; /* index in the result's list; TRANSIT_NOT_LISTED: it is not in the list */
    uint32_t seq;          /* TCP: of the first byte, as in the frame */
    uint32_t bytes;        /* of payload; TCP: from `seq` on, maybe less than the frame has */
    uint32_t packets;      /* how many packets of the usual size these bytes are; at least 1 */
    uint8_t point;         /* enum transit_point: where it was seen */
    uint8_t way;           /* enum transit_way, unless TRANSIT_WAY_UNKNOWN */
    uint8_t fate;          /* enum transit_fate */
    uint8_t reason;        /* enum transit_reason */
    uint8_t tcp_flags;
    uint8_t ttl;
    uint8_t usual_ttl; /* of the packets of its way that were paired, at its point; 0: there are none */
    bool repeated;     /* TCP: the same bytes came to the receiver's point later */
};

/* A pair, as it is found; not kept. */
struct transit_pair {
    struct transit_frame frames[TRANSIT_POINTS];
    nstime times[TRANSIT_POINTS];
    uint32_t near_flow; /* a number of the conversation; transit_conversation.near_flow has the same */
    uint32_t seq;       /* TCP: of the first byte, as in the near frame */
    uint32_t bytes;     /* of payload */
    uint8_t way;        /* enum transit_way */
    bool way_known;     /* false: nothing shows the way yet */
    uint32_t rewritten; /* bit set of 1 << enum rewrite_field */
};

/* Called for each pair, in about the order of time. */
struct transit_events {
    void *context;
    void (*pair)(void *context, const struct transit_pair *pair); /* NULL: not wanted */
};

/* The ends of a conversation as one point shows them. The first packet that any of the points has came from the client.
 */
struct transit_ends {
    struct addr client, server;        /* none: the point shows no packet of the conversation */
    uint16_t client_port, server_port; /* 0: the protocol has none */
};

struct transit_delay {
    uint64_t samples;                /* 0: the others mean nothing */
    nstime least, median, p95, most; /* near clock; without an absolute clock their differences count alone */
};

struct transit_way_result {
    uint32_t frames[TRANSIT_POINTS]; /* of this way in each capture, without copies */
    uint32_t sent;                   /* arrived + lost: packets that certainly passed the sender's point */
    uint32_t arrived;                /* pairs */
    uint32_t lost, forged, midway, unjudged;
    uint32_t duplicated;    /* packets that came once more than they were sent */
    uint32_t reordered;     /* that came after a packet which was sent later (RFC 4737 3.3) */
    uint32_t retransmitted; /* TCP: segments that the sender's point saw again */
    uint8_t reason;         /* enum transit_reason: that of most that are not judged */
    struct transit_delay delay;
};

/* A field that differs between the points. Packets with the same values in one way are one row. */
struct transit_rewrite {
    uint8_t field;      /* enum rewrite_field */
    uint8_t way;        /* enum transit_way */
    bool varies;        /* the values below are those of the first packet, and others had other ones */
    uint64_t near, far; /* values, as in struct rewrite; of addresses none: see the conversation's ends */
    uint64_t packets;
    struct transit_frame frames[TRANSIT_POINTS]; /* of the first packet */
};

/* By what the conversation was paired: a bit set. */
enum transit_evidence {
    TRANSIT_BY_ADDRESSES = 1 << 0,  /* addresses and ports are the same at both points */
    TRANSIT_BY_SEQ = 1 << 1,        /* TCP sequence numbers */
    TRANSIT_BY_TIMESTAMPS = 1 << 2, /* TCP timestamps option */
    TRANSIT_BY_IP_ID = 1 << 3,
    TRANSIT_BY_PAYLOAD = 1 << 4, /* with the ids of DNS, QUIC, ESP and others in it */
};

struct transit_conversation {
    uint8_t protocol;   /* at the near point, or else at the far one; ICMP for IPv4 stands for that for IPv6, too */
    bool paired;        /* both points show it */
    bool proxied;       /* both points show it, but a proxy ended the connection and opened another */
    bool way_known;     /* the ways below are what they say; else the client is taken to be on the near side */
    bool client_is_far; /* the client is on the far point's side */
    uint32_t near_flow; /* number of the pairs' events */
    double confidence;  /* paired: that the points show the same conversation */
    unsigned evidence;  /* bit set of enum transit_evidence */
    struct transit_ends ends[TRANSIT_POINTS];
    bool translated;                                    /* its addresses or ports differ */
    nstime first[TRANSIT_POINTS], last[TRANSIT_POINTS]; /* NSTIME_NONE: none */
    struct transit_way_result ways[TRANSIT_WAYS];
    const struct transit_rewrite *rewrites; /* owned by the result */
    unsigned rewrite_count;
    uint64_t alone_from, alone_count; /* its packets in the result's list, in the order of time */
};

/* What one point's files hold. */
struct transit_point_result {
    uint64_t frames;         /* in its files */
    uint64_t packets;        /* IP packets, without copies */
    uint64_t copies;         /* frames that show a packet again: of other interfaces, or of a mirror port */
    uint64_t malformed;      /* frames of malformed packets */
    nstime first, last;      /* of all frames, own clock; NSTIME_NONE: there are none */
    uint64_t missed;         /* packets that the capture lacks: they were acknowledged, outside of its silences */
    uint64_t missed_example; /* frame of such an acknowledgement; 0: none */
    uint8_t missed_file;
    uint64_t unseen;         /* packets that it lacks, and that came to the other point with the TTL of their way */
    uint64_t unseen_example; /* frame of such a packet at the other point; 0: none */
    uint64_t cut;            /* packets whose payload the capture cut */
    uint64_t conversations, unpaired;
};

/* Unit: conversations. Source: they take 35 MB. Effect: of more, the best are only counted in the sums. */
#define TRANSIT_CONVERSATIONS_MOST 100000

struct transit_result {
    struct transit_point_result points[TRANSIT_POINTS];
    struct clock_estimate clock; /* the far clock against the near one */
    bool overlaps;               /* the points cover some time together; meaningless without a clock */
    int hops;                    /* routers between the points; -1: unknown */
    bool hops_vary;              /* packets of one way showed several numbers */
    /* The worst first, at most TRANSIT_CONVERSATIONS_MOST of `conversations_found`; owned. */
    struct transit_conversation *conversations;
    uint64_t conversation_count, conversations_found, conversations_paired, conversations_translated;
    struct transit_alone *alone; /* owned */
    uint64_t alone_count;
    uint64_t alone_left_out; /* too many: counted in their conversations, but not in the list */
    /* Sums over all conversations. */
    uint64_t paired, sent[TRANSIT_WAYS], lost[TRANSIT_WAYS], forged[TRANSIT_WAYS], midway, unjudged, duplicated,
        reordered, rewritten;
    uint64_t unjudged_because[TRANSIT_REASONS];
    struct transit_delay delays[TRANSIT_WAYS]; /* of all conversations; `least` and `most` alone */
};

#endif
