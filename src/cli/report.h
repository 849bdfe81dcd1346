/* SPDX-License-Identifier: BSD-2-Clause */
/* report: the outputs of one run, opened, fed with its events, and closed. Floor 6. */
#ifndef HOPSONDE_CLI_REPORT_H
#define HOPSONDE_CLI_REPORT_H

#include <signal.h>

#include "cli/options/options.h"

struct report {
    struct result result; /* of the report at hand; every output reads it */
    struct output outputs[OUTPUTS_MOST];
    const char *names[OUTPUTS_MOST]; /* NULL: stdout */
    unsigned count;
    bool emptied[OUTPUTS_MOST];         /* of what the file held before */
    bool pipe_closed;                   /* nobody reads stdout any more: a clean end */
    volatile sig_atomic_t *stop;        /* set to 1 when nobody reads the only report any more; may be NULL */
    bool dead[OUTPUTS_MOST];            /* it could not begin: memory is short */
    const struct replay_filter *choice; /* of a replay: what it is about */
    bool failed;                        /* something could not be written; `error` says what */
    struct err error;
};

/* Opens the files as the caller's effective user. On failure nothing stays open. What a file holds already goes when
 * the first report begins: a run that never starts costs nothing. */
enum status report_open(struct report *report, const struct options *options, struct err *err);
/* Whether `path` is one of the report's files, under whatever name: STATUS_USAGE then. */
enum status report_check_apart(const struct report *report, const char *path, struct err *err);
/* A report begins, of a session or, where that is NULL, of captures of any origin. Book and graphs are those set
 * before; the caller brings result.source up to date before the report ends. */
void report_begin(struct report *report, const struct result_source *source, const struct session *session);
/* Events that feed every output; valid as long as `report` is. Of captures with what `choice` wants. */
struct session_events report_session_events(struct report *report);
struct recogniser_events report_recogniser_events(struct report *report, const struct replay_filter *choice);
/* Notes whether what was written so far went well. Without session events to be called now and then. */
void report_check(struct report *report);

/* All is read: completes the result but for its graphs, and tells the formats of what they have not been told yet. */
void report_take_session(struct report *report, const struct session *session);
void report_take_recognition(struct report *report, const struct recognition *found);
/* What the traces from one source to one target show together: once for each such group, before the end. */
void report_judged(struct report *report, const struct judged_group *group);
/* What a search for all paths found; borrowed until the report has ended. */
void report_graphs(struct report *report, const struct graph *graphs, unsigned count);
void report_end(struct report *report);

/* What is known of the addresses, from before report_begin() on: see struct result. */
void report_book(struct report *report, const struct address_book *book,
                 bool (*is_settled)(void *context, const struct addr *address), void *context);
/* Which of it is shown beside names. */
void report_show(struct report *report, bool networks, bool places);
/* Writes lines that waited for names; true: some still wait. */
bool report_release(struct report *report, nstime now, bool all);

/* Whether any format needs a capture's traces kept to the end. */
bool report_keeps(const struct report *report);
/* Whether lines come to a terminal on standard output before the end: progress on the same would tear them. */
bool report_streams(const struct report *report);
/* Where more text may follow a report that is text: standard output. NULL: that is no text. */
FILE *report_text(const struct report *report);

/* Flushes and closes. A write that failed, but for a closed pipe, is STATUS_SYSTEM. */
enum status report_close(struct report *report, struct err *err);

/* Flushes what was printed to standard output, as `file`. A closed pipe is STATUS_OK: a reader that went away has seen
 * enough. */
enum status report_flush(FILE *file, struct err *err);

#endif
