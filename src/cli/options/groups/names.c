/* SPDX-License-Identifier: BSD-2-Clause */
/* What to look up about addresses. */
#include <string.h>

#include "address/whois_server.h"
#include "cli/options/groups/groups.h"
#include "lookup/dns_server.h"

static enum status apply_resolver(struct parse *parse, const char *value, struct err *err)
{
    struct addr address;
    uint16_t port;
    struct err cause;
    if (dns_server_parse(value, &address, &port, &cause) != STATUS_OK)
        return parse_complain(parse, value, err, "%s", value_cause(cause.message, value));
    parse->out->lookup.resolver = value;
    return STATUS_OK;
}

static enum status apply_dns_timeout(struct parse *parse, const char *value, struct err *err)
{
    nstime span;
    const char *rest;
    if (!value_span(value, NS_PER_S, &span, &rest) || *rest || span < 10 * NS_PER_MS || span > 60 * NS_PER_S)
        return parse_complain(parse, value, err, "expected seconds, 0.01 to 60");
    parse->out->lookup.dns_timeout = span;
    return STATUS_OK;
}

static enum status take_file(struct parse *parse, const char *value, const char **out, struct err *err)
{
    if (!*value)
        return parse_complain(parse, value, err, "expected a file name");
    *out = value;
    return STATUS_OK;
}

/* A named database is also used: --asn-db implies -A, --geo-db implies -G. */
static enum status apply_asn_db(struct parse *parse, const char *value, struct err *err)
{
    parse->out->lookup.networks = true;
    return take_file(parse, value, &parse->out->lookup.asn_db, err);
}

static enum status apply_geo_db(struct parse *parse, const char *value, struct err *err)
{
    parse->out->lookup.places = true;
    return take_file(parse, value, &parse->out->lookup.geo_db, err);
}

static enum status apply_whois_server(struct parse *parse, const char *value, struct err *err)
{
    struct whois_server server;
    if (!whois_server_parse(value, strlen(value), &server))
        return parse_complain(parse, value, err, "expected a WHOIS server: HOST, HOST:PORT or [ADDRESS]:PORT");
    parse->out->lookup.whois_server = value;
    return STATUS_OK;
}

static const struct option_row rows[] = {
    {.letter = "-n",
     .commands = ON_ALL,
     .brief = "no names (-A: AS numbers, -G: places)",
     .help = "do not look up names",
     OPTION_FLAG(numeric)},
    {.name = "--resolver",
     .argument = "ADDR[:PORT]",
     .commands = ON_ALL,
     .help = "DNS server to use (those of /etc/resolv.conf); write an IPv6 address with a port in brackets",
     .apply = apply_resolver},
    {.name = "--dns-timeout",
     .argument = "SEC",
     .commands = ON_ALL,
     .help = "longest time for one name in seconds, over all servers and tries (5); a report line waits 0.5 s at most",
     .apply = apply_dns_timeout},
    {.name = "--verify-names",
     .commands = ON_ALL,
     .help = "also look up the addresses of each name, and mark names that lack the hop's address",
     OPTION_FLAG(lookup.verify)},
    {.letter = "-A",
     .commands = ON_ALL,
     .help = "print the AS number and name of each address, and the AS path, from a local database",
     OPTION_FLAG(lookup.networks)},
    {.letter = "-G",
     .commands = ON_ALL,
     .help = "print the country and city of each address from a local database; [City?] is guessed from the name",
     OPTION_FLAG(lookup.places)},
    {.name = "--asn-db",
     .argument = "FILE",
     .commands = ON_ALL,
     .help =
         "AS number database: MaxMind DB, or text with prefix, AS number and name on each line (the first found in HOPSONDE_DB_PATH, /usr/share/GeoIP or /var/lib/GeoIP)",
     .apply = apply_asn_db},
    {.name = "--geo-db",
     .argument = "FILE",
     .commands = ON_ALL,
     .help = "place database: MaxMind DB (the first found there)",
     .apply = apply_geo_db},
    {.name = "--whois",
     .commands = ON_ALL,
     .help = "query the registries' WHOIS servers about the hops' networks: they learn the addresses of your path",
     OPTION_FLAG(lookup.whois)},
    {.name = "--whois-server",
     .argument = "HOST[:PORT]",
     .commands = ON_ALL,
     .help = "query only this WHOIS server",
     .apply = apply_whois_server},
    {.name = "--resolve",
     .commands = ON_CAPTURES,
     .refusal = "live commands look names up anyway (leave --resolve out)",
     .help = "replay: look names up again; otherwise it prints the saved names and sends no query",
     OPTION_FLAG(lookup.resolve)},
};

OPTION_GROUP(option_group_names, "Names, networks, places", NULL, rows);
