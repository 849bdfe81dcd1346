/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports, captures, and what is printed beside them. */
#include <string.h>

#include "cli/options/groups/groups.h"

static enum status complain_format(const struct parse *parse, const char *value, const char *name, struct err *err)
{
    if (reserved_format(name))
        return parse_complain(parse, value, err, "this version does not have this format");
    struct strbuf known;
    strbuf_init(&known);
    for (unsigned i = 0; output_formats[i]; i++)
        strbuf_addf(&known, "%s%s", i ? ", " : "", output_formats[i]->name);
    parse_complain(parse, value, err, "no such format (%s)", known.text);
    strbuf_free(&known);
    return STATUS_USAGE;
}

void outputs_leave_stdout(struct parse *parse)
{
    struct options *out = parse->out;
    unsigned kept = 0;
    for (unsigned i = 0; i < out->output_count; i++) {
        if (out->outputs[i].file)
            out->outputs[kept++] = out->outputs[i];
    }
    out->output_count = kept;
    parse->stdout_format = NULL;
}

/* Only one format may have standard output: the command line's replaces the environment's. */
static enum status take_stdout(struct parse *parse, const char *value, const char *name, struct err *err)
{
    if (parse->stdout_format && parse->environment_stdout && !parse->environment) {
        outputs_leave_stdout(parse);
    } else if (parse->stdout_format) {
        return parse_complain(parse, value, err,
                              "%s is on standard output already (write one of them to a file: -o %s:FILE)",
                              parse->stdout_format, name);
    }
    parse->stdout_format = name;
    parse->environment_stdout = parse->environment;
    return STATUS_OK;
}

static enum status apply_output(struct parse *parse, const char *value, struct err *err)
{
    struct options *out = parse->out;
    const char *colon = strchr(value, ':');
    const char *file = colon && strcmp(colon, ":-") != 0 ? colon + 1 : NULL;
    size_t length = colon ? (size_t)(colon - value) : strlen(value);
    char name[16] = "";
    if (length < sizeof name)
        memcpy(name, value, length);
    const struct output_format *format = output_format_find(name);
    if (!format)
        return complain_format(parse, value, name, err);
    if (file && !*file)
        return parse_complain(parse, value, err, "expected a file name after the colon");
    if (!file) {
        enum status status = take_stdout(parse, value, format->name, err);
        if (status != STATUS_OK)
            return status;
    }
    /* One place stays free for text, which goes to standard output unless another format does. */
    if (out->output_count == OUTPUTS_MOST - 1)
        return parse_complain(parse, value, err, "too many formats (at most %d)", OUTPUTS_MOST - 1);
    out->outputs[out->output_count++] = (struct output_request){.format = format, .file = file};
    if (!parse->environment && (file || strcmp(format->name, "text") != 0))
        parse->output_spelled = value;
    return STATUS_OK;
}

static enum status apply_policy(struct parse *parse, const char *value, struct err *err)
{
    struct options *out = parse->out;
    if (!*value || strcmp(value, "-") == 0)
        return parse_complain(parse, value, err, "expected a file name (for standard output: -o policy)");
    if (out->output_count == OUTPUTS_MOST - 1)
        return parse_complain(parse, value, err, "too many formats (at most %d)", OUTPUTS_MOST - 1);
    out->outputs[out->output_count++] = (struct output_request){.format = &output_policy, .file = value};
    if (!parse->environment)
        parse->output_spelled = value;
    return STATUS_OK;
}

static enum status apply_expect(struct parse *parse, const char *value, struct err *err)
{
    if (!*value)
        return parse_complain(parse, value, err, "expected a file name");
    if (parse->expect_given)
        return parse_complain(parse, value, err, "given twice (name one file of expectations)");
    parse->out->expect_file = value;
    parse->expect_given = !parse->environment;
    return STATUS_OK;
}

#define WRITE_LEAST 65536 /* bytes; the headers of any run fit */

static enum status apply_write(struct parse *parse, const char *value, struct err *err)
{
    if (!*value || strcmp(value, "-") == 0)
        return parse_complain(parse, value, err, "expected a file name (standard output is for the report)");
    if (parse->write_given)
        return parse_complain(parse, value, err, "given twice (a run writes one capture)");
    parse->out->write_file = value;
    parse->write_given = !parse->environment;
    return STATUS_OK;
}

static enum status apply_write_max(struct parse *parse, const char *value, struct err *err)
{
    if (!value_size(value, &parse->out->write_max) || parse->out->write_max < WRITE_LEAST)
        return parse_complain(parse, value, err, "expected a size of 64k or more, as 500M or 2G");
    return STATUS_OK;
}

/* SIZE[,COUNT]. A unit is due, as a bare number may be meant in kilobytes. */
static enum status apply_rotate(struct parse *parse, const char *value, struct err *err)
{
    struct options *out = parse->out;
    const char *comma = strchr(value, ',');
    size_t length = comma ? (size_t)(comma - value) : strlen(value);
    char size[16] = "";
    uint64_t keep = 0;
    if (length < sizeof size)
        memcpy(size, value, length);
    bool has_unit = length > 1 && strchr("kMG", size[length - 1]);
    if (!has_unit || !value_size(size, &out->rotate_bytes) || out->rotate_bytes < WRITE_LEAST ||
        (comma && !value_number(comma + 1, false, 2, UINT16_MAX, &keep)))
        return parse_complain(parse, value, err,
                              "expected SIZE[,COUNT] of 64k or more with k, M or G, and 2 files or more, as 100M,10");
    out->rotate_keep = (unsigned)keep;
    return STATUS_OK;
}

static enum status apply_read(struct parse *parse, const char *value, struct err *err)
{
    struct options *out = parse->out;
    if (!*value)
        return parse_complain(parse, value, err, "expected a file name (- is standard input)");
    if (out->read_count == FILES_MOST)
        return parse_complain(parse, value, err, "too many files (at most %d)", FILES_MOST);
    out->read_files[out->read_count++] = value;
    return STATUS_OK;
}

static void look_read(struct parse *parse)
{
    parse->reads_file = true;
}

static enum status apply_color(struct parse *parse, const char *value, struct err *err)
{
    static const char *const words[] = {[WHEN_AUTO] = "auto", [WHEN_ALWAYS] = "always", [WHEN_NEVER] = "never"};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(value, words[i]) == 0) {
            parse->out->color = (enum when)i;
            return STATUS_OK;
        }
    }
    return parse_complain(parse, value, err, "expected auto, always or never");
}

static enum status apply_verbose(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->out->verbose++;
    return STATUS_OK;
}

static const struct option_row rows[] = {
    {.letter = "-o",
     .argument = "FORMAT[:FILE]",
     .commands = ON_EVERY,
     .brief = "text, json, jsonl, csv, prom, dot, svg, map",
     .help =
         "report format (text), to FILE or standard output; repeat it for several, at most one of them to standard output; dot and svg draw the graph of paths, map draws one path on a world map (SVG), prom holds the metrics of watch",
     .apply = apply_output},
    {.letter = "-W",
     .name = "--write",
     .argument = "FILE",
     .commands = ON_LIVE | ON_TRANSIT,
     .refusal = "a replay reads its frames from a file already (leave --write out)",
     .brief = "save the packets (pcapng)",
     .help =
         "save every frame that passed the filter (annotated pcapng; classic pcap if the name ends in .pcap); transit: the frames of both points in one pcapng, by the near clock, with a comment on each",
     .apply = apply_write},
    {.name = "--write-max",
     .argument = "SIZE",
     .commands = ON_LIVE,
     .help = "largest size of that file, in bytes or with k, M or G (1G): later packets are not saved",
     .apply = apply_write_max},
    {.name = "--rotate",
     .argument = "SIZE[,COUNT]",
     .commands = ON_WATCH,
     .help =
         "divide that file in parts of this size, as run-00001.pcapng of run.pcapng, and keep the last COUNT parts (all)",
     .apply = apply_rotate},
    {.letter = "-R",
     .name = "--read",
     .argument = "FILE",
     .commands = ON_ALL,
     .brief = "read packets from FILE: no root, nothing is sent",
     .help = "read frames from FILE (-: standard input) instead of the network: needs no root, sends nothing",
     .look = look_read,
     .apply = apply_read},
    {.letter = "-v",
     .commands = ON_EVERY,
     .brief = "print more",
     .help = "print more; twice: still more",
     .apply = apply_verbose},
    {.name = "--quiet",
     .commands = ON_EVERY,
     .help = "verdicts alone: no table, heading, notes or hints",
     OPTION_FLAG(quiet)},
    {.name = "--one-per-line",
     .commands = ON_ALL,
     .help = "a line for each TTL, silent ones too; the default unless text goes to a terminal",
     OPTION_FLAG(one_per_line)},
    {.name = "--color",
     .argument = "WHEN",
     .commands = ON_EVERY,
     .help = "auto (on a terminal, unless NO_COLOR is set), always or never",
     .apply = apply_color},
    {.name = "--expect",
     .argument = "FILE",
     .commands = ON_DIAGNOSE | ON_WATCH | ON_REPLAY,
     .help =
         "compare the verdicts with the lines of FILE, PROBE STATE [at|after ADDRESS], and print each difference; FILE's probes are sent unless you name some (replay: of one target)",
     .apply = apply_expect},
    {.name = "--write-policy",
     .argument = "FILE",
     .commands = ON_DIAGNOSE | ON_REPLAY,
     .help = "write the verdicts to FILE as lines that --expect reads (the same as -o policy:FILE)",
     .apply = apply_policy},
};

OPTION_GROUP(option_group_output, "Reports and captures", NULL, rows);
