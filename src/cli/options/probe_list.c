/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/probe_list.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/options/port_lists.h"
#include "probe/type.h"

/* What `auto` stands for, by command; NULL ends. */
static const char *const automatic_trace[] = {"udp", "icmp", "tcp/443", "tcp/80", NULL};
static const char *const automatic_search[] = {"udp", NULL};
static const char *const automatic_diagnosis[] = {"icmp",    "udp",    "udp/53",     "udp/443",
                                                  "tcp/443", "tcp/80", "tcp/80:ack", NULL};

static bool is_automatic(const char *text)
{
    return strcasecmp(text, "auto") == 0;
}

/* A probe that is given twice is sent once. */
static enum status add_spec(struct session_config *config, const struct probe_spec *spec, struct err *err)
{
    for (unsigned i = 0; i < config->spec_count; i++) {
        if (probe_spec_equal(&config->specs[i], spec))
            return STATUS_OK;
    }
    if (config->spec_count == SPECS_MOST)
        return err_set(err, STATUS_USAGE, "-P: too many probes (at most %d)", SPECS_MOST);
    config->specs[config->spec_count++] = *spec;
    return STATUS_OK;
}

static enum status add_automatic(struct session_config *config, const char *const *names, struct err *err)
{
    for (; *names; names++) {
        struct probe_spec spec;
        enum status status = probe_spec_parse(*names, &spec, err);
        if (status == STATUS_OK)
            status = add_spec(config, &spec, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* "tcp:ack" and "22" give "tcp/22:ack". */
static void insert_port(const char *text, const char *port, struct strbuf *out)
{
    size_t protocol = strcspn(text, ":");
    strbuf_addf(out, "%.*s/%s%s", (int)protocol, text, port, text + protocol);
}

/* `names` will own the spec's name. */
static enum status parse_spec(const char *text, const struct subject *subject, struct probe_names *names,
                              struct probe_spec *spec, struct err *err)
{
    struct err cause;
    if (strchr(text, ','))
        return value_complain(err, subject, "expected one PROTOCOL[/PORT] (%s)",
                              subject->spelled ? "for several repeat -P, as -P udp -P tcp/443"
                                               : "for several write several words, as udp tcp/443");
    enum status status = probe_spec_parse(text, spec, &cause);
    if (status == STATUS_OK && spec->idle_s)
        return value_complain(err, subject, "the idle time is an option: write --idle %u", spec->idle_s);
    if (status == STATUS_OK)
        return probe_names_keep(names, spec) ? STATUS_OK : err_set(err, STATUS_SYSTEM, "out of memory");
    /* The cause names the spec first; so does the subject. */
    return value_complain(err, subject, "%s", value_cause(cause.message, text));
}

/* The same with a port for the spec. */
static enum status parse_with_port(const char *text, const char *port, const struct subject *subject,
                                   struct probe_names *names, struct probe_spec *spec, struct err *err)
{
    struct strbuf with_port;
    strbuf_init(&with_port);
    insert_port(text, port, &with_port);
    enum status status = parse_spec(with_port.text, subject, names, spec, err);
    strbuf_free(&with_port);
    return status;
}

static enum status add_list(struct session_config *config, const char *text, const struct subject *subject,
                            struct err *err)
{
    struct port_list list;
    struct err cause;
    enum status status = port_list_parse(text, &list, &cause);
    if (status == STATUS_OK)
        status = port_lists_add(config, &list, &cause);
    return status == STATUS_OK ? status : value_complain(err, subject, "%s", value_cause(cause.message, text));
}

/* One -P, -I, -T or -U. It takes the port of -p if its protocol has ports and it has none yet. */
static enum status add_request(const struct parse *parse, unsigned index, bool *port_used, struct err *err)
{
    const char *text = parse->probes[index].text;
    const struct subject subject = {
        .environment = parse->probes[index].environment,
        .spelled = parse->probes[index].spelled,
        .value = parse->probes[index].value,
    };
    struct probe_spec spec;
    if (parse->mode == ON_DIAGNOSE && port_list_is_meant(text))
        return add_list(&parse->out->session, text, &subject, err);
    struct probe_names *names = &parse->out->names;
    enum status status = parse_spec(text, &subject, names, &spec, err);
    if (status != STATUS_OK)
        return status;
    if (parse->port && spec.type->has_port && !strchr(text, '/')) {
        *port_used = true;
        status = parse_with_port(text, parse->port, &parse->port_subject, names, &spec, err);
    }
    return status == STATUS_OK ? add_spec(&parse->out->session, &spec, err) : status;
}

/* Without -P or a short form of it: the port of -p or of the URL, with the URL's protocol; else `auto`. */
static enum status add_default(const struct parse *parse, struct err *err)
{
    struct session_config *config = &parse->out->session;
    const char *protocol = parse->url.protocol ? parse->url.protocol : "udp";
    char url_port[8];
    struct probe_spec spec;
    snprintf(url_port, sizeof url_port, "%u", parse->url.port);
    if (!parse->port && !parse->url.protocol) {
        config->automatic = true;
        return add_automatic(config, automatic_trace, err);
    }
    enum status status = parse_with_port(protocol, parse->port ? parse->port : url_port, &parse->port_subject,
                                         &parse->out->names, &spec, err);
    return status == STATUS_OK ? add_spec(config, &spec, err) : status;
}

static enum status complain_unused_port(const struct parse *parse, struct err *err)
{
    const char *text = parse->probes[0].text;
    if (is_automatic(text))
        return value_complain(err, &parse->port_subject, "auto sets its own ports (use -p with -T or -U)");
    if (strchr(text, '/'))
        return value_complain(err, &parse->port_subject, "%s already has a port (leave one of them out)", text);
    return value_complain(err, &parse->port_subject, "%s has no ports", text);
}

/* A protocol alone selects all its ports; a port without a variant selects all variants. */
static enum status select_spec(const struct parse *parse, const char *text, const struct subject *subject,
                               struct err *err)
{
    struct replay_filter *filter = &parse->out->replay_filter;
    struct replay_filter_probe probe = {.any_port = !strpbrk(text, "/:"), .any_variant = !strchr(text, ':')};
    struct probe_names *names = &parse->out->names;
    enum status status = parse_spec(text, subject, names, &probe.spec, err);
    if (status == STATUS_OK && probe.spec.name)
        return value_complain(err, subject, "a replay selects no traces by name (leave the variant with its name out)");
    if (status == STATUS_OK && parse->port && !parse->port_subject.environment && probe.spec.type->has_port &&
        !strchr(text, '/')) {
        probe.any_port = false;
        status = parse_with_port(text, parse->port, &parse->port_subject, names, &probe.spec, err);
    }
    if (status == STATUS_OK && filter->probe_count < SPECS_MOST)
        filter->probes[filter->probe_count++] = probe;
    return status;
}

enum status probe_list_select(const struct parse *parse, struct err *err)
{
    bool any = false;
    for (unsigned i = 0; i < parse->probe_count; i++) {
        const struct subject subject = {.spelled = parse->probes[i].spelled, .value = parse->probes[i].value};
        if (parse->probes[i].environment || is_automatic(parse->probes[i].text))
            continue;
        any = true;
        enum status status = select_spec(parse, parse->probes[i].text, &subject, err);
        if (status != STATUS_OK)
            return status;
    }
    if (any || !parse->port || parse->port_subject.environment)
        return STATUS_OK;
    return select_spec(parse, "udp", &parse->port_subject, err);
}

/* `automatic`: what `auto` stands for. */
static enum status add_requests(const struct parse *parse, const char *const *automatic, struct err *err)
{
    bool port_used = false;
    for (unsigned i = 0; i < parse->probe_count; i++) {
        enum status status = is_automatic(parse->probes[i].text) ? add_automatic(&parse->out->session, automatic, err)
                                                                 : add_request(parse, i, &port_used, err);
        if (status != STATUS_OK)
            return status;
    }
    return parse->port && !port_used ? complain_unused_port(parse, err) : STATUS_OK;
}

enum status probe_list_build(const struct parse *parse, struct err *err)
{
    if (parse->probe_count == 0)
        return add_default(parse, err);
    parse->out->session.automatic = parse->probe_count == 1 && is_automatic(parse->probes[0].text);
    return add_requests(parse, automatic_trace, err);
}

/* --- a diagnosis --- */

/* Other specs are compared with icmp, because few devices filter it by port. */
static enum status lead_with_icmp(struct session_config *config, struct err *err)
{
    struct probe_spec icmp;
    enum status status = probe_spec_parse("icmp", &icmp, err);
    if (status != STATUS_OK)
        return status;
    for (unsigned i = 0; i < config->spec_count; i++)
        if (probe_spec_equal(&config->specs[i], &icmp))
            return STATUS_OK;
    if (config->spec_count == SPECS_MOST)
        return err_set(err, STATUS_USAGE, "too many probes besides icmp (at most %d; --only leaves icmp out)",
                       SPECS_MOST - 1);
    memmove(config->specs + 1, config->specs, config->spec_count * sizeof *config->specs);
    config->specs[0] = icmp;
    config->spec_count++;
    config->first_compares = true;
    return STATUS_OK;
}

/* The control of a spec with a name: the same with a name that no device is expected to filter. A spec that bears the
 * control's own name has none. */
static enum status add_controls(struct options *options, struct err *err)
{
    struct session_config *config = &options->session;
    for (unsigned i = 0, named = config->spec_count; i < named; i++) {
        struct probe_spec spec = config->specs[i];
        unsigned before = config->spec_count;
        if (!spec.name)
            continue;
        spec.name = options->control;
        if (!probe_names_keep(&options->names, &spec))
            return err_set(err, STATUS_SYSTEM, "out of memory");
        if (add_spec(config, &spec, err) != STATUS_OK)
            return err_set(err, STATUS_USAGE, "diagnose: too many probes besides their controls (at most %d in all)",
                           SPECS_MOST);
        if (config->spec_count > before)
            config->controls |= UINT32_C(1) << before;
    }
    return STATUS_OK;
}

/* The same spec for each time that a session of it is left alone. */
static enum status add_idle(struct options *options, struct err *err)
{
    struct session_config *config = &options->session;
    bool any = false;
    for (unsigned i = 0, count = config->spec_count; i < count && options->idle_count; i++) {
        struct probe_spec spec = config->specs[i];
        if (!probe_spec_has_session(&spec) || config->controls >> i & 1 || spec.idle_s)
            continue;
        any = true;
        for (unsigned n = 0; n < options->idle_count; n++) {
            spec.idle_s = options->idle_s[n];
            if (add_spec(config, &spec, err) != STATUS_OK)
                return err_set(err, STATUS_USAGE, "--idle: too many probes and times (at most %d in all)", SPECS_MOST);
        }
    }
    if (options->idle_count && !any)
        return err_set(err, STATUS_USAGE,
                       "--idle: no probe has a session to leave alone (add one, as tcp/443:data or udp/53)");
    return STATUS_OK;
}

enum status probe_list_settle(struct options *options, struct err *err)
{
    struct session_config *config = &options->session;
    enum status status = port_lists_settle(config, options->only, err);
    if (status == STATUS_OK && !options->only)
        status = lead_with_icmp(config, err);
    if (status == STATUS_OK && !options->only)
        status = add_controls(options, err);
    return status == STATUS_OK ? add_idle(options, err) : status;
}

enum status probe_list_diagnose(const struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    enum status status;
    out->default_specs = parse->probe_count == 0 && !parse->port && !parse->url.protocol;
    if (out->default_specs) {
        status = add_automatic(&out->session, automatic_diagnosis, err);
        return status == STATUS_OK && !out->expect_file ? add_idle(out, err) : status;
    }
    if (parse->probe_count == 0)
        status = add_default(parse, err);
    else
        status = add_requests(parse, automatic_diagnosis, err);
    return status == STATUS_OK ? probe_list_settle(out, err) : status;
}

/* --- rounds --- */

enum status probe_list_settle_rounds(struct options *options, struct err *err)
{
    struct session_config *config = &options->session;
    char text[PROBE_SPEC_TEXT_BYTES];
    enum status status = port_lists_settle(config, options->only, err);
    for (unsigned i = 0; i < config->spec_count && status == STATUS_OK; i++)
        if (probe_spec_variant(&config->specs[i])->needs_connection) {
            probe_spec_format(&config->specs[i], text);
            return err_set(err, STATUS_USAGE, "%s: watch opens no connections (diagnose does)", text);
        }
    return status == STATUS_OK && !options->only ? lead_with_icmp(config, err) : status;
}

enum status probe_list_watch(const struct parse *parse, struct err *err)
{
    struct options *out = parse->out;
    out->default_specs = parse->probe_count == 0 && !parse->port && !parse->url.protocol;
    enum status status = probe_list_build(parse, err);
    bool is_automatic = out->session.automatic;
    return status == STATUS_OK && !is_automatic ? probe_list_settle_rounds(out, err) : status;
}

/* --- a search for all paths --- */

/* HOPSONDE_OPTIONS also serves other commands: only its first probe counts here, and none if the command line has one.
 */
static void keep_one_of_environment(struct parse *parse)
{
    bool given_here = false;
    unsigned kept = 0;
    for (unsigned i = 0; i < parse->probe_count; i++)
        given_here = given_here || !parse->probes[i].environment;
    for (unsigned i = 0; i < parse->probe_count; i++) {
        bool is_left = parse->probes[i].environment && (given_here || kept || is_automatic(parse->probes[i].text));
        if (!is_left)
            parse->probes[kept++] = parse->probes[i];
    }
    parse->probe_count = kept;
}

enum status probe_list_search(struct parse *parse, struct err *err)
{
    struct session_config *config = &parse->out->session;
    keep_one_of_environment(parse);
    for (unsigned i = 0; i < parse->probe_count; i++) {
        const struct subject subject = {.spelled = parse->probes[i].spelled, .value = parse->probes[i].value};
        if (is_automatic(parse->probes[i].text))
            return value_complain(err, &subject, "paths needs one probe (as -P udp or -P tcp/443)");
    }
    enum status status = parse->probe_count ? add_requests(parse, automatic_search, err) : add_default(parse, err);
    if (status == STATUS_OK && config->automatic)
        config->spec_count = 1;
    if (status == STATUS_OK && config->spec_count != 1)
        return err_set(err, STATUS_USAGE, "-P: paths sends one probe type (run it once for each)");
    return status;
}
