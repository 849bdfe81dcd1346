/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/hints.h"

#include "base/minmax.h"

#include <stdio.h>
#include <string.h>

#define SAME(theirs, argument, ours)                                                                                   \
    {                                                                                                                  \
        theirs, SYNONYM_SAME, argument, ours, NULL, NULL                                                               \
    }
#define FIXED(theirs, ours, value)                                                                                     \
    {                                                                                                                  \
        theirs, SYNONYM_SAME, false, ours, value, NULL                                                                 \
    }
/* Theirs takes a value that ours does not need. */
#define WITHOUT_VALUE(theirs, ours)                                                                                    \
    {                                                                                                                  \
        theirs, SYNONYM_WITHOUT_VALUE, true, ours, NULL, NULL                                                          \
    }
#define IGNORED(theirs, argument, why)                                                                                 \
    {                                                                                                                  \
        theirs, SYNONYM_IGNORED, argument, NULL, NULL, why                                                             \
    }
#define REFUSED(theirs, argument, why)                                                                                 \
    {                                                                                                                  \
        theirs, SYNONYM_REFUSED, argument, NULL, NULL, why                                                             \
    }

/* traceroute(8), tracepath(8), tcptraceroute(1), mtr(8), ping(8), nmap(1), tcpdump(8), tracert of Windows. */
const struct synonym synonyms[] = {
    SAME("--protocol", true, "-P"),
    SAME("-M", true, "-P"),
    SAME("--module", true, "-P"),
    FIXED("--icmp", "-I", NULL),
    FIXED("--tcp", "-T", NULL),
    FIXED("--udp", "-U", NULL),
    FIXED("-u", "-U", NULL),
    FIXED("-D", "-P", "dccp"),
    FIXED("--dccp", "-P", "dccp"),
    FIXED("-L", "-P", "udplite"),
    FIXED("--udplite", "-P", "udplite"),
    FIXED("-S", "-P", "sctp"),
    FIXED("--sctp", "-P", "sctp"),
    SAME("--port", true, "-p"),
    FIXED("--ipv4", "-4", NULL),
    FIXED("--ipv6", "-6", NULL),
    SAME("--first", true, "-f"),
    SAME("--first-ttl", true, "-f"),
    SAME("--first-hop", true, "-f"),
    SAME("--max-hops", true, "-m"),
    SAME("--max-hop", true, "-m"),
    SAME("--max-ttl", true, "-m"),
    SAME("--queries", true, "-q"),
    SAME("--probes", true, "-q"),
    SAME("--tries", true, "-q"),
    SAME("-c", true, "-q"),
    SAME("--count", true, "-q"),
    SAME("--report-cycles", true, "-q"),
    SAME("--cycles", true, "-q"),
    SAME("--wait", true, "-w"),
    SAME("--timeout", true, "-w"),
    SAME("-Z", true, "-w"),
    SAME("--max-unknown", true, "--gap"),
    SAME("--gaplimit", true, "--gap"),
    SAME("--sendwait", true, "-z"),
    SAME("--max-rate", true, "--rate"),
    SAME("-Q", true, "-t"),
    SAME("-l", true, "--flow-label"),
    SAME("--flowlabel", true, "--flow-label"),
    SAME("--address", true, "-s"),
    SAME("-a", true, "-s"),
    SAME("--interface", true, "-i"),
    SAME("--source-port", true, "--sport"),
    SAME("--localport", true, "--sport"),
    SAME("--mark", true, "--fwmark"),
    FIXED("--numeric", "-n", NULL),
    FIXED("--no-dns", "-n", NULL),
    FIXED("-d", "-n", NULL),
    FIXED("--verbose", "-v", NULL),
    FIXED("--silent", "--quiet", NULL),
    SAME("--output", true, "-o"),
    SAME("--format", true, "-o"),
    FIXED("-j", "-o", "json"),
    FIXED("--json", "-o", "json"),
    FIXED("--jsonl", "-o", "jsonl"),
    FIXED("--ndjson", "-o", "jsonl"),
    FIXED("--raw", "-o", "jsonl"),
    FIXED("-C", "-o", "csv"),
    FIXED("--csv", "-o", "csv"),
    SAME("--colour", true, "--color"),
    FIXED("--no-color", "--color", "never"),
    FIXED("--no-colour", "--color", "never"),
    SAME("--pcap", true, "--write"),
    SAME("--source", true, "-s"), /* of live commands; a replay has an option of this name */
    FIXED("--as-path-lookups", "-A", NULL),
    FIXED("--aslookup", "-A", NULL),
    WITHOUT_VALUE("--ipinfo", "-A"),
    WITHOUT_VALUE("-y", "-A"),
    IGNORED("-N", true, "the number of probes in flight adapts by itself (--rate PPS limits it)"),
    IGNORED("--sim-queries", true, "the number of probes in flight adapts by itself (--rate PPS limits it)"),
    IGNORED("-F", false, "the don't-fragment bit is always set (--no-df clears it)"),
    IGNORED("--dont-fragment", false, "the don't-fragment bit is always set (--no-df clears it)"),
    IGNORED("-e", false, "MPLS labels and other extensions are always shown"),
    IGNORED("--extensions", false, "MPLS labels and other extensions are always shown"),
    IGNORED("--mpls", false, "MPLS labels and other extensions are always shown"),
    IGNORED("-r", false, "a report is always printed (to read a capture: --read FILE)"),
    IGNORED("--report", false, "a report is always printed"),
    IGNORED("--report-wide", false, "a report is always printed, and never cuts names"),
    IGNORED("-b", false, "addresses are always shown"),
    IGNORED("--show-ips", false, "addresses are always shown"),
    REFUSED("-g", true, "source routing is not supported (routers drop such packets)"),
    REFUSED("--gateway", true, "source routing is not supported (routers drop such packets)"),
    REFUSED("-x", false, "there is no XML output (use -o json)"),
    REFUSED("--xml", false, "there is no XML output (use -o json)"),
    REFUSED("--psize", true, "the packet size is the argument after HOST"),
    REFUSED("--gracetime", true, "how long a reply may take is -w SECONDS"),
    REFUSED("--back", false, "the TTL of each reply stands in -o json (reply_ttl)"),
    {NULL, SYNONYM_SAME, false, NULL, NULL, NULL},
};

/* Options of mtr(8) without a value, whose letters take one here. */
static const struct synonym bare_synonyms[] = {
    IGNORED("-w", false, "a report is always printed, and never cuts names (to wait up to N seconds: -w N)"),
    {"-z", SYNONYM_SAME, false, "-A", NULL, "a gap of N milliseconds between two probes is -z N"},
    {"-l", SYNONYM_SAME, false, "-o", "jsonl", "a flow label is --flow-label N"},
    {NULL, SYNONYM_SAME, false, NULL, NULL, NULL},
};

/* Whether it begins as a number, or as one that is wrong; "-1" is no option. */
static bool is_like_number(const char *text)
{
    text += *text == '-' || *text == '+' || *text == '.' || *text == '=';
    return *text >= '0' && *text <= '9';
}

/* A file to save packets in, as with -w of tcpdump(1). */
static bool is_like_file(const char *text)
{
    size_t length = strlen(text);
    static const char *const endings[] = {".pcap", ".pcapng", ".cap"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcmp(text + length - ending, endings[i]) == 0)
            return true;
    }
    return strchr(text, '/') && !strstr(text, "://");
}

const struct synonym *synonym_find_bare(const char *spelled, const char *next)
{
    if (next && (!*next || is_like_number(next) || is_like_file(next)))
        return NULL;
    for (const struct synonym *row = bare_synonyms; row->theirs; row++)
        if (strcmp(row->theirs, spelled) == 0)
            return row;
    return NULL;
}

const struct synonym *synonym_find(const char *spelled)
{
    for (const struct synonym *row = synonyms; row->theirs; row++) {
        if (strcmp(row->theirs, spelled) == 0)
            return row;
    }
    return NULL;
}

#define NAME_BYTES_MOST 32

/* Insertions, deletions, exchanges and swaps of neighbours that lead from a to b (optimal string alignment). */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned rows[3][NAME_BYTES_MOST + 1];
    size_t width = strlen(b);
    for (unsigned j = 0; j <= width; j++)
        rows[0][j] = j;
    for (unsigned i = 1; a[i - 1]; i++) {
        unsigned *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= width; j++) {
            now[j] = uint_min(last[j - 1] + (a[i - 1] != b[j - 1]), uint_min(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = uint_min(now[j], before[j - 2] + 1);
        }
    }
    return rows[strlen(a) % 3][width];
}

#define SLIPS_MOST 2 /* two are a typo, three another word */

/* Whether the name is nearer than `best` slips, and so much alike that more than `apart` letters more are; keeps it. */
static bool is_nearer(const char *spelled, const char *name, size_t apart, unsigned *best)
{
    unsigned distance = edit_distance(spelled, name);
    if (distance >= *best || distance + apart >= strlen(name))
        return false;
    *best = distance;
    return true;
}

const char *option_nearest(const char *spelled)
{
    const char *nearest = NULL;
    unsigned best = SLIPS_MOST + 1;
    if (strlen(spelled) > NAME_BYTES_MOST)
        return NULL;
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
        if (row->name && is_nearer(spelled, row->name, 4, &best))
            nearest = row->name;
    }
    for (const struct synonym *synonym = synonyms; synonym->theirs; synonym++) {
        if (synonym->ours && synonym->theirs[1] == '-' && is_nearer(spelled, synonym->theirs, 4, &best))
            nearest = synonym->ours;
    }
    return nearest;
}

const char *command_nearest(const char *spelled)
{
    const char *nearest = NULL;
    unsigned best = SLIPS_MOST + 1;
    if (strlen(spelled) > NAME_BYTES_MOST)
        return NULL;
    for (const struct command *row = commands; row->name; row++) {
        if (is_nearer(spelled, row->name, 2, &best))
            nearest = row->name;
    }
    return nearest;
}

void hint_add(struct parse *parse, const char *format, ...)
{
    static const char prefix[] = "hopsonde: ";
    char *hints = parse->out->hints;
    char line[256];
    va_list args;
    if (parse->environment)
        return;
    memcpy(line, prefix, sizeof prefix);
    va_start(args, format);
    int length = vsnprintf(line + sizeof prefix - 1, sizeof line - sizeof prefix, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= sizeof line - sizeof prefix)
        return;
    memcpy(line + sizeof prefix - 1 + length, "\n", 2);
    if (!strstr(hints, line) && strlen(hints) + strlen(line) < sizeof parse->out->hints)
        memcpy(hints + strlen(hints), line, strlen(line) + 1);
}
