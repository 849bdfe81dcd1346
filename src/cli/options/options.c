/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/options.h"

#include <string.h>

#include "cli/options/check.h"
#include "cli/options/parse.h"
#include "cli/values/split_words.h"
#include "strategies/strategies.h"

#define ENVIRONMENT_WORDS_MOST 256

/* Both sources of words. HOPSONDE_OPTIONS comes first, so that the command line overrides it. */
struct sources {
    char *environment[ENVIRONMENT_WORDS_MOST];
    int environment_count;
    char *const *line; /* without the program's name and the command */
    int line_count;
};

/* What the control of a spec with a name bears unless --control says otherwise. Source: RFC 2606 3, a name that exists
 * for examples. */
#define CONTROL_NAME "www.example.com"

static void set_defaults(struct options *out)
{
    memset(out, 0, sizeof *out);
    out->control = CONTROL_NAME;
    out->session = (struct session_config){
        .strategy = strategies[0],
        .first_ttl = 1,
        .max_ttl = 30,
        .queries = 3,
        .gap = 8,
        .max_wait = 3200 * NS_PER_MS,
        .slow_wait = SLOW_WAIT,
        .send_gap = 500 * NS_PER_US,
        .dont_fragment = true,
        .flow_label = -1,
    };
}

static enum status split_environment(char *text, struct sources *out, struct err *err)
{
    struct err cause;
    if (!text)
        return STATUS_OK;
    if (strlen(text) > ENVIRONMENT_BYTES_MOST)
        return err_set(err, STATUS_USAGE, "HOPSONDE_OPTIONS: too long (at most %d bytes)", ENVIRONMENT_BYTES_MOST);
    if (words_split(text, out->environment, ENVIRONMENT_WORDS_MOST, &out->environment_count, &cause) != STATUS_OK)
        return err_set(err, STATUS_USAGE, "HOPSONDE_OPTIONS: %s", cause.message);
    return STATUS_OK;
}

static enum status parse_environment(struct parse *parse, const struct sources *from, struct err *err)
{
    parse->environment = true;
    enum status status = parse_words(parse, from->environment, from->environment_count, err);
    parse->environment = false;
    parse->family_given = false;
    parse->point = POINT_OF_NONE;
    parse->at_seen = 0;
    return status;
}

/* Which options hold depends on the command, and `--read FILE` changes it. */
static void set_mode(struct parse *parse)
{
    struct options *out = parse->out;
    parse->mode = 1u << out->command;
    if (parse->reads_file)
        parse->mode = parse->mode == ON_PATHS ? ON_GRAPHS : ON_REPLAY;
    if (parse->mode & ON_CAPTURES)
        out->command = COMMAND_REPLAY;
}

static enum status parse_command_line(struct parse *parse, struct sources *from, char *environment, struct err *err)
{
    struct err environment_err;
    enum status environment_status = split_environment(environment, from, &environment_err);
    if (environment_status == STATUS_OK)
        environment_status = parse_environment(parse, from, &environment_err);
    enum status status = parse_words(parse, from->line, from->line_count, err);
    if (parse->stop) {
        parse->out->help_topic = parse->command ? parse->command->name : NULL;
        return STATUS_OK;
    }
    if (environment_status != STATUS_OK)
        return err_set(err, environment_status, "%s", environment_err.message);
    if (status == STATUS_OK)
        status = check_command(parse, err);
    if (status != STATUS_OK)
        return status;
    set_mode(parse);
    parse->applying = true;
    status = parse_environment(parse, from, err);
    if (status == STATUS_OK)
        status = parse_words(parse, from->line, from->line_count, err);
    return status == STATUS_OK ? check_all(parse, err) : status;
}

/* The words after `help`. */
static enum status parse_help(struct parse *parse, const struct sources *from, struct err *err)
{
    enum status status = parse_words(parse, from->line, from->line_count, err);
    if (status != STATUS_OK || parse->operand_count == 0)
        return status;
    const struct subject subject = {.spelled = "help", .value = parse->operands[0]};
    const struct command *topic = command_find(subject.value);
    if (reserved_command(subject.value))
        return value_complain(
            err, &subject,
            "this version does not have this command (it has trace, diagnose, paths, watch, replay and transit)");
    if (!topic)
        return value_complain(err, &subject, "no such command (trace, diagnose, paths, watch, replay, transit)");
    parse->out->help_topic = topic->name;
    return STATUS_OK;
}

enum status options_parse(int argc, char *const argv[], char *environment, struct options *out, struct err *err)
{
    struct parse parse = {.out = out};
    struct sources from = {.line = argv, .line_count = 0};
    int taken = argc > 1 ? 1 : argc;
    set_defaults(out);
    if (argc > 1 && reserved_command(argv[1]))
        return err_set(
            err, STATUS_USAGE,
            "%s: this version does not have this command (it has trace, diagnose, paths, watch, replay and transit)",
            argv[1]);
    if (argc > 1 && (parse.command = command_find(argv[1]))) {
        out->command = parse.command->id;
        taken++;
    }
    from.line = argv + taken;
    from.line_count = argc - taken;
    enum status status = out->command == COMMAND_HELP ? parse_help(&parse, &from, err)
                                                      : parse_command_line(&parse, &from, environment, err);
    if (out->quiet)
        out->hints[0] = 0;
    return status;
}

void options_free(struct options *options)
{
    probe_names_free(&options->names);
}
