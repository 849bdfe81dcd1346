/* SPDX-License-Identifier: BSD-2-Clause */
/* monitor: what the rounds of `watch` show: a table of statistics, a verdict for each spec, and events. Floor 6; pure.
 *
 * It is fed by the session's events probe_settled, probe_answered and round_ended, so a replay feeds it alike. It
 * judges the probes of the last rounds by the rules of diagnose, and tells a change once it is surer than the limits in
 * state.h ask: a change of the route at once, all others when a round ends. */
#ifndef HOPSONDE_MONITOR_MONITOR_H
#define HOPSONDE_MONITOR_MONITOR_H

#include "monitor/event.h"
#include "monitor/rows.h"
#include "watch/watch.h"

struct monitor;

/* What the numbers of a hop mean, over the last rounds. */
enum row_word {
    WORD_NONE,
    WORD_LIMITED, /* the device limits its replies: nothing is lost behind it */
    WORD_LOSS,    /* the loss goes on to the end of the path */
};

/* `told` is called for each event, in the order of their time; `event` is valid during the call. NULL: memory is short.
 */
struct monitor *monitor_new(void (*told)(void *context, const struct event *event), void *context);
void monitor_free(struct monitor *monitor);

/* To be called by the session's events of the same names. */
void monitor_probe_settled(struct monitor *monitor, const struct session *session, const struct trace *trace,
                           const struct probe *probe);
void monitor_probe_answered(struct monitor *monitor, const struct session *session, const struct trace *trace,
                            const struct probe *probe);
void monitor_round_ended(struct monitor *monitor, const struct session *session, uint32_t rounds);

/* Tells what happened to this program behind the last round, and to no path: EVENT_WRITE_FAILED, EVENT_CLOCK_STEP. */
void monitor_note(struct monitor *monitor, enum event_kind kind, const char *text);
/* A verdict is not as the user expects, or is so again, of this spec; NULL: of several. `found` and `text` say what it
 * is. Called behind a round. */
void monitor_expect(struct monitor *monitor, const struct probe_spec *spec, const char *expected, const char *found,
                    const char *text);
/* The target has another address: tells it, and forgets all but the events. Then another session feeds the monitor.
 * `name`: by which the user called the target. */
void monitor_move(struct monitor *monitor, const char *name, const struct addr *from, const struct addr *to, nstime at);

/* What follows is of the session that fed the monitor last, and of its traces by index. */
const struct trace *monitor_trace(const struct monitor *monitor, unsigned trace); /* NULL: there are no more */
bool monitor_follows(const struct monitor *monitor, unsigned trace);
uint32_t monitor_rounds(const struct monitor *monitor);
nstime monitor_time(const struct monitor *monitor); /* when the last round ended */
/* The rows of a spec. */
const struct spec_rows *monitor_rows(const struct monitor *monitor, unsigned trace);
/* The statistics of a row, or of a hop. A probe counts as soon as its reply has come, or it has timed out. */
void monitor_row_stats(const struct monitor *monitor, unsigned trace, uint8_t ttl, unsigned row, struct row_stats *out);
/* As rows_times(). */
unsigned monitor_row_times(const struct monitor *monitor, unsigned trace, uint8_t ttl, unsigned row,
                           float out[ROW_TIMES_MOST]);
void monitor_hop_stats(const struct monitor *monitor, unsigned trace, uint8_t ttl, struct row_stats *out);
/* The last hop of the spec's table: that of its last answer, or of another spec's where it is silent. 0: none. */
uint8_t monitor_last_ttl(const struct monitor *monitor, unsigned trace);
enum row_word monitor_word(const struct monitor *monitor, unsigned trace, uint8_t ttl);
const char *row_word_name(enum row_word word); /* "limited", "loss"; NULL: none */
/* Replaces the verdicts on the last rounds by those that hold, and drops those on specs that the run left out. */
void monitor_settle_verdicts(const struct monitor *monitor, struct judgement *judgement);
/* The verdict that holds now; NULL: none was reached yet. Its frames and texts are those of the time of the change. */
const struct verdict *monitor_verdict(const struct monitor *monitor, unsigned trace);
/* The last events: number 0 is the newest of monitor_recent_count(). */
struct recent_event {
    nstime time;
    enum event_kind kind;
    char text[SENTENCE_BYTES];
};
unsigned monitor_recent_count(const struct monitor *monitor);
const struct recent_event *monitor_recent(const struct monitor *monitor, unsigned number);
/* From here on, until called with false, the rows above are those since monitor_reset(). Those of the run go on. */
void monitor_show_fresh(struct monitor *monitor, bool fresh);
void monitor_reset(struct monitor *monitor);
uint32_t monitor_event_count(const struct monitor *monitor, enum event_kind kind);

#endif
