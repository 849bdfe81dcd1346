/* SPDX-License-Identifier: BSD-2-Clause */
/* The field's words for numbers. */
#include "packet/packet.h"

static const struct {
    uint8_t version, type, code;
    const char *name;
} icmp_codes[] = {
    {4, 3, 0, "net unreachable"},
    {4, 3, 1, "host unreachable"},
    {4, 3, 2, "protocol unreachable"},
    {4, 3, 3, "port unreachable"},
    {4, 3, 4, "fragmentation needed"},
    {4, 3, 5, "source route failed"},
    {4, 3, 6, "net unknown"},
    {4, 3, 7, "host unknown"},
    {4, 3, 8, "source host isolated"},
    {4, 3, 9, "net prohibited"},
    {4, 3, 10, "host prohibited"},
    {4, 3, 11, "net unreachable for this service"},
    {4, 3, 12, "host unreachable for this service"},
    {4, 3, 13, "administratively prohibited"},
    {4, 3, 14, "precedence violation"},
    {4, 3, 15, "precedence cutoff"},
    {4, 5, 0, "redirect for the net"},
    {4, 5, 1, "redirect for the host"},
    {4, 11, 0, "time exceeded"},
    {4, 11, 1, "reassembly time exceeded"},
    {4, 12, 1, "required option missing"},
    {4, 12, 2, "bad length"},
    {6, 1, 0, "no route"},
    {6, 1, 1, "administratively prohibited"},
    {6, 1, 2, "beyond scope of source address"},
    {6, 1, 3, "address unreachable"},
    {6, 1, 4, "port unreachable"},
    {6, 1, 5, "source address failed policy"},
    {6, 1, 6, "reject route"},
    {6, 1, 7, "error in source routing header"},
    {6, 3, 0, "time exceeded"},
    {6, 3, 1, "reassembly time exceeded"},
    {6, 4, 0, "erroneous header field"},
    {6, 4, 1, "unknown next header"},
    {6, 4, 2, "unknown IPv6 option"},
};

/* For types whose code says nothing, and for codes that have no words of their own. */
static const struct {
    uint8_t version, type;
    const char *name;
} icmp_types[] = {
    {4, 0, "echo reply"},
    {4, 3, "unreachable"},
    {4, 4, "source quench"},
    {4, 5, "redirect"},
    {4, 8, "echo request"},
    {4, 9, "router advertisement"},
    {4, 10, "router solicitation"},
    {4, 12, "parameter problem"},
    {4, 13, "timestamp request"},
    {4, 14, "timestamp reply"},
    {4, 17, "address mask request"},
    {4, 18, "address mask reply"},
    {4, 42, "extended echo request"},
    {4, 43, "extended echo reply"},
    {6, 1, "unreachable"},
    {6, 2, "packet too big"},
    {6, 4, "parameter problem"},
    {6, 128, "echo request"},
    {6, 129, "echo reply"},
    {6, 133, "router solicitation"},
    {6, 134, "router advertisement"},
    {6, 135, "neighbour solicitation"},
    {6, 136, "neighbour advertisement"},
    {6, 137, "redirect"},
    {6, 160, "extended echo request"},
    {6, 161, "extended echo reply"},
};

static const struct {
    uint8_t protocol;
    const char *name;
} protocols[] = {
    {IP_ICMP, "icmp"},   {IP_TCP, "tcp"},   {IP_UDP, "udp"},         {IP_DCCP, "dccp"},
    {IP_ICMP6, "icmp6"}, {IP_SCTP, "sctp"}, {IP_UDPLITE, "udplite"},
};

const char *icmp_name(uint8_t version, uint8_t type, uint8_t code)
{
    for (size_t i = 0; i < sizeof icmp_codes / sizeof *icmp_codes; i++)
        if (icmp_codes[i].version == version && icmp_codes[i].type == type && icmp_codes[i].code == code)
            return icmp_codes[i].name;
    for (size_t i = 0; i < sizeof icmp_types / sizeof *icmp_types; i++)
        if (icmp_types[i].version == version && icmp_types[i].type == type)
            return icmp_types[i].name;
    return NULL;
}

const char *ip_protocol_name(uint8_t protocol)
{
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (protocols[i].protocol == protocol)
            return protocols[i].name;
    return NULL;
}

static const struct {
    const char *name, *title;
} encapsulations[ENCAPSULATIONS] = {
    [ENCAPSULATION_IPIP] = {"ipip", "IPIP"},       [ENCAPSULATION_6IN4] = {"6in4", "6in4"},
    [ENCAPSULATION_4IN6] = {"4in6", "4in6"},       [ENCAPSULATION_6IN6] = {"6in6", "6in6"},
    [ENCAPSULATION_GRE] = {"gre", "GRE"},          [ENCAPSULATION_ERSPAN] = {"erspan", "ERSPAN"},
    [ENCAPSULATION_VXLAN] = {"vxlan", "VXLAN"},    [ENCAPSULATION_VXLAN_GPE] = {"vxlan-gpe", "VXLAN-GPE"},
    [ENCAPSULATION_GENEVE] = {"geneve", "GENEVE"}, [ENCAPSULATION_TZSP] = {"tzsp", "TZSP"},
    [ENCAPSULATION_GTP_U] = {"gtp-u", "GTP-U"},    [ENCAPSULATION_L2TP] = {"l2tp", "L2TP"},
    [ENCAPSULATION_TEREDO] = {"teredo", "Teredo"},
};

const char *encapsulation_name(enum encapsulation encapsulation)
{
    return encapsulations[encapsulation].name;
}

const char *encapsulation_title(enum encapsulation encapsulation)
{
    return encapsulations[encapsulation].title;
}
