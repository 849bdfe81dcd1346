/* SPDX-License-Identifier: BSD-2-Clause */
/* result: what a live run, the replay of a saved run and the replay of any other capture all end in. Floor: report.
 *
 * Formats read results and nothing else: no session, no recogniser. The command fills the result in as its parts become
 * final, and a format is told of each part (format.h). The members hold for all sources; those from `config` on
 * are of a run of our own alone. All pointers are borrowed. A result is not to be copied. */
#ifndef HOPSONDE_REPORT_RESULT_H
#define HOPSONDE_REPORT_RESULT_H

#include "address/address_book.h"
#include "monitor/monitor.h"
#include "mtu/path_mtu.h"
#include "multipath/graph.h"
#include "pairing/result.h"
#include "recognise/recognise.h"
#include "session/strategy.h"
#include "transit/clock.h"
#include "verdict/verdict.h"

/* Where the frames come from. */
struct result_source {
    const char *command; /* "trace" */
    bool live;
    const char *interface; /* live: "any" or the name given */
    const struct source_file {
        const char *name;
        uint64_t frames; /* final when all is read */
        bool truncated;  /* the same */
        /* How far its clock is ahead; its stamps were corrected. NULL: they were not. */
        const struct clock_estimate *clock;
        /* The same of a second machine, whose capture was merged into the file: only its frames were corrected. */
        const struct clock_estimate *second_clock;
    } * files; /* capture: file_count of them */
    unsigned file_count;
    /* Captures of the other end, which the verdicts rest on, too. Frames of verdicts and findings that are theirs have
     * a file number behind the files above; a live run counts as one file. */
    const struct source_file *far;
    unsigned far_count;
    bool interrupted; /* the run, or the reading of other captures, ended early */
};

/* Traces from one source to one target, and what they show together. Borrowed. */
struct judged_group {
    const struct trace *const *traces;
    size_t count;
    const struct judgement *judgement;
    bool several; /* there are other groups: a verdict alone does not show whom it is about */
};

/* A line of the file of --expect, and what was found. */
struct result_expectation {
    struct probe_spec spec;
    const struct port_list *list; /* the line has this list; NULL: it has `spec` alone */
    bool is_mtu;                  /* the line is about the MTU, and has no spec */
    char expected[96], found[96]; /* "rejected at 10.0.3.2" */
    bool ok;
    bool probed;        /* there is a verdict, or an MTU, to compare with */
    struct addr target; /* of a run of several targets; none: it has one */
    const char *file;   /* foreign text */
    unsigned line;      /* from 1 */
};

/* Two neighbouring points of a path, and what their captures show together. */
struct transit_section {
    const struct transit_result *transit; /* borrowed; until all is read, its clock alone */
    const char *names[TRANSIT_POINTS];    /* "near" and "far", or as the user called them: letters and digits */
    bool is_named;                        /* the user called them so */
    /* Of the source's files, those of each point. */
    unsigned first_file[TRANSIT_POINTS], file_count[TRANSIT_POINTS];
};

struct result {
    struct result_source source;

    /* In the order of their first probes; a trace's place is its number in every format, from 0. Filled in when all is
     * read; empty where a capture's traces are not kept. */
    const struct trace *const *traces;
    size_t trace_count;
    /* ICMP errors about other traffic, in the order of their frames; none of a run of our own. */
    const struct other_error *errors;
    size_t error_count;
    /* Of a run of our own the common ones only. */
    struct recognition_counters counters;
    /* What a search for all paths found; filled in before the end. NULL: another command. */
    const struct graph *graphs;
    unsigned graph_count;
    const char *graph_verdict; /* what became of the probes of the search, in a sentence; NULL: graphs of captures */

    /* Captures of several points: each point and the next one, in the order of the path. 0: another command. */
    const struct transit_section *sections;
    unsigned section_count, section_now; /* that whose pairs are told at present */

    /* With --mtu, how large packets the path takes; known before the first hop is told. NULL: not measured. */
    const struct path_mtu *mtu;

    /* Of watch: its table, verdicts and events so far. NULL: another command. */
    const struct monitor *monitor;

    /* With --expect, in the order of the file, of one target after another; filled in before the end. NULL: nothing was
     * compared. */
    const struct result_expectation *expectations;
    unsigned expectation_count;

    /* Facts about addresses: the book grows during a run and is complete at its end. NULL: nothing is to be shown. */
    const struct address_book *book;
    /* Whether the book's entry for an address is complete; NULL: all are. */
    bool (*is_settled)(void *context, const struct addr *address);
    void *settled_context;

    /* A run of our own, live or replayed: what was asked for. NULL: captures of any other origin. */
    const struct session_config *config;
    struct trace_set specs; /* a trace for each probe spec, in the order of the specs, even if it sent nothing */
    struct trace_set lists; /* a trace for each part of its port lists */
    unsigned unseen_probes; /* probes whose own frame was not seen: the send time stands in */

    /* Of a run of several targets: the results of all of them, this one among them, in the order of the command line.
     * Each has the traces, the monitor and the counters of its own. */
    const struct result *const *targets;
    unsigned target_count; /* 0 or 1: there is this one alone */

    const struct trace *by_start[SPECS_MOST]; /* behind `traces`, of a run of our own */
};

/* The results of all targets: result_target() of 0 to result_target_count() - 1. */
static inline unsigned result_target_count(const struct result *result)
{
    return result->target_count > 1 ? result->target_count : 1;
}
static inline const struct result *result_target(const struct result *result, unsigned index)
{
    return result->target_count > 1 ? result->targets[index] : result;
}
/* The sum of the counters of all targets. */
struct frame_counters result_counters(const struct result *result);
/* The trace with this number, and the result that has it. NULL: there is none. */
const struct trace *result_trace(const struct result *result, unsigned number, const struct result **of);

/* Fills in a run of our own as it stands: before the run begins, and when it has ended. The session must outlive the
 * result. Book, graphs and source stay, but source.interrupted. */
void result_of_session(struct result *result, const struct session *session);
/* Fills in what was found in captures of any origin. The recogniser must outlive the result. */
void result_of_recognition(struct result *result, const struct recognition *found);

/* The number of a trace, in every format. It is final as soon as the trace's first probe is known, because the first
 * probes become known in the order of the capture. */
unsigned result_run_trace_number(const struct result *result, const struct trace *trace);
static inline unsigned result_trace_number(const struct result *result, const struct trace *trace)
{
    return result->config ? result_run_trace_number(result, trace) : trace->number;
}
/* Whether all is as --expect has it. */
bool result_is_as_expected(const struct result *result);
/* Whether the user named the spec of this trace; for advice_tickets(). */
bool result_names_spec(const struct trace *trace, const void *result);
/* Whether the report says which spec to use: a run of our own that sent all specs side by side, or whose only spec ends
 * in silence. */
bool result_wants_advice(const struct result *result, const struct judgement *judgement);
/* The section whose pairs are told at present. NULL: another command. */
static inline const struct transit_section *result_section(const struct result *result)
{
    return result->section_count ? &result->sections[result->section_now] : NULL;
}
/* The name by which the user called the target; NULL: by its address, or there is none. Foreign text. */
const char *result_target_name(const struct result *result);

#endif
