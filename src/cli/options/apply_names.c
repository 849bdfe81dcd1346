/* SPDX-License-Identifier: BSD-2-Clause */
/* applynames: the options that say what is to be found out about addresses. */
#include "address/whois_server.h"
#include "cli/options/apply.h"
#include "lookup/dns_server.h"

enum status apply_numeric(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->out->numeric = true;
    return STATUS_OK;
}

enum status apply_resolver(struct parse *parse, const char *value, struct err *err)
{
    struct addr address;
    uint16_t port;
    struct err cause;
    const struct subject subject = parse_subject(parse, value);
    if (dns_server_parse(value, &address, &port, &cause) != STATUS_OK)
        return value_complain(err, &subject, "%s", value_cause(cause.message, value));
    parse->out->lookup.resolver = value;
    return STATUS_OK;
}

enum status apply_dns_timeout(struct parse *parse, const char *value, struct err *err)
{
    nstime span;
    const char *rest;
    const struct subject subject = parse_subject(parse, value);
    if (!value_span(value, NS_PER_S, &span, &rest) || *rest || span < 10 * NS_PER_MS || span > 60 * NS_PER_S)
        return value_complain(err, &subject, "seconds go here, 0.01 to 60");
    parse->out->lookup.dns_timeout = span;
    return STATUS_OK;
}

enum status apply_verify_names(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->out->lookup.verify = true;
    return STATUS_OK;
}

enum status apply_networks(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->out->lookup.networks = true;
    return STATUS_OK;
}

enum status apply_places(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->out->lookup.places = true;
    return STATUS_OK;
}

static enum status take_file(struct parse *parse, const char *value, const char **out, struct err *err)
{
    const struct subject subject = parse_subject(parse, value);
    if (!*value)
        return value_complain(err, &subject, "a file goes here");
    *out = value;
    return STATUS_OK;
}

/* Who names a database wants to see what is in it. */
enum status apply_asn_db(struct parse *parse, const char *value, struct err *err)
{
    parse->out->lookup.networks = true;
    return take_file(parse, value, &parse->out->lookup.asn_db, err);
}

enum status apply_geo_db(struct parse *parse, const char *value, struct err *err)
{
    parse->out->lookup.places = true;
    return take_file(parse, value, &parse->out->lookup.geo_db, err);
}

enum status apply_whois(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->out->lookup.whois = true;
    return STATUS_OK;
}

enum status apply_whois_server(struct parse *parse, const char *value, struct err *err)
{
    struct whois_server server;
    const struct subject subject = parse_subject(parse, value);
    if (!whois_server_parse(value, strlen(value), &server))
        return value_complain(err, &subject, "a WHOIS server goes here: HOST, HOST:PORT or [ADDRESS]:PORT");
    parse->out->lookup.whois_server = value;
    return STATUS_OK;
}

enum status apply_resolve(struct parse *parse, const char *value, struct err *err)
{
    (void)value, (void)err;
    parse->out->lookup.resolve = true;
    if (!parse->environment && !parse->resolving)
        parse->resolving = parse->spelled;
    return STATUS_OK;
}
