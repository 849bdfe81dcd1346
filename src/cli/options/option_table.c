/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/option_table.h"

#include <string.h>

#include "cli/options/apply.h"

const char *const option_group_titles[GROUP_COUNT] = {
    [GROUP_PROBES] = "Probes",
    [GROUP_LADDER] = "Limits and timing",
    [GROUP_DIAGNOSE] = "Diagnosis",
    [GROUP_PATHS] = "Paths",
    [GROUP_HEADER] = "Header fields",
    [GROUP_ROUTE] = "Source",
    [GROUP_CHOICE] = "Selection from captures",
    [GROUP_OUTPUT] = "Reports and captures",
    [GROUP_NAMES] = "Names, networks, places",
    [GROUP_OTHER] = "Other",
};

const struct option_row option_rows[] = {
    {"-P", "--probe", "PROBE", GROUP_PROBES, true, "probe to send, as tcp/443, udp/53, icmp (auto)",
     "probe to send, PROTOCOL[/PORT][:VARIANT] (auto: udp, icmp, tcp/443, tcp/80); of several, trace sends the next "
     "where hops are silent, diagnose sends all side by side",
     apply_probe},
    {"-I", NULL, NULL, GROUP_PROBES, true, NULL, "short for -P icmp", apply_icmp},
    {"-T", NULL, NULL, GROUP_PROBES, true, "TCP SYN (-I: ICMP echo, -U: UDP)",
     "short for -P tcp/80, or tcp/PORT with -p", apply_tcp},
    {"-U", NULL, NULL, GROUP_PROBES, true, NULL, "short for -P udp, or udp/PORT with -p", apply_udp},
    {"-p", NULL, "PORT", GROUP_PROBES, true, "target port", "target port of each probe that has none; alone: udp/PORT",
     apply_port},
    {"-4", NULL, NULL, GROUP_PROBES, false, "IPv4 (-6: IPv6)", "use IPv4", apply_four},
    {"-6", NULL, NULL, GROUP_PROBES, false, NULL, "use IPv6", apply_six},
    {NULL, "--seed", "N", GROUP_PROBES, true, NULL,
     "derive all random choices (ports, ids) from N: two runs send the same bytes", apply_seed},
    {NULL, "--dry-run", NULL, GROUP_PROBES, true, "print the probes, decoded, and send none",
     "print all probes of the trace, decoded, and send none (with --write: save them)", apply_dry_run},

    {"-f", NULL, "N", GROUP_LADDER, true, NULL, "first TTL (1)", apply_first},
    {"-m", NULL, "N", GROUP_LADDER, true, "largest TTL (30)", "largest TTL (30; 1 to 255)", apply_max},
    {"-q", NULL, "N", GROUP_LADDER, true, "probes per hop (3)", "probes per hop (3, diagnose 1; 1 to 100)",
     apply_queries},
    {"-w", NULL, "SEC", GROUP_LADDER, true, "longest wait for a reply (3.2)",
     "longest wait for a reply in seconds (3.2); usually shorter, because waits adapt to the RTTs seen", apply_wait},
    {NULL, "--gap", "N", GROUP_LADDER, true, NULL, "stop after N silent hops in a row (8)", apply_gap},
    {"-z", NULL, "MS", GROUP_LADDER, true, NULL, "minimum gap between two probes in milliseconds (0.5)",
     apply_send_gap},
    {NULL, "--rate", "PPS", GROUP_LADDER, true, NULL, "maximum probes per second over the whole run (no limit)",
     apply_rate},

    {NULL, "--confidence", "C", GROUP_DIAGNOSE, true, NULL,
     "diagnose: confidence required before it reports a drop (0.99; 0.5 to 0.999); paths: required confidence that the "
     "whole graph is complete (0.95; 0.5 to 0.999999)",
     apply_confidence},
    {NULL, "--budget", "N", GROUP_DIAGNOSE, true, NULL, "maximum packets to send (2000; 50 to 1000000)", apply_budget},
    {NULL, "--only", NULL, GROUP_DIAGNOSE, true, NULL, "send only the named probes; do not add icmp", apply_only},
    {NULL, "--expect", "FILE", GROUP_DIAGNOSE, false, NULL,
     "compare the verdicts with the lines of FILE, PROBE STATE [at|after ADDRESS], and print each difference; FILE's "
     "probes are sent unless you name some (replay: of one target)",
     apply_expect},

    {NULL, "--max-probes", "N", GROUP_PATHS, true, NULL, "maximum probes to send (10000; 50 to 60000)",
     apply_max_probes},
    {NULL, "--lite", NULL, GROUP_PATHS, true, NULL,
     "use MDA-Lite: fewer probes where balancers look uniform and their paths do not cross", apply_lite},

    {"-t", "--tos", "N", GROUP_HEADER, true, NULL, "TOS byte or traffic class (0)", apply_tos},
    {NULL, "--dscp", "N", GROUP_HEADER, true, NULL, "DSCP, as number or name (ef, af11, cs6 ...)", apply_dscp},
    {NULL, "--ecn", "N", GROUP_HEADER, true, NULL, "ECN codepoint, as number or name (ect0, ect1, ce)", apply_ecn},
    {NULL, "--no-df", NULL, GROUP_HEADER, true, NULL, "clear the don't-fragment bit (IPv4)", apply_no_df},
    {NULL, "--flow-label", "N", GROUP_HEADER, true, NULL, "IPv6 flow label (random)", apply_flow_label},

    {"-s", NULL, "ADDR", GROUP_ROUTE, true, NULL, "source address (the kernel's choice)", apply_source},
    {"-i", NULL, "IFACE", GROUP_ROUTE, true, NULL,
     "interface to send and capture on (send as routed, capture on all: this shows replies by another uplink)",
     apply_interface},
    {NULL, "--sport", "PORT", GROUP_ROUTE, true, NULL, "source port, or ICMP echo id (random)", apply_sport},
    {NULL, "--fwmark", "N", GROUP_ROUTE, true, NULL, "mark for policy routing (needs CAP_NET_ADMIN)", apply_fwmark},

    {NULL, "--target", "ADDR[/LEN]", GROUP_CHOICE, false, NULL, "only traces to this address or network", apply_target},
    {NULL, "--source", "ADDR[/LEN]", GROUP_CHOICE, false, NULL, "only traces from this address or network",
     apply_source_choice},
    {NULL, "--since", "TIME", GROUP_CHOICE, false, NULL,
     "only frames from TIME on: 2026-01-02T03:04:05Z (UTC without an offset), 03:04 on the capture's first day, "
     "@SECONDS since the epoch, +SECONDS after the first frame",
     apply_since},
    {NULL, "--until", "TIME", GROUP_CHOICE, false, NULL, "only frames before TIME", apply_until},
    {NULL, "--bpf", "EXPR", GROUP_CHOICE, false, NULL, "only frames that match this filter (pcap-filter(7))",
     apply_bpf},
    {NULL, "--list", NULL, GROUP_CHOICE, false, NULL, "one line per trace instead of the text report", apply_list},

    {"-o", NULL, "FORMAT[:FILE]", GROUP_OUTPUT, false, "text, json, jsonl, csv, dot, svg, map; stdout without FILE",
     "report format (text), to FILE or standard output; repeat it for several, at most one of them to standard output; "
     "dot and svg draw the graph of paths, map draws one path on a world map (SVG)",
     apply_output},
    {"-W", "--write", "FILE", GROUP_OUTPUT, true, "save the packets (pcapng)",
     "save every frame that passed the filter (annotated pcapng; classic pcap if the name ends in .pcap)", apply_write},
    {"-R", "--read", "FILE", GROUP_OUTPUT, false, "read packets from FILE: no root, nothing is sent",
     "read frames from FILE (-: standard input) instead of the network: needs no root, sends nothing", apply_read},
    {"-v", NULL, NULL, GROUP_OUTPUT, false, "print more", "print more; twice: still more", apply_verbose},
    {NULL, "--quiet", NULL, GROUP_OUTPUT, false, NULL, "no heading, notes or hints", apply_quiet},
    {NULL, "--color", "WHEN", GROUP_OUTPUT, false, NULL,
     "auto (on a terminal, unless NO_COLOR is set), always or never", apply_color},

    {"-n", NULL, NULL, GROUP_NAMES, false, "no names (-A: AS numbers, -G: places)", "do not look up names",
     apply_numeric},
    {NULL, "--resolver", "ADDR[:PORT]", GROUP_NAMES, false, NULL,
     "DNS server to use (those of /etc/resolv.conf); write an IPv6 address with a port in brackets", apply_resolver},
    {NULL, "--dns-timeout", "SEC", GROUP_NAMES, false, NULL,
     "longest time for one name in seconds, over all servers and tries (5); a report line waits 0.5 s at most",
     apply_dns_timeout},
    {NULL, "--verify-names", NULL, GROUP_NAMES, false, NULL,
     "also look up the addresses of each name, and mark names that lack the hop's address", apply_verify_names},
    {"-A", NULL, NULL, GROUP_NAMES, false, NULL,
     "print the AS number and name of each address, and the AS path, from a local database", apply_networks},
    {"-G", NULL, NULL, GROUP_NAMES, false, NULL,
     "print the country and city of each address from a local database; [City?] is guessed from the name",
     apply_places},
    {NULL, "--asn-db", "FILE", GROUP_NAMES, false, NULL,
     "AS number database: MaxMind DB, or text with prefix, AS number and name on each line (the first found in "
     "HOPSONDE_DB_PATH, /usr/share/GeoIP or /var/lib/GeoIP)",
     apply_asn_db},
    {NULL, "--geo-db", "FILE", GROUP_NAMES, false, NULL, "place database: MaxMind DB (the first found there)",
     apply_geo_db},
    {NULL, "--whois", NULL, GROUP_NAMES, false, NULL,
     "query the registries' WHOIS servers about the hops' networks: they learn the addresses of your path",
     apply_whois},
    {NULL, "--whois-server", "HOST[:PORT]", GROUP_NAMES, false, NULL, "query only this WHOIS server",
     apply_whois_server},
    {NULL, "--resolve", NULL, GROUP_NAMES, false, NULL,
     "replay: look names up again; otherwise it prints the saved names and sends no query", apply_resolve},

    {"-h", "--help", NULL, GROUP_OTHER, false, "help", "print help and exit", apply_help},
    {"-V", "--version", NULL, GROUP_OTHER, false, "version", "print the version and exit", apply_version},
    {NULL, NULL, NULL, GROUP_COUNT, false, NULL, NULL, NULL},
};

const struct command_row command_rows[] = {
    {"trace", COMMAND_TRACE, "[trace] [OPTIONS] HOST [SIZE]", "the path to HOST",
     "Shows the path to HOST hop by hop, and reports what became of each probe type. HOST is a name, an IPv4 or IPv6 "
     "address, or a URL; the URL's port or scheme selects the probe unless you name one. SIZE is the size of the whole "
     "IP packet in bytes."},
    {"diagnose", COMMAND_DIAGNOSE, "diagnose [OPTIONS] HOST [PROBE...]", "what becomes of each protocol",
     "Sends all probes side by side over the same hops. Reports for each probe its state (open, closed, rejected, "
     "dropped, intercepted ...), the device responsible or the hops around it, and the confidence. Then recommends "
     "the probe that gets furthest. Default probes: icmp, udp, udp/53, udp/443, tcp/443, tcp/80 and tcp/80:ack. "
     "Write PROBE as after -P; icmp is added for comparison unless --only is given."},
    {"paths", COMMAND_PATHS, "paths [OPTIONS] HOST", "all balanced paths, as a graph",
     "Finds every load-balanced path to HOST: sends one probe type from many source ports, and shows the routers and "
     "links as a graph. The report says whether each balancer works per flow or per packet, and how likely the graph "
     "is complete. A single flow crossed each link that is shown. The default probe is udp."},
    {"replay", COMMAND_REPLAY, "replay [OPTIONS] FILE...", "the traces in captures of any tool",
     "Finds the traces of any tool in captures, and reports each as if hopsonde had made it. Prints the original "
     "report "
     "again if hopsonde saved the capture with --write. Several files are merged by time into one capture. It needs no "
     "root and sends nothing: options that say what to send select traces, or have no effect."},
    {"help", COMMAND_HELP, "help [COMMAND]", "this overview, or help on COMMAND", NULL},
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
        {"-P", "only traces of this probe, or of any port if it is a protocol alone (tcp, udp); may be repeated"},
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
