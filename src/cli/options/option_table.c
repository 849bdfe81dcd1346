/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/option_table.h"

#include <string.h>

#include "cli/options/apply.h"

const char *const option_group_titles[GROUP_COUNT] = {
    [GROUP_PROBES] = "What is sent",           [GROUP_LADDER] = "How far and how fast",
    [GROUP_DIAGNOSE] = "A diagnosis",          [GROUP_PATHS] = "A search for all paths",
    [GROUP_HEADER] = "Header fields",          [GROUP_ROUTE] = "From where",
    [GROUP_CHOICE] = "What a replay reports",  [GROUP_OUTPUT] = "Reports and captures",
    [GROUP_NAMES] = "Names, networks, places", [GROUP_OTHER] = "Other",
};

const struct option_row option_rows[] = {
    {"-P", "--probe", "PROBE", GROUP_PROBES, true, "what to send, as tcp/443, udp/53, icmp (all in turn)",
     "probe to send, PROTOCOL[/PORT][:VARIANT]; several are an escalation chain in that order "
     "(auto: udp, icmp, tcp/443, tcp/80); diagnose sends all side by side",
     apply_probe},
    {"-I", NULL, NULL, GROUP_PROBES, true, NULL, "short for -P icmp", apply_icmp},
    {"-T", NULL, NULL, GROUP_PROBES, true, "TCP SYN (-I: ICMP echo, -U: UDP)",
     "short for -P tcp/80, or tcp/PORT with -p", apply_tcp},
    {"-U", NULL, NULL, GROUP_PROBES, true, NULL, "short for -P udp, or udp/PORT with -p", apply_udp},
    {"-p", NULL, "PORT", GROUP_PROBES, true, "target port",
     "target port of each probe asked for without one; alone: udp/PORT", apply_port},
    {"-4", NULL, NULL, GROUP_PROBES, false, "IPv4 (-6: IPv6)", "use IPv4", apply_four},
    {"-6", NULL, NULL, GROUP_PROBES, false, NULL, "use IPv6", apply_six},
    {NULL, "--seed", "N", GROUP_PROBES, true, NULL,
     "draw all random choices (ports, ids) from N: two runs send the same bytes", apply_seed},
    {NULL, "--dry-run", NULL, GROUP_PROBES, true, "print the probes, decoded, and send none",
     "print the probes of the whole ladder, decoded, and send none (with --write: save them)", apply_dry_run},

    {"-f", NULL, "N", GROUP_LADDER, true, NULL, "first TTL (1)", apply_first},
    {"-m", NULL, "N", GROUP_LADDER, true, "largest TTL (30)", "largest TTL (30; 1 to 255)", apply_max},
    {"-q", NULL, "N", GROUP_LADDER, true, "probes a hop (3)", "probes a hop (3, diagnose 1; 1 to 100)", apply_queries},
    {"-w", NULL, "SEC", GROUP_LADDER, true, "longest wait for a reply (3.2)",
     "longest wait for a reply (3.2 s); usually far less is needed: waits adapt to the RTTs seen", apply_wait},
    {NULL, "--gap", "N", GROUP_LADDER, true, NULL, "give up after N silent hops in a row (8)", apply_gap},
    {"-z", NULL, "MS", GROUP_LADDER, true, NULL, "least gap between two probes, in milliseconds (0.5)", apply_send_gap},
    {NULL, "--rate", "PPS", GROUP_LADDER, true, NULL, "most probes a second over the whole run (no other limit)",
     apply_rate},

    {NULL, "--confidence", "C", GROUP_DIAGNOSE, true, NULL,
     "diagnose: how sure a silence is to be before it is called dropped (0.99; 0.5 to 0.999); paths: how sure it is to "
     "be that nothing of the whole graph was missed (0.95; 0.5 to 0.999999)",
     apply_confidence},
    {NULL, "--budget", "N", GROUP_DIAGNOSE, true, NULL, "most packets to send (2000; 50 to 1000000)", apply_budget},
    {NULL, "--only", NULL, GROUP_DIAGNOSE, true, NULL, "the probes that were named alone, without icmp for comparison",
     apply_only},
    {NULL, "--expect", "FILE", GROUP_DIAGNOSE, false, NULL,
     "compare with the lines of FILE, PROBE STATE [at|after ADDRESS], and say what differs; its probes are asked where "
     "none is named (replay: of one target)",
     apply_expect},

    {NULL, "--max-probes", "N", GROUP_PATHS, true, NULL, "most probes to send (10000; 50 to 60000)", apply_max_probes},
    {NULL, "--lite", NULL, GROUP_PATHS, true, NULL,
     "by MDA-Lite: fewer probes, where balancers look even and their ways don't cross", apply_lite},

    {"-t", "--tos", "N", GROUP_HEADER, true, NULL, "TOS byte or traffic class (0)", apply_tos},
    {NULL, "--dscp", "N", GROUP_HEADER, true, NULL, "DSCP, by number or name (ef, af11, cs6 ...)", apply_dscp},
    {NULL, "--ecn", "N", GROUP_HEADER, true, NULL, "ECN codepoint, by number or name (ect0, ect1, ce)", apply_ecn},
    {NULL, "--no-df", NULL, GROUP_HEADER, true, NULL, "clear the don't-fragment bit (IPv4)", apply_no_df},
    {NULL, "--flow-label", "N", GROUP_HEADER, true, NULL, "IPv6 flow label (drawn at random)", apply_flow_label},

    {"-s", NULL, "ADDR", GROUP_ROUTE, true, NULL, "source address (as the kernel routes)", apply_source},
    {"-i", NULL, "IFACE", GROUP_ROUTE, true, NULL,
     "interface to send and capture on (as routed, and capture on all: a reply by another uplink is seen)",
     apply_interface},
    {NULL, "--sport", "PORT", GROUP_ROUTE, true, NULL, "source port, or ICMP echo id (drawn at random)", apply_sport},
    {NULL, "--fwmark", "N", GROUP_ROUTE, true, NULL, "mark for policy routing (needs CAP_NET_ADMIN)", apply_fwmark},

    {NULL, "--target", "ADDR[/LEN]", GROUP_CHOICE, false, NULL, "only traces to this address or network", apply_target},
    {NULL, "--source", "ADDR[/LEN]", GROUP_CHOICE, false, NULL, "only traces from this address or network",
     apply_source_choice},
    {NULL, "--since", "TIME", GROUP_CHOICE, false, NULL,
     "only frames from then on: 2026-01-02T03:04:05Z (UTC where no offset stands), 03:04 of the capture's first day, "
     "@SECONDS of the epoch, +SECONDS after the first frame",
     apply_since},
    {NULL, "--until", "TIME", GROUP_CHOICE, false, NULL, "only frames before then", apply_until},
    {NULL, "--bpf", "EXPR", GROUP_CHOICE, false, NULL, "only frames that pass this filter (pcap-filter(7))", apply_bpf},
    {NULL, "--list", NULL, GROUP_CHOICE, false, NULL, "a line a trace, in place of the text report", apply_list},

    {"-o", NULL, "FORMAT[:FILE]", GROUP_OUTPUT, false, "text, json, jsonl, csv, dot, svg, map; stdout without FILE",
     "report format; several times; without FILE to standard output, which only one may have (text); dot and svg draw "
     "what paths found, map draws one path on a map of the world (SVG)",
     apply_output},
    {"-W", "--write", "FILE", GROUP_OUTPUT, true, "save the packets (pcapng)",
     "save every frame that passed the filter (annotated pcapng; a name that ends in .pcap: classic pcap)",
     apply_write},
    {"-R", "--read", "FILE", GROUP_OUTPUT, false, "take the packets from FILE: no root, nothing is sent",
     "take frames from FILE (- is standard input) in place of the network: no root, nothing is sent", apply_read},
    {"-v", NULL, NULL, GROUP_OUTPUT, false, "say more", "say more; twice: still more", apply_verbose},
    {NULL, "--quiet", NULL, GROUP_OUTPUT, false, NULL, "no heading, notes and hints", apply_quiet},
    {NULL, "--color", "WHEN", GROUP_OUTPUT, false, NULL,
     "auto (on a terminal, unless NO_COLOR is set), always or never", apply_color},

    {"-n", NULL, NULL, GROUP_NAMES, false, "no names (-A: AS numbers, -G: places)", "look up no names", apply_numeric},
    {NULL, "--resolver", "ADDR[:PORT]", GROUP_NAMES, false, NULL,
     "DNS server to ask (those of /etc/resolv.conf); an IPv6 address with a port is written in brackets",
     apply_resolver},
    {NULL, "--dns-timeout", "SEC", GROUP_NAMES, false, NULL,
     "longest time for one name, over all servers and tries (5); a line waits half a second at most",
     apply_dns_timeout},
    {NULL, "--verify-names", NULL, GROUP_NAMES, false, NULL,
     "ask each name for its addresses too, and mark those that don't have the hop's", apply_verify_names},
    {"-A", NULL, NULL, GROUP_NAMES, false, NULL,
     "AS numbers and names beside addresses, and the path of AS numbers, from a database on this machine",
     apply_networks},
    {"-G", NULL, NULL, GROUP_NAMES, false, NULL,
     "countries and cities beside addresses, from a database on this machine; [City?] is a guess by the name",
     apply_places},
    {NULL, "--asn-db", "FILE", GROUP_NAMES, false, NULL,
     "database of AS numbers: MaxMind DB, or text with a prefix, an AS number and a name a line (as found in "
     "HOPSONDE_DB_PATH, /usr/share/GeoIP or /var/lib/GeoIP)",
     apply_asn_db},
    {NULL, "--geo-db", "FILE", GROUP_NAMES, false, NULL, "database of places: MaxMind DB (as found there)",
     apply_geo_db},
    {NULL, "--whois", NULL, GROUP_NAMES, false, NULL,
     "ask the registries' WHOIS servers about the networks of the hops: they learn the addresses of your path",
     apply_whois},
    {NULL, "--whois-server", "HOST[:PORT]", GROUP_NAMES, false, NULL, "ask this WHOIS server, and no other",
     apply_whois_server},
    {NULL, "--resolve", NULL, GROUP_NAMES, false, NULL,
     "replay: ask for names afresh; else those that were saved are told and nobody is asked", apply_resolve},

    {"-h", "--help", NULL, GROUP_OTHER, false, "help", "print help and exit", apply_help},
    {"-V", "--version", NULL, GROUP_OTHER, false, "version", "print the version and exit", apply_version},
    {NULL, NULL, NULL, GROUP_COUNT, false, NULL, NULL, NULL},
};

const struct command_row command_rows[] = {
    {"trace", COMMAND_TRACE, "[trace] [OPTIONS] HOST [SIZE]", "the path to HOST",
     "Shows the path to HOST, hop by hop, and says what became of each kind of probe on the way. HOST is a name, an "
     "IPv4 or IPv6 address, or a URL, whose port or scheme is the probe where none is asked for. SIZE is that of the "
     "whole IP packet in bytes."},
    {"diagnose", COMMAND_DIAGNOSE, "diagnose [OPTIONS] HOST [PROBE...]", "what becomes of each protocol",
     "Sends all probes side by side over the same hops and says of each what became of it: open, closed, rejected, "
     "dropped, intercepted ..., by which device or between which, how sure that is, and which of them to use. Where "
     "no PROBE is named: icmp, udp, udp/53, udp/443, tcp/443, tcp/80 and tcp/80:ack. PROBE is written as after -P; "
     "icmp goes along for comparison."},
    {"paths", COMMAND_PATHS, "paths [OPTIONS] HOST", "all balanced paths, as a graph",
     "Finds every path that routers spread the flows to HOST over, by sending probes of one kind from many source "
     "ports, "
     "and shows the graph: each hop's routers, which leads to which, which of them balance flows and which packets, "
     "and how sure it is that none was missed. Each link was crossed by a single flow. The probe is udp where none is "
     "named."},
    {"replay", COMMAND_REPLAY, "replay [OPTIONS] FILE...", "the traces in captures of any tool",
     "Finds the traces that any tool has made in captures, and reports each as if it were of our own making; of a "
     "capture that hopsonde saved with --write, its report again. Several files are one capture, in order of time. "
     "Needs no root and sends nothing; options that say what to send choose traces, or have no effect."},
    {"help", COMMAND_HELP, "help [COMMAND]", "this overview, or all of COMMAND", NULL},
    {NULL, COMMAND_HELP, NULL, NULL, NULL},
};

const char *command_name(enum command command)
{
    for (const struct command_row *row = command_rows; row->name; row++)
        if (row->command == command)
            return row->name;
    return NULL;
}

const struct command_row *command_find(const char *word)
{
    for (const struct command_row *row = command_rows; row->name; row++) {
        if (strcmp(row->name, word) == 0)
            return row;
    }
    return NULL;
}

static bool spells(const char *letter, const char *name, const char *spelled)
{
    return (letter && strcmp(letter, spelled) == 0) || (name && strcmp(name, spelled) == 0);
}

const struct option_row *option_find(const char *spelled)
{
    for (const struct option_row *row = option_rows; row->apply; row++) {
        if (spells(row->letter, row->name, spelled))
            return row;
    }
    return NULL;
}

const char *option_replay_help(const struct option_row *row)
{
    static const struct {
        const char *letter, *help;
    } rows[] = {
        {"-P", "only traces of this probe, or of any port of a protocol (tcp, udp); several: of any of them"},
        {"-I", "only traces by ICMP echo"},
        {"-T", "only traces by TCP, or to tcp/PORT with -p"},
        {"-U", "only traces by UDP, or to udp/PORT with -p"},
        {"-4", "only IPv4 traces"},
        {"-6", "only IPv6 traces"},
        {"-p", "target port of -T, -U and each -P without one; alone: only traces to udp/PORT"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (row->letter && strcmp(row->letter, rows[i].letter) == 0)
            return rows[i].help;
    return NULL;
}

static bool is_among(const char *word, const char *const words[])
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

bool reserved_command(const char *word)
{
    static const char *const words[] = {"watch", "sweep", NULL};
    return is_among(word, words);
}

bool reserved_format(const char *name)
{
    static const char *const words[] = {"html", NULL};
    return is_among(name, words);
}
