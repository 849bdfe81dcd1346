/* SPDX-License-Identifier: BSD-2-Clause */
/* options: argv and HOPSONDE_OPTIONS to a configuration. Top floor; pure: it opens no file, resolves no name and prints
 * nothing. */
#ifndef HOPSONDE_CLI_OPTIONS_OPTIONS_H
#define HOPSONDE_CLI_OPTIONS_OPTIONS_H

#include "base/strbuf.h"
#include "cli/options/command.h"
#include "cli/values/replay_filter.h"
#include "pairing/result.h"
#include "report/format.h"
#include "session/session.h"

#define OUTPUTS_MOST 9
#define FILES_MOST 64
#define OPERANDS_MOST (TARGETS_MOST + SPECS_MOST) /* as watch takes them; others check their own limits */
/* Times of --idle. Unit: times. Source: chosen. Effect: with fewer, the time after which a device forgets is bounded
 * less closely; each more opens a connection of each spec. */
#define IDLE_AGES_MOST 8
#define POINTS_MOST 16      /* of --at */
#define POINT_NAME_BYTES 21 /* with its end */
#define ENVIRONMENT_BYTES_MOST 4095

struct output_request {
    const struct output_format *format;
    const char *file; /* NULL: stdout */
};

/* What to look up about the addresses of a report. */
struct lookup_options {
    bool networks, places, whois; /* -A, -G, --whois */
    bool verify;                  /* --verify-names */
    bool resolve;                 /* replay: look names up again; else only the saved run's are printed */
    const char *resolver;         /* dns_server_parse() accepts it; NULL: the system's */
    nstime dns_timeout;           /* 0: the default */
    const char *asn_db, *geo_db;  /* NULL: search for it */
    const char *whois_server;     /* whois_server_parse() accepts it; NULL: IANA's and those that it refers to */
};

/* What was asked for: it counts when all probes are known. */
struct pace_options {
    uint32_t budget;     /* --budget; 0: not given */
    bool send_gap_given; /* -z */
    nstime rate_gap;     /* --rate; 0: not given */
};

enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

struct options {
    enum command_id command;
    const char *help_topic;       /* COMMAND_HELP: "trace" ... or NULL */
    bool version;                 /* COMMAND_HELP: --version */
    char host[TARGET_NAME_BYTES]; /* of HOST or its URL, without brackets, with %zone; "": none (COMMAND_REPLAY) */
    char other_hosts[TARGETS_MOST - 1][TARGET_NAME_BYTES]; /* watch: further targets, as `host` */
    unsigned other_count;
    uint8_t family; /* 4, 6, 0: either */
    /* The whole run without the target; source and seed are set only if -s and --seed were given. */
    struct session_config session;
    struct probe_names names; /* owned; of the specs of the session and of replay_filter: options_free() */
    bool seed_given;
    const char *interface;
    uint32_t fwmark;
    struct output_request outputs[OUTPUTS_MOST]; /* one of them has standard output: text by default */
    unsigned output_count;
    const char *write_file;             /* NULL: none */
    uint64_t write_max;                 /* most bytes of that file; 0: not given */
    uint64_t rotate_bytes;              /* most bytes of a part of that file; 0: it is one */
    unsigned rotate_keep;               /* parts that stay; 0: all */
    const char *read_files[FILES_MOST]; /* replay, transit; diagnose and replay: those of --far, too */
    uint8_t read_points[FILES_MOST];    /* enum transit_point; with --at the points in their order, from 0 */
    unsigned read_count;
    char point_names[POINTS_MOST][POINT_NAME_BYTES]; /* of --at */
    unsigned point_count;                            /* of --at; 0: not given */
    enum when color;
    unsigned verbose;
    bool one_per_line;                  /* a line a TTL on a terminal too */
    struct replay_filter replay_filter; /* replay */
    bool graphs;                        /* replay, of `paths --read`: graphs instead of traces, also of other tools */
    bool no_decap;                      /* replay: read the outer headers of tunnels only */
    bool list;                          /* replay: one line per trace: output_list has standard output */
    const char *expect_file;            /* diagnose, replay: the file of --expect; NULL: none. Not read here */
    bool default_specs;              /* diagnose: no probe was given: those of the --expect file replace the defaults */
    bool measures_mtu;               /* trace, diagnose: --mtu */
    bool only;                       /* diagnose: no icmp for comparison, and no controls */
    const char *control;             /* diagnose: the name that controls bear; probe_name_check() accepts it */
    uint32_t idle_s[IDLE_AGES_MOST]; /* diagnose: how long sessions are left alone: --idle */
    unsigned idle_count;
    struct pace_options pace; /* diagnose; send_gap_given: all */
    uint32_t max_probes;      /* paths; 0: the default */
    nstime duration;          /* watch; 0: not given */
    nstime refresh;   /* watch: names are looked up again after this time; NSTIME_NEVER: not at all; 0: default */
    bool report_only; /* watch: no screen, and no lines of events */
    bool quiet, dry_run, numeric;
    struct lookup_options lookup;
    /* Lines for stderr ("hopsonde: ...\n"), each once: what another tool's spelling was taken for. Empty with --quiet.
     */
    char hints[1024];
};

/* Fills `out` with the defaults, then from HOPSONDE_OPTIONS, then from argv. `environment` (NULL: none) is cut into
 * words in place. Strings of `out` point into argv, `environment` or static memory. `trace --read FILE` gives
 * COMMAND_REPLAY. STATUS_USAGE with one line (without "hopsonde: "): option, what is wrong, remedy. */
enum status options_parse(int argc, char *const argv[], char *environment, struct options *out, struct err *err);
/* After options_parse(), also if that failed: frees what `options` owns. */
void options_free(struct options *options);
/* What --help and `help COMMAND` print; `topic` is options.help_topic, NULL the overview. */
void options_help(struct strbuf *out, const char *topic);

#endif
