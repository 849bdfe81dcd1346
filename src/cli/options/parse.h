/* SPDX-License-Identifier: BSD-2-Clause */
/* parse: walks the words of the command line and of HOPSONDE_OPTIONS, and applies the options among them. Top floor;
 * pure; internal to cli/options/.
 *
 * The words are walked twice. The first pass collects the operands and finds out which command this is: `--read FILE`
 * may stand anywhere. The second pass applies the options that the command obeys. */
#ifndef HOPSONDE_CLI_OPTIONS_PARSE_H
#define HOPSONDE_CLI_OPTIONS_PARSE_H

#include "cli/options/option_table.h"
#include "cli/options/options.h"
#include "cli/values/target.h"
#include "cli/values/values.h"

/* A probe as it was given; its port may come from -p. */
struct probe_request {
    const char *text;    /* "tcp/443" or "auto" */
    const char *spelled; /* "-P"; NULL: an operand */
    const char *value;   /* NULL: -I, -T or -U, which imply the text */
    bool environment;
};

/* The point of an operand: that of the last option before it. Those of --at are counted from POINT_OF_NEAR on. */
enum point_of_operand { POINT_OF_NONE, POINT_OF_NEAR, POINT_OF_FAR };

/* State of the parser: what cannot be checked before all options are known. */
struct parse {
    struct options *out;
    const struct command *command; /* the first word; NULL: it is no command */
    unsigned mode;                 /* the ON_ bit of the command, known after the first pass */
    bool applying;                 /* this is the second pass */
    bool environment;              /* the words at hand come from HOPSONDE_OPTIONS */
    bool stop;                     /* --help or --version: ignore the rest */
    bool reads_file;               /* --read */
    bool ignored_hint;             /* a hint told of an option without effect; one is enough */
    const char *spelled;           /* the option at hand, as it was typed */

    struct probe_request probes[SPECS_MOST];
    unsigned probe_count;
    const char *port; /* -p */
    struct subject port_subject;
    struct url_parts url; /* of HOST */

    bool tos_given, max_given, family_given, queries_given;
    bool only_given, control_given, expect_given, write_given; /* --only ... on the command line */
    const char *dscp_spelled; /* --dscp or --ecn, whichever was given last: conflicts with -t */
    uint8_t dscp, ecn;
    bool send_gap_given;        /* -z */
    nstime rate_gap;            /* ns between two probes, by --rate */
    const char *confidence;     /* the value of --confidence on the command line */
    const char *stdout_format;  /* the format that has standard output; NULL: none yet */
    bool environment_stdout;    /* that one comes from the environment: the command line's replaces it */
    const char *output_spelled; /* the last -o that a dry run cannot obey */

    const char *operands[OPERANDS_MOST];
    uint8_t operand_points[OPERANDS_MOST]; /* transit: enum point_of_operand */
    unsigned operand_count;
    uint8_t point;           /* that of the last --near, --far or --at */
    uint8_t at_seen;         /* points of --at in the first pass */
    const char *two_spelled; /* the last --near or --far of transit, which conflict with --at */
};

/* Walks `count` words once: the first pass, or the second if `parse->applying`. */
enum status parse_words(struct parse *parse, char *const *word, int count, struct err *err);

/* The subject of a message about the option at hand. */
struct subject parse_subject(const struct parse *parse, const char *value);
/* Sets "[HOPSONDE_OPTIONS: ]OPTION VALUE: MESSAGE" about the option at hand; returns STATUS_USAGE. */
enum status parse_complain(const struct parse *parse, const char *value, struct err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
