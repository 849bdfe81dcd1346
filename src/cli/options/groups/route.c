/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the probes leave from. */
#include <string.h>

#include "cli/options/groups/groups.h"
#include "cli/options/hints.h"

static enum status apply_source(struct parse *parse, const char *value, struct err *err)
{
    struct addr source;
    uint64_t number;
    if (value_number(value, false, 0, 65535, &number))
        return parse_complain(parse, value, err,
                              "expected a source address (the packet size is the argument after HOST)");
    if (!addr_parse(value, &source))
        return parse_complain(parse, value, err, "expected an IPv4 or IPv6 address");
    if (addr_is_multicast(&source))
        return parse_complain(parse, value, err, "a multicast address cannot be a source");
    parse->out->session.source = source;
    return STATUS_OK;
}

static enum status apply_interface(struct parse *parse, const char *value, struct err *err)
{
    const size_t longest = 15; /* IFNAMSIZ and its NUL */
    if (!*value || strlen(value) > longest || strpbrk(value, "/ \t\n"))
        return parse_complain(parse, value, err,
                              "expected the name of a network interface, 1 to %zu characters (`ip link` lists them)",
                              longest);
    if (strspn(value, "0123456789.") == strlen(value))
        hint_add(parse, "%s: taken as the name of an interface (the gap between two probes is -z MS)", parse->spelled);
    parse->out->interface = strcmp(value, "any") == 0 ? NULL : value; /* tcpdump's name of what is the default here */
    return STATUS_OK;
}

static enum status apply_sport(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (!value_number(value, false, 1, 65535, &number))
        return parse_complain(parse, value, err, "expected a source port, 1 to 65535");
    parse->out->session.source_port = (uint16_t)number;
    return STATUS_OK;
}

static enum status apply_fwmark(struct parse *parse, const char *value, struct err *err)
{
    uint64_t number;
    if (!value_number(value, true, 0, UINT32_MAX, &number))
        return parse_complain(parse, value, err, "expected a firewall mark, 0 to 4294967295");
    parse->out->fwmark = (uint32_t)number;
    return STATUS_OK;
}

static const struct option_row rows[] = {
    {.letter = "-s",
     .argument = "ADDR",
     .commands = ON_LIVE,
     .help = "source address (the kernel's choice)",
     .apply = apply_source},
    {.letter = "-i",
     .argument = "IFACE",
     .commands = ON_LIVE,
     .help = "interface to send and capture on (send as routed, capture on all: this shows replies by another uplink)",
     .apply = apply_interface},
    {.name = "--sport",
     .argument = "PORT",
     .commands = ON_LIVE,
     .help = "source port, or ICMP echo id (random)",
     .apply = apply_sport},
    {.name = "--fwmark",
     .argument = "N",
     .commands = ON_LIVE,
     .help = "mark for policy routing (needs CAP_NET_ADMIN)",
     .apply = apply_fwmark},
};

OPTION_GROUP(option_group_route, "Source", NULL, rows);
