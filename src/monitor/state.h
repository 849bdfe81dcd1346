/* SPDX-License-Identifier: BSD-2-Clause */
/* state: the inside of a monitor, for the files of monitor/. Floor 6; pure. */
#ifndef HOPSONDE_MONITOR_STATE_H
#define HOPSONDE_MONITOR_STATE_H

#include "monitor/monitor.h"
#include "session/session.h"
#include "silence/loss.h"

/* What became of a probe at the end of its path, or beyond a filter. */
enum outcome_kind {
    OUTCOME_NONE,    /* nothing yet, or nothing about the path */
    OUTCOME_OPEN,    /* the target accepted it */
    OUTCOME_CLOSED,  /* the target refused it */
    OUTCOME_REFUSED, /* another device did */
    OUTCOME_PASSED,  /* it expired at a router */
    OUTCOME_SILENT,
};

/* The verdict that was told of a spec last. */
struct told_verdict {
    bool is_told;
    struct verdict verdict;
    uint8_t end_ttl; /* probes from here on show whether it still holds */
    nstime since;    /* probes before say nothing of it; 0: all do */
    unsigned streak; /* the last probes, so many, contradict it */
};

/* Loss that began, of one spec or of all. */
struct loss_episode {
    bool is_on;
    int trace;                      /* the only spec that shows it; -1: several do */
    uint8_t after, before_hop;      /* the last hop that shows none of it, and the first that does; 0: not known */
    double before, during;          /* shares lost; neither 0 nor 1 */
    double ended;                   /* log of the odds that it has ended; 0 at least */
    nstime first_kept, last_lost;   /* sends of the last probe that was lost, and of the first behind it that was not */
    struct frame_number last_frame; /* of the last lost one */
};

/* Events that a screen can show. */
#define RECENT_EVENTS 16

#define EPISODES_MOST (SPECS_MOST + 1) /* that of all specs is the last */

struct monitor {
    void (*told)(void *context, const struct event *event);
    void *context;
    const struct session *session;       /* the last one that was seen; NULL: none yet */
    struct spec_rows *rows[SPECS_MOST];  /* owned; NULL: no probe has settled yet */
    struct spec_rows *fresh[SPECS_MOST]; /* owned; the same since monitor_reset() */
    uint64_t fresh_from[SPECS_MOST];     /* probes of each trace before it count for `rows` alone */
    bool is_reset, shows_fresh;
    struct recent_event recent[RECENT_EVENTS]; /* a ring */
    unsigned recent_count;                     /* of all */
    struct told_verdict verdicts[SPECS_MOST];
    nstime route_since[SPECS_MOST][256];          /* by TTL: probes before belong to an older route */
    bool route_waits;                             /* the route has changed, it is not known yet at which hop */
    nstime times_since[SPECS_MOST][256];          /* the same of round-trip times */
    nstime loss_since[SPECS_MOST];                /* the same of loss */
    struct loss_count loss_base[SPECS_MOST][256]; /* by TTL: probes since `base_since` that are too old to be recent */
    nstime base_since[SPECS_MOST];
    struct loss_episode losses[EPISODES_MOST];
    int refused[SPECS_MOST];      /* why our own host sends none of its probes, an errno; 0: it sends them */
    uint8_t last_ttl[SPECS_MOST]; /* the last one that was known */
    uint32_t counts[EVENT_KINDS];
    uint32_t round;
    nstime time;                  /* when that ended */
    uint64_t settled[SPECS_MOST]; /* probes of each trace */
};

/* So many probes in a row that contradict the verdict may show another one, and no loss.
 * Unit: probes. Source: chosen. Effect: with fewer, loss is told later; with more, a filter is told as loss. */
#define STREAK_OF_CHANGE 3

/* Replaces the beginnings that are older. */
static inline void monitor_renew(nstime *since, nstime at)
{
    if (at > *since)
        *since = at;
}

/* outcome.c */
enum outcome_kind outcome_of(const struct trace *trace, const struct probe *probe);
bool outcome_reaches(enum outcome_kind outcome);
/* Adds the frames of a probe and of its first reply. */
void event_show(struct event *event, const struct probe *probe);
/* As monitor_last_ttl(). */
uint8_t last_ttl_of(const struct session *session, unsigned trace);
struct place monitor_place(const struct session *session, uint8_t ttl);
/* Counts and tells it. */
void monitor_tell(struct monitor *monitor, struct event *event);
/* Whether the target answers this spec, as far as is known: then its loss shows that of the path. */
bool monitor_spec_is_up(const struct monitor *monitor, const struct session *session, unsigned trace);

/* Each looks for its kind of change. */
void refusals_look(struct monitor *monitor, const struct session *session);
void verdicts_look(struct monitor *monitor, const struct session *session);
void routes_look(struct monitor *monitor, const struct session *session);
void losses_look(struct monitor *monitor, const struct session *session);
void latencies_look(struct monitor *monitor, const struct session *session);
/* A settled probe may show that an episode has ended. */
void losses_settled(struct monitor *monitor, const struct session *session, unsigned trace, const struct probe *probe);
/* A reply may show that the route has changed. */
void routes_answered(struct monitor *monitor, const struct session *session, unsigned trace, const struct probe *probe);

#endif
