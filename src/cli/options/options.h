/* SPDX-License-Identifier: BSD-2-Clause */
/* options: argv and HOPSONDE_OPTIONS to a configuration. Floor 6; pure: opens nothing, asks no resolver, prints
 * nothing. */
#ifndef HOPSONDE_CLI_OPTIONS_OPTIONS_H
#define HOPSONDE_CLI_OPTIONS_OPTIONS_H

#include "base/strbuf.h"
#include "cli/options/replay_filter.h"
#include "report/format.h"
#include "session/session.h"

enum command { COMMAND_TRACE, COMMAND_DIAGNOSE, COMMAND_PATHS, COMMAND_REPLAY, COMMAND_HELP, COMMAND_VERSION };

#define OUTPUTS_MOST 8
#define FILES_MOST 64
#define ENVIRONMENT_BYTES 4096

struct output_request {
    const struct output_format *format;
    const char *file; /* NULL: stdout */
};

/* What is to be found out about the addresses of a report. */
struct lookup_options {
    bool networks, places, whois; /* -A, -G, --whois */
    bool verify;                  /* --verify-names */
    bool resolve;                 /* replay: ask, and do not just tell what the run that was saved had found out */
    const char *resolver;         /* a good text for dns_server_parse(); NULL: the system's */
    nstime dns_timeout;           /* 0: the default */
    const char *asn_db, *geo_db;  /* NULL: to be looked for */
    const char *whois_server;     /* a good text for whois_server_parse(); NULL: IANA's and those that it refers to */
};

enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

struct options {
    enum command command;
    const char *help_topic;       /* COMMAND_HELP: "trace" ... or NULL */
    char host[TARGET_NAME_BYTES]; /* out of HOST or a URL, without brackets, with %zone; "": none given (only with
                                     COMMAND_REPLAY) */
    uint8_t family;               /* 4, 6, 0: either */
    /* All of the run but source, target and seed where none was given; `specs` holds the chain. session.source is -s.
     */
    struct session_config session;
    bool seed_given;
    const char *interface;
    uint32_t fwmark;
    struct output_request outputs[OUTPUTS_MOST]; /* at least text to stdout where no other goes there */
    unsigned output_count;
    const char *write_file;             /* NULL: none */
    const char *read_files[FILES_MOST]; /* replay */
    unsigned read_count;
    enum when color;
    unsigned verbose;
    struct replay_filter choice; /* replay */
    bool graphs; /* replay: `paths --read`: graphs in place of traces, where the capture is another tool's */
    bool list;   /* replay: a line a trace; the report on stdout is then output_list */
    /* diagnose, replay: what is expected of each spec; NULL: nothing. The file is not read here. */
    const char *expect_file;
    bool default_specs;  /* diagnose: nobody named a probe: those of the file come in place of the default ones */
    bool only;           /* diagnose: no icmp for comparison */
    uint32_t max_probes; /* paths; 0: the default */
    bool quiet, dry_run, numeric;
    struct lookup_options lookup;
    /* Whole lines for stderr ("hopsonde: ...\n"), each once: another tool's spelling that worked. Empty with --quiet.
     */
    char hints[1024];
    char environment[ENVIRONMENT_BYTES]; /* the words of HOPSONDE_OPTIONS; strings above may lie in it: never copy the
                                            struct */
};

/* Fills `out` with defaults and then HOPSONDE_OPTIONS (may be NULL) and argv. Strings of `out` point into argv, `out`
 * itself or static memory. `trace --read FILE` comes out as COMMAND_REPLAY. STATUS_USAGE with one line (without
 * "hopsonde: "): subject, action, cause, remedy. */
enum status options_parse(int argc, char *const argv[], const char *environment, struct options *out, struct err *err);
/* How the command is spelled ("diagnose"), in reports and saved captures; NULL: it is none that runs. */
const char *command_name(enum command command);
/* What --help and `help COMMAND` print; `topic` is options.help_topic, NULL the overview. */
void options_help(struct strbuf *out, const char *topic);

#endif
