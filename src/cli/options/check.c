/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/check.h"

#include <string.h>
#include <strings.h>

#include "cli/options/groups/groups.h"
#include "cli/options/hints.h"
#include "cli/options/port_lists.h"
#include "cli/options/probe_list.h"
#include "probe/type.h"
#include "strategies/strategies.h"

#define PATHS_FLOWS (FLOW_ALTERNATES_MOST + 1) /* source ports to choose from: as many as a flow can have */
#define PATHS_PROBES 10000                     /* probes; default of --max-probes */
#define PATHS_CONFIDENCE 950000                /* millionths; default of --confidence: tracelb's 95 %, of the graph */
#define DIAGNOSE_FLOWS 12                      /* source ports per spec at most, used where paths differ */
#define DIAGNOSE_CONFIDENCE 990000             /* millionths; default of --confidence */
#define DIAGNOSE_SUREST 999000                 /* millionths; no verdict claims more */

static bool is_command(const struct parse *parse, enum command_id id)
{
    return parse->command && parse->command->id == id;
}

/* --- operands --- */

enum status check_command(const struct parse *parse, struct err *err)
{
    const char *first = parse->operands[0];
    if (parse->command || parse->operand_count == 0 || (!command_find(first) && !reserved_command(first)))
        return STATUS_OK;
    return err_set(err, STATUS_USAGE, "%s: the command must come first (for a host of that name: hopsonde trace %s)",
                   first, first);
}

static enum status take_size(struct parse *parse, const char *text, struct err *err)
{
    const struct subject subject = {.value = text}, first = {.value = parse->operands[0]};
    uint64_t size;
    bool is_size = value_number(text, false, 28, 65535, &size), is_number = !text[strspn(text, "0123456789")];
    const char *meant = !is_number && !parse->command ? command_nearest(parse->operands[0]) : NULL;
    if (meant)
        return value_complain(err, &first, "no such command (did you mean %s?)", meant);
    if (!is_size)
        return value_complain(err, &subject, "expected SIZE after HOST, 28 to 65535 bytes (only one HOST is traced)");
    parse->out->session.size = (uint16_t)size;
    return STATUS_OK;
}

static enum status take_probes(struct parse *parse, struct err *err)
{
    enum status status = STATUS_OK;
    for (unsigned i = 1; i < parse->operand_count && status == STATUS_OK; i++)
        status = probes_add_operand(parse, parse->operands[i], err);
    return status;
}

/* Whether a word of watch behind the first HOST is a probe: it begins with a protocol, or has a slash and is no URL. */
static bool names_probe(const char *word)
{
    size_t length = strcspn(word, "/:");
    if (strstr(word, "://"))
        return false;
    for (const struct probe_type *const *type = probe_types; *type; type++)
        if (strncasecmp((*type)->name, word, length) == 0 && !(*type)->name[length])
            return true;
    return word[length] == '/' || strcasecmp(word, "auto") == 0;
}

static enum status add_host(struct parse *parse, const char *word, struct err *err)
{
    struct options *out = parse->out;
    const struct subject subject = {.value = word};
    struct url_parts url = {0};
    if (out->other_count == TARGETS_MOST - 1)
        return value_complain(err, &subject, "too many targets (at most %d)", TARGETS_MOST);
    char *host = out->other_hosts[out->other_count++];
    enum status status = target_parse(word, host, TARGET_NAME_BYTES, &url, err);
    bool is_alike = !url.protocol || (parse->url.protocol && strcmp(url.protocol, parse->url.protocol) == 0 &&
                                      url.port == parse->url.port);
    if (status == STATUS_OK && !is_alike)
        return value_complain(err, &subject,
                              "all targets have the same probes (name the host, and its probe as tcp/%u)", url.port);
    return status;
}

/* More targets, and probes, in any order. */
static enum status take_hosts(struct parse *parse, struct err *err)
{
    enum status status = STATUS_OK;
    for (unsigned i = 1; i < parse->operand_count && status == STATUS_OK; i++)
        status = names_probe(parse->operands[i]) ? probes_add_operand(parse, parse->operands[i], err)
                                                 : add_host(parse, parse->operands[i], err);
    return status;
}

/* What follows HOST: the probes of diagnose, those and the targets of watch, or SIZE. */
static enum status take_rest(struct parse *parse, struct err *err)
{
    if (is_command(parse, COMMAND_DIAGNOSE))
        return take_probes(parse, err);
    if (is_command(parse, COMMAND_WATCH))
        return take_hosts(parse, err);
    if (parse->operand_count < 2)
        return STATUS_OK;
    enum status status = take_size(parse, parse->operands[1], err);
    if (status == STATUS_OK && parse->operand_count > 2) {
        const struct subject third = {.value = parse->operands[2]};
        status = value_complain(err, &third, "unexpected argument after HOST and SIZE");
    }
    return status;
}

static enum status complain_no_host(const struct parse *parse, struct err *err)
{
    if (!parse->command || parse->command->id == COMMAND_TRACE)
        return err_set(err, STATUS_USAGE, "HOST is missing (hopsonde [OPTIONS] HOST; see `hopsonde --help`)");
    return err_set(err, STATUS_USAGE, "%s: HOST is missing (hopsonde %s)", parse->command->name, parse->command->usage);
}

/* HOST and what follows it; `--read FILE` needs no HOST. */
static enum status take_host(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    if (parse->operand_count == 0)
        return parse->reads_file ? STATUS_OK : complain_no_host(parse, err);
    enum status status = target_parse(parse->operands[0], out->host, sizeof out->host, &parse->url, err);
    return status == STATUS_OK ? take_rest(parse, err) : status;
}

static enum status add_file(struct options *out, const char *name, unsigned point, struct err *err)
{
    const struct subject subject = {.value = name};
    if (out->read_count == FILES_MOST)
        return value_complain(err, &subject, "too many files (at most %d)", FILES_MOST);
    if (!*name)
        return value_complain(err, &subject, "expected a file name");
    out->read_points[out->read_count] = (uint8_t)point;
    out->read_files[out->read_count++] = name;
    return STATUS_OK;
}

/* Those of the first point first, each point's in the order given. */
static void sort_points(struct options *out)
{
    const char *files[FILES_MOST];
    uint8_t points[FILES_MOST];
    unsigned count = 0;
    for (unsigned point = 0; point < POINTS_MOST; point++)
        for (unsigned i = 0; i < out->read_count; i++)
            if (out->read_points[i] == point) {
                files[count] = out->read_files[i];
                points[count++] = out->read_points[i];
            }
    memcpy(out->read_files, files, count * sizeof *files);
    memcpy(out->read_points, points, count * sizeof *points);
}

/* Captures of several points are read more than once. */
static enum status check_named(const struct options *out, struct err *err)
{
    for (unsigned i = 0; i < out->read_count; i++) {
        const struct subject subject = {.value = out->read_files[i]};
        if (strcmp(out->read_files[i], "-") == 0)
            return value_complain(err, &subject, "captures of two points are read twice (name a file)");
    }
    return STATUS_OK;
}

static unsigned count_far(const struct options *out)
{
    unsigned count = 0;
    for (unsigned i = 0; i < out->read_count; i++)
        count += out->read_points[i] == TRANSIT_FAR;
    return count;
}

/* The operands of replay are files. */
static enum status take_files(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < parse->operand_count && status == STATUS_OK; i++)
        status = add_file(out, parse->operands[i], TRANSIT_NEAR, err);
    if (status != STATUS_OK)
        return status;
    if (out->read_count == count_far(out))
        return err_set(err, STATUS_USAGE, "replay: FILE is missing (hopsonde replay FILE...)");
    return STATUS_OK;
}

static enum status complain_points(struct err *err)
{
    return err_set(err, STATUS_USAGE,
                   "transit: expected one capture of each point (hopsonde transit NEAR FAR; for several files a point: "
                   "--near FILE... --far FILE...)");
}

static enum status check_points(const struct parse *parse, struct err *err)
{
    const struct options *out = parse->out;
    const struct subject at = {.spelled = "--at"};
    unsigned of_far = count_far(out);
    if (out->point_count && parse->two_spelled)
        return value_complain(err, &at, "conflicts with %s (name all points with --at)", parse->two_spelled);
    if (out->point_count == 1)
        return value_complain(err, &at, "a single point shows no transit (--at NAME=FILE... --at NAME=FILE...)");
    return of_far && of_far < out->read_count ? STATUS_OK : complain_points(err);
}

/* Without --near, --far and --at there are two operands, one of each point. */
static enum status take_points(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    bool is_named = out->read_count > 0;
    enum status status = STATUS_OK;
    if (!is_named && parse->operand_count != 2)
        return complain_points(err);
    for (unsigned i = 0; i < parse->operand_count && status == STATUS_OK; i++) {
        const struct subject subject = {.value = parse->operands[i]};
        if (is_named && parse->operand_points[i] == POINT_OF_NONE)
            return value_complain(err, &subject, "which point is it of? (%s)",
                                  out->point_count ? "--at NAME=FILE..." : "--near FILE... --far FILE...");
        status = add_file(out, subject.value, is_named ? parse->operand_points[i] - 1U : i, err);
    }
    if (status == STATUS_OK)
        status = check_named(out, err);
    if (status != STATUS_OK)
        return status;
    sort_points(out);
    return check_points(parse, err);
}

/* --- a live run --- */

static enum status check_header(struct parse *parse, struct err *err)
{
    struct session_config *config = &parse->out->session;
    uint8_t family = parse->out->family;
    if (parse->tos_given && parse->dscp_spelled) {
        const struct subject subject = {.spelled = parse->dscp_spelled};
        return value_complain(err, &subject, "conflicts with -t, which sets DSCP and ECN (leave one of them out)");
    }
    if (parse->dscp_spelled)
        config->tos = (uint8_t)(parse->dscp << 2 | parse->ecn);
    if (family && !addr_is_none(&config->source) && config->source.family != family)
        return err_set(err, STATUS_USAGE, "-s: the source address is IPv%u, but -%u requires IPv%u",
                       config->source.family, family, family);
    if ((family == 4 || config->source.family == 4) && config->flow_label >= 0)
        return err_set(err, STATUS_USAGE, "--flow-label: IPv4 has no flow label (leave it out, or use -6)");
    return STATUS_OK;
}

static enum status check_ladder(struct parse *parse, struct err *err)
{
    struct session_config *config = &parse->out->session;
    if (parse->rate_gap > config->send_gap)
        config->send_gap = parse->rate_gap;
    parse->out->pace.send_gap_given = parse->send_gap_given;
    if (config->first_ttl <= config->max_ttl)
        return STATUS_OK;
    return err_set(err, STATUS_USAGE, "-f %u: the first TTL exceeds the largest, %s%u (raise the largest with -m)",
                   config->first_ttl, parse->max_given ? "-m " : "by default ", config->max_ttl);
}

static enum status check_paths(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    struct session_config *config = &out->session;
    enum status status = probe_list_search(parse, err);
    config->strategy = &strategy_paths;
    config->automatic = false;
    config->flows = PATHS_FLOWS;
    config->queries = 1;
    config->confidence = config->confidence ? config->confidence : PATHS_CONFIDENCE;
    config->budget = out->max_probes ? out->max_probes : PATHS_PROBES;
    return status;
}

/* HOPSONDE_OPTIONS may hold a confidence for paths: diagnose then takes the most that it can have. */
static enum status check_confidence(struct parse *parse, struct err *err)
{
    struct session_config *config = &parse->out->session;
    const struct subject confidence = {.spelled = "--confidence", .value = parse->confidence};
    if (config->confidence > DIAGNOSE_SUREST && parse->confidence)
        return value_complain(err, &confidence, "expected a confidence, 0.5 to 0.999");
    if (config->confidence > DIAGNOSE_SUREST)
        config->confidence = DIAGNOSE_SUREST;
    config->confidence = config->confidence ? config->confidence : DIAGNOSE_CONFIDENCE;
    return STATUS_OK;
}

static enum status check_diagnosis(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    struct session_config *config = &out->session;
    enum status status = probe_list_diagnose(parse, err);
    if (status == STATUS_OK)
        status = check_confidence(parse, err);
    if (status != STATUS_OK)
        return status;
    config->flows = DIAGNOSE_FLOWS;
    config->queries = parse->queries_given ? config->queries : 1;
    out->pace = (struct pace_options){
        .budget = config->budget, .send_gap_given = parse->send_gap_given, .rate_gap = parse->rate_gap};
    status = port_lists_pace(out, err);
    if (status != STATUS_OK)
        return status;
    if (parse->only_given && out->default_specs && !out->expect_file)
        return err_set(err, STATUS_USAGE, "--only: name at least one probe (hopsonde diagnose --only HOST tcp/443)");
    if (parse->only_given && parse->control_given)
        return err_set(err, STATUS_USAGE, "--control: --only sends no control (leave one of them out)");
    if (out->read_count && (!out->write_file || out->dry_run))
        return err_set(
            err, STATUS_USAGE,
            "--far: the run's own packets are compared with it, so they have to be saved (add --write FILE.pcapng)");
    if (out->read_count) {
        status = check_named(out, err);
        if (status != STATUS_OK)
            return status;
    }
    if (out->dry_run && parse->expect_given)
        return err_set(err, STATUS_USAGE, "--expect: a dry run has no verdicts to compare (leave one of them out)");
    if (out->dry_run)
        out->expect_file = NULL;
    return STATUS_OK;
}

/* Rounds of a duration: the last one may be cut short. */
static uint32_t rounds_of(nstime duration, nstime interval)
{
    nstime rounds = (duration + interval - 1) / interval;
    return rounds < UINT32_MAX ? (uint32_t)rounds : UINT32_MAX;
}

static enum status check_watch(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    struct session_config *config = &out->session;
    if (out->rotate_bytes && !out->write_file)
        return err_set(err, STATUS_USAGE, "--rotate: it divides the file of --write (name one: --write run.pcapng)");
    if (out->rotate_bytes && out->write_max)
        return err_set(err, STATUS_USAGE, "--rotate and --write-max are of no use together (leave one out)");
    if (out->other_count && out->dry_run)
        return err_set(err, STATUS_USAGE, "--dry-run: it prints the probes to one target (name one)");
    enum status status = probe_list_watch(parse, err);
    if (status == STATUS_OK && parse->only_given && out->default_specs)
        return err_set(err, STATUS_USAGE, "--only: name at least one probe (hopsonde watch --only HOST tcp/443)");
    config->strategy = &strategy_watch;
    config->interval = config->interval ? config->interval : NS_PER_S;
    config->queries = 1;
    if (out->duration) {
        uint32_t rounds = rounds_of(out->duration, config->interval);
        config->rounds = config->rounds && config->rounds < rounds ? config->rounds : rounds;
    }
    return status;
}

static enum status check_strategy(struct parse *parse, struct err *err)
{
    switch (parse->mode) {
    case ON_DIAGNOSE:
        return check_diagnosis(parse, err);
    case ON_PATHS:
        return check_paths(parse, err);
    case ON_WATCH:
        return check_watch(parse, err);
    default:
        return probe_list_build(parse, err);
    }
}

static enum status check_mtu(const struct options *out, struct err *err)
{
    const struct subject subject = {.spelled = "--mtu"};
    if (out->session.size)
        return value_complain(err, &subject, "it chooses the sizes itself (leave SIZE out)");
    if (out->session.port_list_count)
        return value_complain(err, &subject, "a list of over 16 ports has no sizes (measure them in a run of its own)");
    if (!out->session.dont_fragment)
        return value_complain(err, &subject, "routers would fragment the packets (leave --no-df out)");
    if (out->dry_run)
        return value_complain(err, &subject, "a dry run gets no replies, which decide on the sizes (leave it out)");
    return STATUS_OK;
}

static enum status check_through(const struct options *out, struct err *err)
{
    const struct session_config *config = &out->session;
    const struct subject subject = {.spelled = "--through"};
    if (config->through_ttl >= config->max_ttl)
        return err_set(err, STATUS_USAGE, "--through %u: no hop behind it is probed (raise the largest TTL with -m)",
                       config->through_ttl);
    if (config->through_ttl && config->through_ttl < config->first_ttl)
        return err_set(err, STATUS_USAGE, "--through %u: the first TTL, -f %u, is behind it", config->through_ttl,
                       config->first_ttl);
    if (out->family && !addr_is_none(&config->through) && config->through.family != out->family)
        return err_set(err, STATUS_USAGE, "--through: the gateway's address is IPv%u, but -%u requires IPv%u",
                       config->through.family, out->family, out->family);
    if (out->idle_count)
        return value_complain(err, &subject, "conflicts with --idle, which needs the target (leave one of them out)");
    if (out->measures_mtu)
        return value_complain(err, &subject, "conflicts with --mtu, which needs the target (leave one of them out)");
    if (out->dry_run)
        return value_complain(err, &subject, "a dry run gets no replies, which show the gateway (leave it out)");
    return STATUS_OK;
}

static enum status check_live(struct parse *parse, struct err *err)
{
    const struct subject subject = {.spelled = "-o", .value = parse->output_spelled};
    enum status status = check_strategy(parse, err);
    if (status == STATUS_OK)
        status = check_header(parse, err);
    if (status == STATUS_OK)
        status = check_ladder(parse, err);
    if (status == STATUS_OK && parse->out->measures_mtu)
        status = check_mtu(parse->out, err);
    if (status == STATUS_OK && session_config_is_through(&parse->out->session))
        status = check_through(parse->out, err);
    if (status == STATUS_OK && parse->out->dry_run && parse->output_spelled)
        status = value_complain(err, &subject, "a dry run prints only text, to standard output (leave -o out)");
    return status;
}

/* --- a replay --- */

static bool is_same_file(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static enum status check_list(struct parse *parse, struct err *err)
{
    const struct subject subject = {.spelled = "--list"};
    if (!parse->stdout_format)
        return STATUS_OK;
    if (parse->environment_stdout) {
        outputs_leave_stdout(parse);
        return STATUS_OK;
    }
    return value_complain(err, &subject, "%s is on standard output already (write it to a file: -o %s:FILE)",
                          parse->stdout_format, parse->stdout_format);
}

static enum status check_replay_filter(struct parse *parse, struct err *err)
{
    struct replay_filter *filter = &parse->out->replay_filter;
    filter->host = parse->out->host;
    filter->family = parse->family_given ? parse->out->family : 0;
    if (filter->since.kind != INSTANT_NONE && filter->since.kind == filter->until.kind &&
        filter->since.time >= filter->until.time)
        return err_set(err, STATUS_USAGE, "--until: must be later than --since (exchange the two)");
    return probe_list_select(parse, err);
}

static enum status check_files_differ(const struct options *out, struct err *err)
{
    for (unsigned i = 0; i < out->output_count; i++) {
        for (unsigned k = 0; k < out->read_count; k++) {
            const struct subject subject = {.spelled = "-o", .value = out->outputs[i].file};
            if (is_same_file(out->outputs[i].file, out->read_files[k]))
                return value_complain(err, &subject, "this file is being read (name another)");
        }
    }
    return STATUS_OK;
}

static bool ends_in_pcap(const char *path)
{
    size_t length = strlen(path);
    return length > strlen(".pcap") && strcmp(path + length - strlen(".pcap"), ".pcap") == 0;
}

/* A format that knows traces alone says nothing of two points. */
static enum status check_transit(struct parse *parse, struct err *err)
{
    const struct options *out = parse->out;
    const struct subject written = {.spelled = "--write", .value = out->write_file};
    if (out->write_file && ends_in_pcap(out->write_file))
        return value_complain(err, &written, "pcap has no comments and one point alone (name it .pcapng)");
    if (out->write_file && out->point_count > TRANSIT_POINTS)
        return value_complain(err, &written, "it merges two points (name two of them)");
    for (unsigned i = 0; i < out->output_count; i++) {
        const struct subject subject = {.spelled = "-o", .value = out->outputs[i].format->name};
        if (!out->outputs[i].format->shows_transit)
            return value_complain(err, &subject,
                                  "this format has no report of two capture points (text, json, csv, svg)");
        if (out->outputs[i].format->draws && out->point_count > TRANSIT_POINTS)
            return value_complain(err, &subject, "the drawing has two points (name two of them)");
    }
    return check_files_differ(out, err);
}

static enum status check_replay(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    enum status status = check_files_differ(out, err);
    out->graphs = parse->mode == ON_GRAPHS;
    if (out->graphs && !out->session.confidence)
        out->session.confidence = PATHS_CONFIDENCE;
    if (status == STATUS_OK && count_far(out)) {
        sort_points(out);
        status = check_named(out, err);
    }
    if (status == STATUS_OK)
        status = check_replay_filter(parse, err);
    return status == STATUS_OK && out->list ? check_list(parse, err) : status;
}

/* --- reports --- */

static enum status check_output(const struct parse *parse, unsigned index, struct err *err)
{
    const struct options *out = parse->out;
    const struct output_request *output = &out->outputs[index];
    const struct subject subject = {.spelled = "-o", .value = output->file};
    const struct subject format = {.spelled = "-o", .value = output->format->name};
    if (output->format->draws && !(parse->mode & (ON_PATHS | ON_CAPTURES | ON_TRANSIT)))
        return value_complain(err, &format, "this format draws graphs, which only paths makes (hopsonde paths HOST)");
    if (output->format->replaces && !(parse->mode & (ON_WATCH | ON_REPLAY)))
        return value_complain(err, &format, "this format shows rounds, which only watch has (hopsonde watch HOST)");
    if (parse->mode == ON_WATCH && !output->format->has_rounds)
        return value_complain(err, &format, "watch has no report in this format (text, jsonl, csv or prom)");
    if (is_same_file(output->file, out->write_file))
        return value_complain(err, &subject, "--write saves the packets to this file (name another)");
    for (unsigned i = 0; i < index; i++) {
        if (is_same_file(output->file, out->outputs[i].file))
            return value_complain(err, &subject, "two reports cannot share a file (name another)");
    }
    return STATUS_OK;
}

/* Text goes to standard output unless another format does. */
static void add_default_output(struct parse *parse)
{
    struct options *out = parse->out;
    if (parse->stdout_format)
        return;
    memmove(out->outputs + 1, out->outputs, out->output_count * sizeof *out->outputs);
    out->outputs[0] = (struct output_request){.format = out->list ? &output_list : output_format_find("text")};
    out->output_count++;
}

/* A map needs places. A replay has those that the capture holds. */
static void look_up_places_of_map(struct options *out)
{
    for (unsigned i = 0; i < out->output_count; i++)
        if (out->outputs[i].format == &output_map && out->command != COMMAND_REPLAY)
            out->lookup.places = true;
}

static enum status take_operands(struct parse *parse, struct err *err)
{
    if (is_command(parse, COMMAND_REPLAY))
        return take_files(parse, err);
    return is_command(parse, COMMAND_TRANSIT) ? take_points(parse, err) : take_host(parse, err);
}

static enum status check_mode(struct parse *parse, struct err *err)
{
    if (parse->mode & ON_TRANSIT)
        return check_transit(parse, err);
    return parse->mode & ON_CAPTURES ? check_replay(parse, err) : check_live(parse, err);
}

enum status check_all(struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    enum status status = take_operands(parse, err);
    if (status == STATUS_OK)
        status = check_mode(parse, err);
    for (unsigned i = 0; i < out->output_count && status == STATUS_OK; i++)
        status = check_output(parse, i, err);
    if (status != STATUS_OK)
        return status;
    add_default_output(parse);
    look_up_places_of_map(out);
    return STATUS_OK;
}
