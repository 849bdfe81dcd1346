/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/options.h"

#include <stdio.h>
#include <string.h>

#include "cli/options/apply.h"
#include "cli/options/hints.h"
#include "cli/options/probe_list.h"
#include "cli/options/words.h"
#include "strategies/strategies.h"

#define ENVIRONMENT_WORDS_MOST 256
#define SPELLED_BYTES 64
#define PATHS_FLOWS (FLOW_ALTERNATES_MOST + 1)
#define PATHS_PROBES 10000
#define PATHS_CONFIDENCE 950000 /* millionths */
#define DIAGNOSE_SUREST 999000  /* the same: no verdict is surer */
#define DIAGNOSE_FLOWS 12       /* source ports a spec may be asked from, where paths differ */

/* The words being walked through. */
struct words {
    char *const *word;
    int count, next; /* `next`: the first one not yet taken */
};

/* --- options --- */

/* An option that nobody knows. The environment may hold words for other commands and versions. */
static enum status complain_unknown(const struct parse *parse, const char *spelled, struct err *err)
{
    const struct subject subject = {.spelled = spelled};
    const char *nearest = spelled[1] == '-' ? option_nearest(spelled) : NULL;
    if (parse->environment)
        return STATUS_OK;
    if (nearest)
        return value_complain(err, &subject, "there is no such option (did you mean %s?)", nearest);
    return value_complain(err, &subject, "there is no such option (`hopsonde help trace` lists them)");
}

/* The argument of the option at hand: the rest of its own word, or the next word. */
static enum status take_value(const struct parse *parse, struct words *words, const char *attached,
                              const char *argument, const char **out, struct err *err)
{
    const struct subject subject = parse_subject(parse, NULL);
    if (attached)
        *out = attached;
    else if (words->next < words->count)
        *out = words->word[words->next++];
    else
        return value_complain(err, &subject, "a value is missing (%s %s)", parse->spelled, argument);
    return STATUS_OK;
}

static enum status obey(struct parse *parse, const struct option_row *row, const char *value, struct err *err)
{
    if (row->sends) {
        if (parse->environment && parse->out->command == COMMAND_REPLAY)
            return STATUS_OK;
        if (!parse->environment && !parse->sending && !option_replay_help(row))
            parse->sending = parse->spelled;
    }
    return row->apply(parse, value, err);
}

static enum status obey_synonym(struct parse *parse, const struct synonym *synonym, const char *value, struct err *err)
{
    const struct subject subject = parse_subject(parse, NULL);
    if (synonym->kind == SYNONYM_REFUSED)
        return parse->environment ? STATUS_OK : value_complain(err, &subject, "%s", synonym->why);
    if (synonym->kind == SYNONYM_IGNORED) {
        name_hint_add(parse, "%s: %s", synonym->theirs, synonym->why);
        return STATUS_OK;
    }
    if (synonym->value)
        name_hint_add(parse, "%s: taken as %s %s", synonym->theirs, synonym->ours, synonym->value);
    else
        name_hint_add(parse, "%s: taken as %s", synonym->theirs, synonym->ours);
    return obey(parse, option_find(synonym->ours), synonym->value ? synonym->value : value, err);
}

/* What a spelling is: exactly one of the two, or none. */
struct found {
    const struct option_row *row;
    const struct synonym *synonym;
    const char *spelled;  /* as found: static */
    const char *argument; /* NULL: takes none */
};

static bool find_option(const char *spelled, struct found *out)
{
    *out = (struct found){.row = option_find(spelled)};
    if (out->row) {
        out->spelled = spelled[1] == '-' ? out->row->name : out->row->letter;
        out->argument = out->row->argument;
    } else if ((out->synonym = synonym_find(spelled))) {
        out->spelled = out->synonym->theirs;
        out->argument = out->synonym->argument ? "VALUE" : NULL;
    }
    return out->spelled != NULL;
}

static enum status obey_found(struct parse *parse, struct words *words, const struct found *found, const char *attached,
                              struct err *err)
{
    const char *value = NULL;
    parse->spelled = found->spelled;
    if (found->argument) {
        enum status status = take_value(parse, words, attached, found->argument, &value, err);
        if (status != STATUS_OK)
            return status;
    }
    return found->row ? obey(parse, found->row, value, err) : obey_synonym(parse, found->synonym, value, err);
}

/* "--name" or "--name=value". */
static enum status parse_long(struct parse *parse, struct words *words, const char *word, struct err *err)
{
    char spelled[SPELLED_BYTES] = "";
    struct found found;
    size_t length = strcspn(word, "=");
    const char *attached = word[length] == '=' ? word + length + 1 : NULL;
    if (length >= sizeof spelled)
        return complain_unknown(parse, word, err);
    memcpy(spelled, word, length);
    if (!find_option(spelled, &found))
        return complain_unknown(parse, spelled, err);
    if (attached && !found.argument) {
        const struct subject subject = {.environment = parse->environment, .spelled = spelled};
        return value_complain(err, &subject, "this option takes no value");
    }
    return obey_found(parse, words, &found, attached, err);
}

/* "-nq3": letters in a row, the last of which may have its value attached or in the next word. */
static enum status parse_letters(struct parse *parse, struct words *words, const char *word, struct err *err)
{
    for (const char *letter = word + 1; *letter && !parse->stop; letter++) {
        const char spelled[3] = {'-', *letter, 0};
        struct found found;
        if (!find_option(spelled, &found))
            return complain_unknown(parse, spelled, err);
        const char *attached = found.argument && letter[1] ? letter + 1 : NULL;
        enum status status = obey_found(parse, words, &found, attached, err);
        if (status != STATUS_OK || found.argument)
            return status;
    }
    return STATUS_OK;
}

/* --- operands --- */

static enum status take_operand(struct parse *parse, const char *word, struct err *err)
{
    const struct subject subject = {.value = word};
    if (parse->environment)
        return STATUS_OK;
    if (parse->operand_count == FILES_MOST)
        return value_complain(err, &subject, "at most %d arguments can be taken", FILES_MOST);
    parse->operands[parse->operand_count++] = word;
    return STATUS_OK;
}

static enum status parse_words(struct parse *parse, char *const *word, int count, struct err *err)
{
    struct words words = {.word = word, .count = count};
    bool operands_only = false;
    enum status status = STATUS_OK;
    while (words.next < words.count && status == STATUS_OK && !parse->stop) {
        const char *now = words.word[words.next++];
        if (operands_only || now[0] != '-' || !now[1])
            status = take_operand(parse, now, err);
        else if (strcmp(now, "--") == 0)
            operands_only = true;
        else if (now[1] == '-')
            status = parse_long(parse, &words, now, err);
        else
            status = parse_letters(parse, &words, now, err);
    }
    return status;
}

static enum status parse_environment(struct parse *parse, const char *text, struct err *err)
{
    char *words[ENVIRONMENT_WORDS_MOST];
    int count;
    struct err cause;
    if (words_split(text, parse->out->environment, ENVIRONMENT_BYTES, words, ENVIRONMENT_WORDS_MOST, &count, &cause) !=
        STATUS_OK)
        return err_set(err, STATUS_USAGE, "HOPSONDE_OPTIONS: %s", cause.message);
    parse->environment = true;
    enum status status = parse_words(parse, words, count, err);
    parse->environment = false;
    parse->family_given = false;
    return status;
}

static enum status judge_size(struct parse *parse, const char *text, struct err *err)
{
    const struct subject subject = {.value = text}, first = {.value = parse->operands[0]};
    uint64_t size;
    bool is_size = value_number(text, false, 28, 65535, &size), is_number = !text[strspn(text, "0123456789")];
    const char *meant = !is_number && !parse->command ? command_nearest(parse->operands[0]) : NULL;
    if (meant)
        return value_complain(err, &first, "there is no such command (did you mean %s?)", meant);
    if (!is_size)
        return value_complain(err, &subject,
                              "after HOST only SIZE can come, 28 to 65535 bytes (one HOST is traced at a time)");
    parse->out->session.size = (uint16_t)size;
    return STATUS_OK;
}

static bool is_command(const struct parse *parse, enum command command)
{
    return parse->command && parse->command->command == command;
}

static bool is_diagnosis(const struct parse *parse)
{
    return is_command(parse, COMMAND_DIAGNOSE);
}

static bool is_search(const struct parse *parse)
{
    return is_command(parse, COMMAND_PATHS);
}

static enum status take_probes(struct parse *parse, struct err *err)
{
    for (unsigned i = 1; i < parse->operand_count; i++) {
        parse->spelled = NULL;
        enum status status = apply_probe(parse, parse->operands[i], err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* What follows HOST: the probes of a diagnosis, a trace's SIZE. */
static enum status judge_rest(struct parse *parse, struct err *err)
{
    if (is_diagnosis(parse))
        return take_probes(parse, err);
    if (parse->operand_count < 2)
        return STATUS_OK;
    enum status status = judge_size(parse, parse->operands[1], err);
    if (status == STATUS_OK && parse->operand_count > 2) {
        const struct subject third = {.value = parse->operands[2]};
        status = value_complain(err, &third, "nothing can come after HOST and SIZE");
    }
    return status;
}

static enum status complain_no_host(const struct parse *parse, struct err *err)
{
    if (is_diagnosis(parse))
        return err_set(err, STATUS_USAGE, "diagnose: no HOST given (hopsonde diagnose [OPTIONS] HOST [PROBE...])");
    if (is_search(parse))
        return err_set(err, STATUS_USAGE, "paths: no HOST given (hopsonde paths [OPTIONS] HOST)");
    return err_set(err, STATUS_USAGE, "no HOST given (hopsonde [OPTIONS] HOST; `hopsonde --help` tells more)");
}

/* HOST and what follows it; a replay can do without. */
static enum status judge_host(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    const char *host = parse->operands[0];
    if (parse->operand_count == 0 && out->command == COMMAND_REPLAY)
        return STATUS_OK;
    if (parse->operand_count == 0)
        return complain_no_host(parse, err);
    if (!parse->command && (command_find(host) || reserved_command(host)))
        return err_set(err, STATUS_USAGE,
                       "%s: a command comes before its options (a host of that name: hopsonde trace %s)", host, host);
    enum status status = target_parse(host, out->host, sizeof out->host, &parse->target, err);
    return status == STATUS_OK ? judge_rest(parse, err) : status;
}

/* The operands of `replay` are files. */
static enum status judge_files(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    for (unsigned i = 0; i < parse->operand_count; i++) {
        const struct subject subject = {.value = parse->operands[i]};
        if (out->read_count == FILES_MOST)
            return value_complain(err, &subject, "at most %d files can be read at once", FILES_MOST);
        if (!*subject.value)
            return value_complain(err, &subject, "a file has a name");
        out->read_files[out->read_count++] = subject.value;
    }
    return STATUS_OK;
}

/* --- what depends on several options --- */

static enum status judge_header(struct parse *parse, struct err *err)
{
    struct session_config *config = &parse->out->session;
    uint8_t family = parse->out->family;
    if (parse->tos_given && parse->dscp_spelled) {
        const struct subject subject = {.spelled = parse->dscp_spelled};
        return value_complain(err, &subject, "not together with -t, which holds DSCP and ECN both");
    }
    if (parse->dscp_spelled)
        config->tos = (uint8_t)(parse->dscp << 2 | parse->ecn);
    if (family && !addr_is_none(&config->source) && config->source.family != family)
        return err_set(err, STATUS_USAGE, "-s: the source address is IPv%u, but -%u asks for IPv%u",
                       config->source.family, family, family);
    if ((family == 4 || config->source.family == 4) && config->flow_label >= 0)
        return err_set(err, STATUS_USAGE, "--flow-label: IPv4 has no flow label (leave it out, or -6)");
    return STATUS_OK;
}

static enum status judge_ladder(struct parse *parse, struct err *err)
{
    struct session_config *config = &parse->out->session;
    if (parse->rate_gap > config->send_gap)
        config->send_gap = parse->rate_gap;
    if (config->first_ttl <= config->max_ttl)
        return STATUS_OK;
    return err_set(err, STATUS_USAGE, "-f %u: the first TTL is above the largest, %s%u (raise that one with -m)",
                   config->first_ttl, parse->max_given ? "-m " : "by default ", config->max_ttl);
}

static bool same_file(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Nothing is written twice, and text goes to standard output where nothing else does. */
static enum status judge_outputs(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    for (unsigned i = 0; i < out->output_count; i++) {
        const struct subject subject = {.spelled = "-o", .value = out->outputs[i].file};
        const struct subject format = {.spelled = "-o", .value = out->outputs[i].format->name};
        if (out->outputs[i].format->draws && out->command != COMMAND_REPLAY && !is_search(parse))
            return value_complain(err, &format, "draws what a search for all paths found (hopsonde paths HOST)");
        if (same_file(out->outputs[i].file, out->write_file))
            return value_complain(err, &subject, "--write saves the packets in this file (name two files)");
        for (unsigned k = 0; k < i; k++) {
            if (same_file(out->outputs[i].file, out->outputs[k].file))
                return value_complain(err, &subject, "two reports can't share a file (name two)");
        }
    }
    if (!parse->stdout_format) {
        memmove(out->outputs + 1, out->outputs, out->output_count * sizeof *out->outputs);
        out->outputs[0] = (struct output_request){.format = out->list ? &output_list : output_format_find("text")};
        out->output_count++;
    }
    return STATUS_OK;
}

static enum status judge_list(struct parse *parse, struct err *err)
{
    const struct subject subject = {.spelled = "--list"};
    if (!parse->stdout_format)
        return STATUS_OK;
    if (parse->environment_stdout) {
        outputs_leave_stdout(parse);
        return STATUS_OK;
    }
    return value_complain(err, &subject, "%s is on standard output already (give it a file: -o %s:FILE)",
                          parse->stdout_format, parse->stdout_format);
}

static enum status judge_choice(struct parse *parse, struct err *err)
{
    struct replay_filter *choice = &parse->out->choice;
    const struct subject source = {.spelled = "--source", .value = parse->source};
    choice->host = parse->out->host;
    choice->family = parse->family_given ? parse->out->family : 0;
    if (parse->source && !value_network(parse->source, &choice->source))
        return value_complain(err, &source, "an address or a network goes here, as 192.0.2.80 or 2001:db8::/32");
    if (choice->since.kind != INSTANT_NONE && choice->since.kind == choice->until.kind &&
        choice->since.time >= choice->until.time)
        return err_set(err, STATUS_USAGE, "--until: no frame lies before it and not before --since (exchange them)");
    return probe_list_choose(parse, err);
}

/* What says how a graph is drawn holds of a capture, too. */
static bool option_is_of_graph(const char *spelled)
{
    return strcmp(spelled, "--confidence") == 0 || strcmp(spelled, "--lite") == 0;
}

/* `paths --read` judges nothing. */
static enum status judge_graphs(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    const struct subject judging = {.spelled = parse->judging};
    if (judging.spelled)
        return value_complain(err, &judging, "belongs to a diagnosis (hopsonde diagnose --read FILE)");
    out->graphs = true;
    out->expect_file = NULL;
    if (!out->session.confidence)
        out->session.confidence = PATHS_CONFIDENCE;
    return STATUS_OK;
}

static enum status judge_replay(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    if (out->read_count == 0)
        return err_set(err, STATUS_USAGE, "replay: no file given (hopsonde replay FILE...)");
    if (out->write_file && !parse->write_environment)
        return err_set(err, STATUS_USAGE, "--write: a replay has its frames from a file already (leave --write out)");
    if (out->dry_run)
        return err_set(err, STATUS_USAGE, "--dry-run: a replay sends nothing anyway (leave --dry-run out)");
    out->write_file = NULL;
    for (unsigned i = 0; i < out->output_count; i++) {
        for (unsigned k = 0; k < out->read_count; k++) {
            const struct subject subject = {.spelled = "-o", .value = out->outputs[i].file};
            if (same_file(out->outputs[i].file, out->read_files[k]))
                return value_complain(err, &subject, "this file is being read (name another)");
        }
    }
    if (parse->sending && !(is_search(parse) && option_is_of_graph(parse->sending)))
        name_hint_add(parse, "%s: no effect in a replay: the capture holds what was sent", parse->sending);
    enum status status = is_search(parse) ? judge_graphs(parse, err) : STATUS_OK;
    if (status == STATUS_OK)
        status = judge_choice(parse, err);
    return status == STATUS_OK && out->list ? judge_list(parse, err) : status;
}

/* traceroute's --source is our -s; what else a replay alone knows makes no sense here. */
static enum status judge_choosing(struct parse *parse, struct err *err)
{
    const struct subject subject = {.spelled = parse->choosing ? parse->choosing : parse->resolving};
    parse->out->list = false;
    parse->out->choice = (struct replay_filter){.host = parse->out->host};
    if (parse->choosing)
        return value_complain(err, &subject, "chooses what a replay reports (hopsonde replay FILE...)");
    if (parse->resolving)
        return value_complain(err, &subject, "names are asked for anyway; it is for hopsonde replay (leave it out)");
    if (!parse->source)
        return STATUS_OK;
    parse->spelled = "--source";
    name_hint_add(parse, "--source: taken as -s");
    return apply_source(parse, parse->source, err);
}

/* What only `diagnose` knows, others refuse; of the environment it is left aside. */
static enum status judge_no_diagnosis(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    const struct subject subject = {.spelled = parse->diagnosing ? parse->diagnosing : parse->judging};
    if (subject.spelled)
        return value_complain(err, &subject, "belongs to a diagnosis (hopsonde diagnose HOST)");
    out->session.budget = 0;
    out->expect_file = NULL;
    out->only = false;
    return STATUS_OK;
}

/* The same of `paths`. */
static enum status judge_no_search(struct parse *parse, struct err *err)
{
    const struct subject subject = {.spelled = parse->searching};
    if (subject.spelled)
        return value_complain(err, &subject, "belongs to a search for all paths (hopsonde paths HOST)");
    parse->out->session.lite = false;
    return STATUS_OK;
}

static enum status judge_trace_alone(struct parse *parse, struct err *err)
{
    const struct subject doubting = {.spelled = parse->doubting};
    enum status status = judge_no_diagnosis(parse, err);
    if (status == STATUS_OK)
        status = judge_no_search(parse, err);
    if (status == STATUS_OK && doubting.spelled)
        return value_complain(err, &doubting,
                              "belongs to a diagnosis or to a search for all paths (hopsonde diagnose "
                              "HOST, hopsonde paths HOST)");
    parse->out->session.confidence = 0;
    return status;
}

static enum status judge_search(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    struct session_config *config = &out->session;
    const struct subject queries = {.spelled = "-q"};
    enum status status = judge_no_diagnosis(parse, err);
    if (status == STATUS_OK && parse->queries_here)
        status = value_complain(err, &queries,
                                "how often each hop is asked, a search for all paths finds out itself "
                                "(--confidence, --max-probes)");
    config->strategy = &strategy_paths;
    config->automatic = false;
    config->flows = PATHS_FLOWS;
    config->queries = 1;
    config->confidence = config->confidence ? config->confidence : PATHS_CONFIDENCE;
    config->budget = out->max_probes ? out->max_probes : PATHS_PROBES;
    return status;
}

static enum status judge_diagnosis(struct parse *parse, struct err *err)
{
    struct session_config *config = &parse->out->session;
    const struct subject confidence = {.spelled = parse->doubting, .value = parse->confidence};
    if (config->confidence > DIAGNOSE_SUREST && parse->doubting)
        return value_complain(err, &confidence, "a confidence is 0.5 to 0.999");
    if (config->confidence > DIAGNOSE_SUREST)
        config->confidence = DIAGNOSE_SUREST;
    config->strategy = &strategy_diagnose;
    config->flows = DIAGNOSE_FLOWS;
    config->queries = parse->queries_given ? config->queries : 1;
    config->confidence = config->confidence ? config->confidence : 990000;
    config->budget = config->budget ? config->budget : 2000;
    if (parse->only_given && parse->out->default_specs && !parse->out->expect_file)
        return err_set(err, STATUS_USAGE, "--only: no probe is named (as in hopsonde diagnose --only HOST tcp/443)");
    if (parse->judging && parse->out->dry_run)
        return err_set(err, STATUS_USAGE, "--expect: a dry run finds nothing out (leave one of them out)");
    if (parse->out->dry_run)
        parse->out->expect_file = NULL;
    return STATUS_OK;
}

/* What is sent, and what for. */
static enum status judge_purpose(struct parse *parse, struct err *err)
{
    enum status status;
    if (is_diagnosis(parse)) {
        status = judge_no_search(parse, err);
        if (status == STATUS_OK)
            status = probe_list_diagnose(parse, err);
        return status == STATUS_OK ? judge_diagnosis(parse, err) : status;
    }
    status = is_search(parse) ? probe_list_search(parse, err) : probe_list_build(parse, err);
    if (status != STATUS_OK)
        return status;
    return is_search(parse) ? judge_search(parse, err) : judge_trace_alone(parse, err);
}

static enum status judge_live(struct parse *parse, struct err *err)
{
    const struct subject subject = {.spelled = "-o", .value = parse->output_spelled};
    enum status status = judge_choosing(parse, err);
    if (status == STATUS_OK)
        status = judge_purpose(parse, err);
    if (status == STATUS_OK)
        status = judge_header(parse, err);
    if (status == STATUS_OK)
        status = judge_ladder(parse, err);
    if (status == STATUS_OK && parse->out->dry_run && parse->output_spelled)
        status = value_complain(err, &subject, "a dry run prints text to standard output only (leave -o out)");
    return status;
}

/* A map without places would be empty. What a saved run knew of them is in its file. */
static void judge_map(struct options *out)
{
    for (unsigned i = 0; i < out->output_count; i++)
        if (out->outputs[i].format == &output_map && out->command != COMMAND_REPLAY)
            out->lookup.places = true;
}

static enum status judge(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    bool takes_files = parse->command && parse->command->command == COMMAND_REPLAY;
    enum status status = takes_files ? judge_files(parse, err) : judge_host(parse, err);
    if (status == STATUS_OK)
        status = out->command == COMMAND_REPLAY ? judge_replay(parse, err) : judge_live(parse, err);
    if (status == STATUS_OK)
        status = judge_outputs(parse, err);
    judge_map(out);
    if (out->quiet)
        out->hints[0] = 0;
    return status;
}

/* --- the command line --- */

static void set_defaults(struct options *out)
{
    memset(out, 0, sizeof *out);
    out->session = (struct session_config){
        .strategy = strategies[0],
        .first_ttl = 1,
        .max_ttl = 30,
        .queries = 3,
        .gap = 8,
        .max_wait = 3200 * NS_PER_MS,
        .send_gap = 500 * NS_PER_US,
        .dont_fragment = true,
        .flow_label = -1,
    };
}

/* The words after `help`. */
static enum status parse_help(struct parse *parse, char *const *word, int count, struct err *err)
{
    enum status status = parse_words(parse, word, count, err);
    if (status != STATUS_OK || parse->operand_count == 0)
        return status;
    const struct subject subject = {.spelled = "help", .value = parse->operands[0]};
    const struct command_row *topic = command_find(subject.value);
    if (reserved_command(subject.value))
        return value_complain(err, &subject, "not in this version (trace, diagnose, paths and replay are)");
    if (!topic)
        return value_complain(err, &subject, "there is no such command (trace, diagnose, paths, replay)");
    parse->out->help_topic = topic->name;
    return STATUS_OK;
}

static enum status parse_command_line(struct parse *parse, char *const *word, int count, const char *environment,
                                      struct err *err)
{
    struct err environment_err;
    enum status environment_status = STATUS_OK;
    if (environment)
        environment_status = parse_environment(parse, environment, &environment_err);
    enum status status = parse_words(parse, word, count, err);
    if (parse->stop) {
        parse->out->help_topic = parse->command ? parse->command->name : NULL;
        return STATUS_OK;
    }
    if (environment_status != STATUS_OK)
        return err_set(err, environment_status, "%s", environment_err.message);
    return status == STATUS_OK ? judge(parse, err) : status;
}

enum status options_parse(int argc, char *const argv[], const char *environment, struct options *out, struct err *err)
{
    struct parse parse = {.out = out};
    int taken = argc > 1 ? 1 : argc;
    set_defaults(out);
    if (argc > 1 && reserved_command(argv[1]))
        return err_set(err, STATUS_USAGE, "%s: not in this version (trace, diagnose, paths and replay are)", argv[1]);
    if (argc > 1 && (parse.command = command_find(argv[1]))) {
        out->command = parse.command->command;
        taken++;
    }
    if (out->command == COMMAND_HELP)
        return parse_help(&parse, argv + taken, argc - taken, err);
    return parse_command_line(&parse, argv + taken, argc - taken, environment, err);
}
