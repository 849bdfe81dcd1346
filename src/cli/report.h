/* report: the outputs of one run, opened, fed with its events, and closed. Floor 6. */
#ifndef HOPSONDE_CLI_REPORT_H
#define HOPSONDE_CLI_REPORT_H

#include <signal.h>

#include "cli/options.h"

struct report {
    struct output outputs[OUTPUTS_MOST];
    const char *names[OUTPUTS_MOST]; /* NULL: stdout */
    unsigned count;
    bool emptied[OUTPUTS_MOST];  /* of what the file held before */
    bool pipe_closed;            /* nobody reads stdout any more: a clean end */
    volatile sig_atomic_t *stop; /* set to 1 when nobody reads the only report any more; may be NULL */
    bool failed;                 /* something could not be written; `error` says what */
    struct err error;
};

/* Opens the files as the caller's effective user. On failure nothing stays open. What a file holds already goes when
 * the first report begins: a run that never starts costs nothing. */
enum status report_open(struct report *report, const struct options *options, struct err *err);
/* Whether `path` is one of the report's files, under whatever name: STATUS_USAGE then. */
enum status report_check_apart(const struct report *report, const char *path, struct err *err);
void report_begin(struct report *report, const struct session *session, const struct report_source *source);
/* Events that feed every output; valid as long as `report` is. */
struct session_events report_events(struct report *report);
void report_end(struct report *report, const struct session *session, const struct judgement *judgement,
                const struct report_source *source);
/* Flushes and closes. A write that failed, but for a closed pipe, is STATUS_SYSTEM. */
enum status report_close(struct report *report, struct err *err);

/* Flushes what was printed to standard output, as `file`. A closed pipe is STATUS_OK: a reader that went away has seen
 * enough. */
enum status report_flush(FILE *file, struct err *err);

#endif
