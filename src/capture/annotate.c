/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "capture/annotate.h"

#include <stdlib.h>
#include <string.h>

#include "capture/fields.h"
#include "strategies/strategies.h"

#define OPTIONS_SHOWN 4096                       /* bytes of the command line saved for people; the rest is cut off */
#define LONGEST_WAIT (INT64_C(86400) * NS_PER_S) /* a day; a saved wait that is longer is invalid */

struct run_record {
    uint32_t format;
    char version[32], command[32], interface[64];
    bool networks, places;
    uint32_t part;
    uint64_t first_frame;
    uint32_t targets; /* 0: one */
};

static const struct field run_fields[] = {
    FIELD(run_record, format, "format", FIELD_UNSIGNED),
    FIELD(run_record, version, "version", FIELD_TEXT),
    FIELD(run_record, command, "command", FIELD_TEXT),
    FIELD(run_record, interface, "interface", FIELD_TEXT),
    OPTIONAL_FIELD(run_record, networks, "networks", FIELD_BOOL),
    OPTIONAL_FIELD(run_record, places, "places", FIELD_BOOL),
    OPTIONAL_FIELD(run_record, part, "part", FIELD_UNSIGNED),
    OPTIONAL_FIELD(run_record, first_frame, "first_frame", FIELD_UNSIGNED),
    OPTIONAL_FIELD(run_record, targets, "targets", FIELD_UNSIGNED),
    FIELD_END,
};

static const struct field config_fields[] = {
    FIELD(session_config, target_name, "target_name", FIELD_TEXT),
    FIELD(session_config, source, "source", FIELD_ADDRESS),
    FIELD(session_config, target, "target", FIELD_ADDRESS),
    {"specs", FIELD_SPECS, 0, 0, NULL, false, false},
    FIELD(session_config, automatic, "automatic", FIELD_BOOL),
    OPTIONAL_FIELD(session_config, first_compares, "first_compares", FIELD_BOOL),
    OPTIONAL_FIELD(session_config, controls, "controls", FIELD_UNSIGNED),
    {"port_lists", FIELD_PORT_LISTS, 0, 0, NULL, true, false},
    OPTIONAL_FIELD(session_config, strategy, "purpose", FIELD_STRATEGY),
    OLDER_FIELD(session_config, strategy, "diagnose", FIELD_DIAGNOSE),
    OPTIONAL_FIELD(session_config, flows, "flows", FIELD_UNSIGNED),
    OPTIONAL_FIELD(session_config, confidence, "confidence_millionths", FIELD_UNSIGNED),
    OLDER_FIELD(session_config, confidence, "confidence", FIELD_UNSIGNED), /* in thousandths */
    OPTIONAL_FIELD(session_config, lite, "lite", FIELD_BOOL),
    OPTIONAL_FIELD(session_config, budget, "budget", FIELD_UNSIGNED),
    OPTIONAL_FIELD(session_config, interval, "interval_ns", FIELD_SIGNED),
    OPTIONAL_FIELD(session_config, rounds, "rounds", FIELD_UNSIGNED),
    FIELD(session_config, first_ttl, "first_ttl", FIELD_UNSIGNED),
    FIELD(session_config, max_ttl, "max_ttl", FIELD_UNSIGNED),
    OPTIONAL_FIELD(session_config, through, "through", FIELD_ADDRESS),
    OPTIONAL_FIELD(session_config, through_ttl, "through_ttl", FIELD_UNSIGNED),
    FIELD(session_config, queries, "queries", FIELD_UNSIGNED),
    FIELD(session_config, gap, "gap", FIELD_UNSIGNED),
    FIELD(session_config, max_wait, "max_wait_ns", FIELD_SIGNED),
    OPTIONAL_FIELD(session_config, slow_wait, "slow_wait_ns", FIELD_SIGNED),
    FIELD(session_config, send_gap, "send_gap_ns", FIELD_SIGNED),
    OPTIONAL_FIELD(session_config, gap_is_mean, "gap_is_mean", FIELD_BOOL),
    FIELD(session_config, size, "size", FIELD_UNSIGNED),
    OPTIONAL_FIELD(session_config, interface_mtu, "interface_mtu", FIELD_UNSIGNED),
    FIELD(session_config, tos, "tos", FIELD_UNSIGNED),
    FIELD(session_config, dont_fragment, "dont_fragment", FIELD_BOOL),
    FIELD(session_config, flow_label, "flow_label", FIELD_SIGNED),
    FIELD(session_config, source_port, "source_port", FIELD_UNSIGNED),
    FIELD(session_config, seed, "seed", FIELD_UNSIGNED),
    FIELD_END,
};

struct target_record {
    uint32_t index;
    struct session_config config;
};

static const struct field target_fields[] = {
    FIELD(target_record, index, "index", FIELD_UNSIGNED),
    FIELD(target_record, config.target_name, "target_name", FIELD_TEXT),
    FIELD(target_record, config.source, "source", FIELD_ADDRESS),
    FIELD(target_record, config.target, "target", FIELD_ADDRESS),
    FIELD(target_record, config.seed, "seed", FIELD_UNSIGNED),
    FIELD_END,
};

struct flow_record {
    uint32_t target; /* 0: the first one */
    uint32_t index;
    struct flow flow;
};

static const struct field flow_fields[] = {
    OPTIONAL_FIELD(flow_record, target, "target_index", FIELD_UNSIGNED),
    FIELD(flow_record, index, "index", FIELD_UNSIGNED),
    FIELD(flow_record, flow.spec, "spec", FIELD_SPEC),
    FIELD(flow_record, flow.source, "source", FIELD_ADDRESS),
    FIELD(flow_record, flow.target, "target", FIELD_ADDRESS),
    FIELD(flow_record, flow.source_port, "source_port", FIELD_UNSIGNED),
    FIELD(flow_record, flow.target_port, "target_port", FIELD_UNSIGNED),
    FIELD(flow_record, flow.tos, "tos", FIELD_UNSIGNED),
    FIELD(flow_record, flow.dont_fragment, "dont_fragment", FIELD_BOOL),
    FIELD(flow_record, flow.flow_label, "flow_label", FIELD_UNSIGNED),
    FIELD(flow_record, flow.size, "size", FIELD_UNSIGNED),
    FIELD(flow_record, flow.nonce, "nonce", FIELD_UNSIGNED),
    OPTIONAL_FIELD(flow_record, flow.coding, "coding", FIELD_UNSIGNED), /* of 0.1.0: none, which is 0 */
    FIELD_END,
};

static const char *const claim_words[] = {[CLAIM_REFUSED] = "refused",
                                          [CLAIM_UNSEEN] = "unseen",
                                          [CLAIM_MOVED] = "moved",
                                          [CLAIM_CLOCK_STEP] = "clock-step",
                                          [CLAIM_WRITE_FAILED] = "write-failed",
                                          NULL};

struct claim_record {
    struct session_claim claim;
    char note[CLAIM_NOTE_BYTES];
};

static const struct field claim_fields[] = {
    {"kind", FIELD_WORD, offsetof(struct claim_record, claim.kind), sizeof(enum claim_kind), claim_words, false, false},
    OPTIONAL_FIELD(claim_record, claim.target, "target", FIELD_UNSIGNED),
    OPTIONAL_FIELD(claim_record, claim.moved_to, "to", FIELD_ADDRESS),
    FIELD(claim_record, claim.trace, "trace", FIELD_UNSIGNED),
    OPTIONAL_FIELD(claim_record, claim.flow, "flow", FIELD_UNSIGNED),
    OPTIONAL_FIELD(claim_record, claim.size, "size", FIELD_UNSIGNED),
    OPTIONAL_FIELD(claim_record, claim.port, "port", FIELD_UNSIGNED),
    FIELD(claim_record, claim.serial, "serial", FIELD_UNSIGNED),
    FIELD(claim_record, claim.ttl, "ttl", FIELD_UNSIGNED),
    FIELD(claim_record, claim.at, "at_ns", FIELD_SIGNED),
    FIELD(claim_record, claim.send_errno, "errno", FIELD_SIGNED),
    OPTIONAL_FIELD(claim_record, note, "note", FIELD_TEXT),
    FIELD_END,
};

struct end_record {
    enum session_end end;
    nstime ended_at;
    uint64_t dropped_by_kernel;
};

static const char *const end_words[] = {[SESSION_COMPLETE] = "complete", [SESSION_INTERRUPTED] = "interrupted", NULL};

static const struct field end_fields[] = {
    {"how", FIELD_WORD, offsetof(struct end_record, end), sizeof(enum session_end), end_words, false, false},
    FIELD(end_record, ended_at, "at_ns", FIELD_SIGNED),
    FIELD(end_record, dropped_by_kernel, "dropped_by_kernel", FIELD_UNSIGNED),
    FIELD_END,
};

/* ---- values to text ---- */

static void copy_text(char *out, size_t bytes, const char *text)
{
    size_t length = strnlen(text, bytes - 1);
    memcpy(out, text, length);
    out[length] = '\0';
}

void annotate_run(struct strbuf *out, const struct dump_run *run)
{
    struct run_record record = {.format = run->target_count > 1 ? ANNOTATION_FORMAT : ANNOTATION_FORMAT_OF_ONE_TARGET};
    copy_text(record.version, sizeof record.version, PACKAGE_VERSION);
    copy_text(record.command, sizeof record.command, run->command);
    copy_text(record.interface, sizeof record.interface, run->interface ? run->interface : "");
    record.networks = run->networks;
    record.places = run->places;
    record.part = run->part;
    record.first_frame = run->first_frame;
    record.targets = run->target_count > 1 ? run->target_count : 0;
    fields_add(out, "run", run_fields, &record);
    strbuf_add(out, " options=");
    if (run->options)
        fields_add_value(out, run->options, strnlen(run->options, OPTIONS_SHOWN));
}

void annotate_config(struct strbuf *out, const struct session_config *config)
{
    fields_add(out, "config", config_fields, config);
}

void annotate_target(struct strbuf *out, unsigned target, const struct session_config *config)
{
    struct target_record record = {.index = target, .config = *config};
    fields_add(out, "target", target_fields, &record);
}

void annotate_flow(struct strbuf *out, unsigned target, unsigned index, const struct flow *flow)
{
    struct flow_record record = {.target = target, .index = index, .flow = *flow};
    fields_add(out, "flow", flow_fields, &record);
}

void annotate_claim(struct strbuf *out, const struct session_claim *claim)
{
    struct claim_record record = {.claim = *claim};
    copy_text(record.note, sizeof record.note, claim->note ? claim->note : "");
    fields_add(out, "claim", claim_fields, &record);
}

void annotate_end(struct strbuf *out, enum session_end end, nstime ended_at, uint64_t dropped_by_kernel)
{
    struct end_record record = {.end = end, .ended_at = ended_at, .dropped_by_kernel = dropped_by_kernel};
    fields_add(out, "end", end_fields, &record);
}

static void add_matched(struct strbuf *out, const struct frame_note *note, const char *spec)
{
    if (note->role == FRAME_PROBE) {
        strbuf_addf(out, "%s probe: trace %u, hop %u, attempt %u, serial %u", spec, note->trace, note->ttl,
                    note->attempt, note->serial);
        return;
    }
    strbuf_addf(out, "reply to %s ", spec);
    if (note->serial)
        strbuf_addf(out, "hop %u attempt %u", note->ttl, note->attempt);
    else
        strbuf_add(out, "(it does not identify the probe)");
    strbuf_addf(out, ", by %s", note->reason ? note->reason : "address");
}

void annotate_note(struct strbuf *out, const struct frame_note *note, const struct probe_spec *spec)
{
    char text[PROBE_SPEC_TEXT_BYTES];
    switch (note->role) {
    case FRAME_PROBE:
    case FRAME_REPLY:
        probe_spec_format(spec, text);
        add_matched(out, note, text);
        break;
    case FRAME_CONNECTION:
        strbuf_addf(out, "connection: %s", note->reason);
        break;
    case FRAME_STRAY:
        strbuf_addf(out, "stray: %s", note->reason ? note->reason : "not ours");
        break;
    case FRAME_MALFORMED:
        strbuf_addf(out, "malformed: %s", note->reason ? note->reason : "cannot be decoded");
        break;
    }
}

/* ---- text to values ---- */

static enum annotation run_read(struct words words, struct annotations *seen, struct saved_run *saved)
{
    struct run_record record = {0};
    bool whole = fields_read(words, run_fields, NULL, &record);
    if (record.format > ANNOTATION_FORMAT) {
        seen->newer_format = record.format;
        return ANNOTATION_NEWER;
    }
    if (!whole || !strategy_find(record.command))
        return ANNOTATION_DAMAGED;
    copy_text(saved->command, sizeof saved->command, record.command);
    copy_text(saved->interface, sizeof saved->interface, record.interface);
    saved->networks = record.networks;
    saved->places = record.places;
    saved->part = record.part;
    saved->first_frame = record.first_frame;
    seen->target_count = record.targets ? record.targets : 1;
    seen->run = true;
    return ANNOTATION_RUN;
}

static enum annotation config_read(struct words words, struct annotations *seen, struct saved_run *saved)
{
    struct session_config config = {.strategy = strategies[0]};
    if (!fields_read(words, config_fields, &saved->names, &config))
        return ANNOTATION_DAMAGED;
    if (config.confidence < 1000)
        config.confidence *= 1000;
    saved->config = config;
    seen->config = true;
    return ANNOTATION_CONFIG;
}

/* The first one makes room for all. */
static enum annotation target_read(struct words words, struct annotations *seen, struct saved_run *saved)
{
    struct target_record record = {0};
    if (!fields_read(words, target_fields, NULL, &record) || !record.index || record.index >= TARGETS_MOST)
        return ANNOTATION_DAMAGED;
    saved->others = saved->others ? saved->others : calloc(TARGETS_MOST - 1, sizeof *saved->others);
    if (!saved->others)
        return ANNOTATION_DAMAGED;
    struct saved_target *other = &saved->others[record.index - 1];
    copy_text(other->name, sizeof other->name, record.config.target_name);
    other->source = record.config.source;
    other->target = record.config.target;
    other->seed = record.config.seed;
    saved->other_count = record.index > saved->other_count ? record.index : saved->other_count;
    seen->targets |= UINT64_C(1) << record.index;
    return ANNOTATION_TARGET;
}

static enum annotation flow_read(struct words words, struct annotations *seen, struct saved_run *saved)
{
    struct flow_record record = {0};
    if (!fields_read(words, flow_fields, &saved->names, &record) || record.index >= SPECS_MOST ||
        record.flow.coding >= CODINGS || record.target > saved->other_count)
        return ANNOTATION_DAMAGED;
    (record.target ? saved->others[record.target - 1].flows : saved->flows)[record.index] = record.flow;
    seen->flows[record.target] |= UINT32_C(1) << record.index;
    return ANNOTATION_FLOW;
}

/* True if deadlines can be added to the time without overflow. */
static bool is_stamp(nstime time)
{
    return time >= 0 && time <= NSTIME_NEVER - 2 * LONGEST_WAIT;
}

static bool claim_is_sound(const struct saved_run *saved, const struct session_claim *claim)
{
    if (claim->target > saved->other_count || !is_stamp(claim->at))
        return false;
    if (claim_is_of_probe(claim))
        return claim->trace < session_config_traces(&saved->config) && claim->serial > 0 &&
               claim->serial <= FLOW_SERIALS_MOST && claim->ttl > 0 && claim->send_errno >= 0;
    return saved->config.strategy->is_endless &&
           (claim->kind == CLAIM_MOVED ? claim->moved_to.family == saved->config.target.family : claim->note != NULL);
}

static enum annotation claim_read(struct words words, struct saved_run *saved, struct session_claim *claim)
{
    struct claim_record record = {.note = ""};
    if (!fields_read(words, claim_fields, NULL, &record))
        return ANNOTATION_DAMAGED;
    copy_text(saved->note, sizeof saved->note, record.note);
    *claim = record.claim;
    claim->note = *saved->note ? saved->note : NULL;
    return claim_is_sound(saved, claim) ? ANNOTATION_CLAIM : ANNOTATION_DAMAGED;
}

static enum annotation end_read(struct words words, struct saved_run *saved)
{
    struct end_record record = {0};
    if (!fields_read(words, end_fields, NULL, &record))
        return ANNOTATION_DAMAGED;
    if (record.ended_at != NSTIME_NONE && !is_stamp(record.ended_at))
        return ANNOTATION_DAMAGED;
    saved->ended = true;
    saved->end = record.end;
    bool complete = record.end == SESSION_COMPLETE;
    saved->ended_at = complete && record.ended_at == NSTIME_NONE ? NSTIME_NEVER : record.ended_at;
    saved->dropped_by_kernel = record.dropped_by_kernel;
    return ANNOTATION_END;
}

enum annotation annotate_read(const char *text, size_t length, struct annotations *seen, struct saved_run *saved,
                              struct session_claim *claim)
{
    struct words word, words;
    if (!fields_begin(text, length, &word, &words))
        return ANNOTATION_NONE;
    if (word_is(word, "run"))
        return run_read(words, seen, saved);
    if (word_is(word, "config"))
        return config_read(words, seen, saved);
    if (word_is(word, "target"))
        return target_read(words, seen, saved);
    if (word_is(word, "flow"))
        return flow_read(words, seen, saved);
    if (word_is(word, "claim"))
        return claim_read(words, saved, claim);
    if (word_is(word, "end"))
        return end_read(words, saved);
    return ANNOTATION_NONE;
}

static bool flow_fits(const struct flow *flow, const struct session_config *config, const struct probe_spec *spec)
{
    return probe_spec_equal(&flow->spec, spec) && addr_equal(&flow->source, &config->source) &&
           addr_equal(&flow->target, &config->target) && flow->flow_label <= 0xfffff && flow->size > 0;
}

/* A flow of a port list stands for the list's first port. */
static bool list_flows_fit(const struct saved_run *saved, const struct session_config *config)
{
    struct list_part parts[LIST_PARTS_MOST];
    unsigned count = session_list_parts(config, parts);
    for (unsigned i = 0; i < count; i++) {
        const struct probe_spec spec = port_list_spec(parts[i].list, parts[i].first);
        if (!flow_fits(&saved->flows[config->spec_count + i], config, &spec))
            return false;
    }
    return true;
}

static bool target_is_complete(const struct annotations *seen, const struct saved_run *saved, unsigned target)
{
    const struct session_config config = saved_run_config(saved, target);
    unsigned flows = session_config_traces(&config);
    if (flows > SPECS_MOST || seen->flows[target] != UINT32_MAX >> (SPECS_MOST - flows))
        return false;
    for (unsigned i = 0; i < config.spec_count; i++)
        if (!flow_fits(&saved_run_flows(saved, target)[i], &config, &config.specs[i]))
            return false;
    return config.source.family == config.target.family;
}

/* Each target once, and several of them in rounds alone. */
static bool targets_are_complete(const struct annotations *seen, const struct saved_run *saved)
{
    const struct session_config *config = &saved->config;
    if (saved->other_count + 1 != seen->target_count)
        return false;
    if (saved->other_count && (!config->strategy->is_endless || config->port_list_count ||
                               seen->targets != (UINT64_MAX >> (TARGETS_MOST - 1 - saved->other_count) & ~UINT64_C(1))))
        return false;
    for (unsigned i = 0; i <= saved->other_count; i++) {
        if (!target_is_complete(seen, saved, i))
            return false;
        for (unsigned k = 0; k < i; k++) {
            const struct addr *one = k ? &saved->others[k - 1].target : &config->target;
            if (addr_equal(one, &saved->others[i - 1].target))
                return false;
        }
    }
    return list_flows_fit(saved, config);
}

bool annotations_complete(const struct annotations *seen, const struct saved_run *saved)
{
    const struct session_config *config = &saved->config;
    if (!seen->run || !seen->config || config->spec_count == 0 || !targets_are_complete(seen, saved))
        return false;
    if (config->interface_mtu && config->interface_mtu < MTU_LEAST_V4)
        return false;
    if (config->strategy->is_endless && (config->interval < INTERVAL_LEAST || config->interval > INTERVAL_MOST))
        return false;
    return config->source.family == config->target.family && config->first_ttl > 0 &&
           config->first_ttl <= config->max_ttl && config->queries > 0 && config->gap > 0 && config->max_wait > 0 &&
           config->max_wait <= LONGEST_WAIT && config->slow_wait <= LONGEST_WAIT && config->send_gap >= 0 &&
           config->send_gap <= LONGEST_WAIT && config->flow_label >= -1 && config->flow_label <= 0xfffff;
}
