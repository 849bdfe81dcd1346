/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_session: a session filled by hand, for tests of code that reads sessions. Its accessors are the real ones. */
#ifndef HOPSONDE_TESTS_UNIT_FAKE_SESSION_H
#define HOPSONDE_TESTS_UNIT_FAKE_SESSION_H

#include "session/state.h"

/* 2026-01-02T03:04:05.123456789Z: when the first probe of a fake is sent. */
#define FAKE_START (INT64_C(1767323045) * NS_PER_S + 123456789)

struct fake {
    struct session session;
    nstime now;     /* when the next probe is sent; a millisecond later each time */
    uint64_t frame; /* number of the next frame; 0: none is kept */
};

/* A reply in one row. All members but `from` may be zero. */
struct fake_reply {
    const char *from;
    double ms; /* after its probe */
    enum reply_kind kind;
    int type, code;   /* ICMP; type 0 and an ICMP kind: time exceeded of the family */
    enum match match; /* MATCH_NONE: exact */
    uint32_t mtu;
    uint8_t answer_type;
    uint8_t reply_ttl; /* 0: 64 */
    bool quotes_ttl;   /* `quoted_ttl` is what an ICMP error quotes, else 1 */
    uint8_t quoted_ttl;
    uint16_t ip_id, tcp_window;
    bool dont_fragment;
    const struct icmp_extension *extension; /* copied */
    const struct rewrite *rewrites;         /* copied */
    uint8_t rewrite_count;
    uint32_t quoted_fields;
};

/* `specs` is separated by blanks. Aborts if an argument cannot be parsed. */
void fake_init(struct fake *fake, const char *target_name, const char *target, const char *specs);
void fake_free(struct fake *fake);
struct trace *fake_trace(struct fake *fake, unsigned index);
/* Sends a probe; returns its serial. */
uint16_t fake_send(struct fake *fake, unsigned trace, uint8_t ttl);
void fake_answer(struct fake *fake, unsigned trace, uint16_t serial, const struct fake_reply *reply);
void fake_expire(struct fake *fake, unsigned trace, uint16_t serial);
/* Sends a probe; a router answers with time exceeded after `ms`. */
void fake_hop(struct fake *fake, unsigned trace, uint8_t ttl, const char *from, double ms);
/* Sends a probe that stays silent. */
void fake_silence(struct fake *fake, unsigned trace, uint8_t ttl);

#endif
