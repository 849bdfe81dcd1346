/* replay: the report of a saved run, out of its capture. */
#include <stdlib.h>
#include <strings.h>

#include "cli/loop.h"
#include "cli/report.h"
#include "cli/run.h"
#include "io/file.h"
#include "io/privs.h"

/* The deadlines of an interrupted run are those that had passed when it ended. Of a run whose end was cut off nobody
 * knows what came later: its silence proves nothing. */
static void finish_replay(struct session *session, const struct saved_run *saved)
{
    enum session_end end = saved->ended ? saved->end : SESSION_INTERRUPTED;
    if (end == SESSION_INTERRUPTED && saved->ended_at != NSTIME_NONE)
        session_tick(session, saved->ended_at);
    session_finish(session, end, saved->dropped_by_kernel);
}

static bool shows_a_trace(const struct session *session)
{
    for (unsigned i = 0; i < session_trace_count(session); i++)
        if (session_trace(session, i)->started)
            return true;
    return false;
}

static int report_replay(struct session *session, struct report *report, const struct report_source *source)
{
    struct judgement *judgement = calloc(1, sizeof *judgement);
    if (!judgement)
        return EXIT_SYSTEM;
    verdict_judge(session, judgement);
    report_end(report, session, judgement, source);
    free(judgement);
    return shows_a_trace(session) ? EXIT_REACHED : EXIT_NOT_REACHED;
}

static void warn_of_cut(const char *name)
{
    struct err err;
    err_set(&err, STATUS_OK, "%s: the file is cut; what came before is reported", name);
    run_complain(&err);
}

static int replay_session(struct wire *wire, const struct saved_run *saved, const char *name, struct report *report,
                          const struct run_context *context)
{
    struct err err = {0};
    struct source_file file = {.name = name};
    struct report_source source = {.command = saved->command, .files = &file, .file_count = 1};
    struct session_events events = report_events(report);
    struct session *session = session_new_with_flows(&saved->config, saved->flows, true, &events, &err);
    if (!session) {
        err.status = STATUS_SYSTEM;
        return run_complain(&err);
    }
    report_begin(report, session, &source);
    enum status status = loop_run(session, wire, NULL, context->stop, &err);
    file.frames = file_wire_frames(wire);
    file.truncated = file_wire_truncated(wire);
    finish_replay(session, saved);
    int code = report_replay(session, report, &source);
    session_free(session);
    if (file.truncated)
        warn_of_cut(name);
    return status == STATUS_OK ? code : run_complain(&err);
}

/* Whether the saved run is one to HOST: an address, or the name that was traced; "": any is. */
static bool is_wanted(const struct session_config *saved, const char *host)
{
    struct addr address;
    if (addr_parse(host, &address))
        return addr_equal(&address, &saved->target);
    return !*host || strcasecmp(host, saved->target_name) == 0;
}

static int replay_wire(struct wire *wire, const struct saved_run *saved, const char *name,
                       const struct options *options, struct report *report, const struct run_context *context)
{
    struct err err = {0};
    if (!saved->present) {
        err_set(&err, STATUS_SYSTEM, "%s: not saved by hopsonde --write: this version replays only its own captures",
                name);
        return run_complain(&err);
    }
    if (is_wanted(&saved->config, options->host))
        return replay_session(wire, saved, name, report, context);
    err_set(&err, STATUS_OK, "%s: no trace to %s in it (leave HOST out to see all)", name, options->host);
    run_complain(&err);
    return EXIT_NOT_REACHED;
}

static int replay_file(const char *name, const struct options *options, struct report *report,
                       const struct run_context *context)
{
    struct err err = {0};
    struct wire *wire = NULL;
    const struct saved_run *saved = NULL;
    if (report_check_apart(report, name, &err) != STATUS_OK)
        return run_complain(&err);
    if (file_wire_open(name, &wire, &saved, &err) != STATUS_OK)
        return *context->stop ? EXIT_INTERRUPTED : run_complain(&err);
    int code = replay_wire(wire, saved, name, options, report, context);
    wire->ops->close(wire);
    return code;
}

int run_replay(const struct options *options, const struct run_context *context)
{
    struct err err = {0};
    struct report report;
    int worst = EXIT_REACHED;
    if (privs_drop(&err) != STATUS_OK || report_open(&report, options, &err) != STATUS_OK)
        return run_complain(&err);
    report.stop = context->stop;
    *context->stop = 0;
    for (unsigned i = 0; i < options->read_count && !*context->stop; i++) {
        int code = replay_file(options->read_files[i], options, &report, context);
        worst = code > worst ? code : worst;
    }
    if (report_close(&report, &err) != STATUS_OK)
        worst = run_complain(&err);
    return worst == EXIT_SYSTEM ? worst : run_quiet_end(&report, context, worst);
}
