/* SPDX-License-Identifier: BSD-2-Clause */
/* report: the outputs of a command: it opens and closes their files, and feeds the formats with the parts of a result.
 * Floor: cli. It formats nothing itself.
 *
 * A report goes through these calls: report_begin(), the events, report_take_session() or report_take_recognition(),
 * report_judged() for each group, report_graphs(), report_end(). An output may have several reports, one after
 * another. */
#ifndef HOPSONDE_CLI_SHARED_REPORT_H
#define HOPSONDE_CLI_SHARED_REPORT_H

#include <signal.h>
#include <sys/stat.h>

#include "capture/dump.h"
#include "cli/options/options.h"
#include "live/keeper.h"

struct expect_rounds;

/* What is reported of one session. */
struct report_target {
    struct report *report;
    const struct session *session; /* borrowed; NULL: captures of any origin */
    struct path_mtu mtu;           /* of `result` */
    struct monitor *monitor;       /* owned, from begin to end; of watch */
    struct result result;          /* of the current report */
};

struct report {
    struct report_target first;   /* a run of several targets also has these: */
    struct report_target *others; /* owned, from begin to end; NULL: there are none */
    unsigned target_count;        /* with the first; 0: the report has not begun */
    const struct result *results[TARGETS_MOST];
    struct output outputs[OUTPUTS_MOST]; /* they read the result of the target at hand */
    const char *names[OUTPUTS_MOST];     /* NULL: stdout */
    unsigned count;
    struct keeper *keeper;              /* owned; opens the files that are replaced; NULL: there are none */
    unsigned kept[OUTPUTS_MOST];        /* their numbers there */
    bool emptied[OUTPUTS_MOST];         /* the old content of the file is gone */
    bool pipe_closed;                   /* the reader of stdout has closed it: a clean end */
    volatile sig_atomic_t *stop;        /* set to 1 when the reader of the only report has closed it; may be NULL */
    bool dead[OUTPUTS_MOST];            /* it could not begin: out of memory */
    const struct replay_filter *filter; /* of a replay: the traces and errors that are reported */
    struct expect_rounds *expected;     /* borrowed; of watch --expect; NULL: nothing is compared */
    bool failed;                        /* a write failed; `error` says which */
    bool failure_told;                  /* by report_next_failure() */
    const struct dump *dump;            /* borrowed; its first failure is told as well; NULL: no capture is kept */
    bool dump_told;
    struct err error;
};

/* Opens the files as the caller's effective user. On failure no file stays open. The old content of a file is removed
 * when the first report begins, so that a run which never starts keeps it. */
enum status report_open(struct report *report, const struct options *options, struct err *err);
/* STATUS_USAGE if a file is one of the report's files, under any name. `other` is what stat(2) says of it; `path` is
 * for the message. */
enum status report_check_apart(const struct report *report, const struct stat *other, const char *path,
                               struct err *err);
/* Begins a report of a session, or, if that is NULL, of captures of any origin. Book and graphs stay as set before. The
 * caller completes result.source before the report ends. */
void report_begin(struct report *report, const struct result_source *source, const struct session *session);
/* The same of several sessions, each of a target of its own. False: memory is short, and nothing has begun. */
bool report_begin_targets(struct report *report, const struct result_source *source, struct session *const *sessions,
                          unsigned count);
/* Events that buffer every output, valid as long as `report` is; of captures, only what `filter` lets pass. */
struct session_events report_session_events(struct report *report);
struct recogniser_events report_recogniser_events(struct report *report, const struct replay_filter *filter);
/* Notes failed writes. The events of a session do so themselves; others call it now and then. */
void report_check(struct report *report);

/* Target `index` of report->target_count. */
static inline struct report_target *report_target_at(struct report *report, unsigned index)
{
    return index ? &report->others[index - 1] : &report->first;
}
/* The target whose session this is. */
struct report_target *report_target(struct report *report, const struct session *session);

/* Of a run that goes on: why an output, or the capture, can be written no more. Each is told once, cut to fit. False:
 * there is nothing new. */
bool report_next_failure(struct report *report, char text[CLAIM_NOTE_BYTES]);

/* Another session takes the place of one whose target has another address. Tells it. */
void report_move(struct report *report, const struct session *from, const struct session *to, nstime at);

/* All is read: complete the result, except its graphs, and tell the formats of all traces, probes and errors that they
 * have not been told of. */
void report_take_session(struct report *report, const struct session *session);
void report_take_recognition(struct report *report, const struct recognition *found);
/* A packet at both points of `transit`, as it is found. */
void report_pair(struct report *report, const struct transit_pair *pair);
/* Once for each group of traces from one source to one target, before the end. */
void report_judged(struct report *report, const struct judged_group *group);
/* The same for the group of a run's session: what follows from its traces, and what they show. */
void report_judged_session(struct report *report, const struct session *session, const struct judgement *judgement);
/* The graphs of a search for all paths, and the sentence of its verdict (NULL: graphs of captures); both are borrowed
 * until the report has ended. */
void report_graphs(struct report *report, const struct graph *graphs, unsigned count, const char *verdict);
/* What --expect found, borrowed until the report has ended; before the end. */
void report_expected(struct report *report, const struct result_expectation *results, unsigned count);
void report_end(struct report *report);

/* Sets the facts about addresses, before report_begin(): see struct result. */
void report_book(struct report *report, const struct address_book *book,
                 bool (*is_settled)(void *context, const struct addr *address), void *context);
/* Sets which facts are shown beside names. */
void report_show(struct report *report, bool networks, bool places);
/* Writes lines that waited for names; true: some still wait. */
bool report_release(struct report *report, nstime now, bool all);

/* True: a format needs a capture's traces kept to the end. */
bool report_keeps(const struct report *report);
/* True: lines go to a terminal on standard output before the end, where a progress line would disturb them. */
bool report_streams(const struct report *report);
/* A full screen shows the run: the lines of standard output wait for the end. */
void report_on_screen(struct report *report);
/* Standard output if it has a text report, so that more text may follow; else NULL. */
const struct output *report_text(const struct report *report);

/* Flushes and closes all files. STATUS_SYSTEM if a write failed, unless its pipe was closed. */
enum status report_close(struct report *report, struct err *err);

/* Flushes `file`, which is standard output. A closed pipe is STATUS_OK: the reader has seen enough. */
enum status report_flush(FILE *file, struct err *err);

#endif
