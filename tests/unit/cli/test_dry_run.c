/* SPDX-License-Identifier: BSD-2-Clause */
/* The dry run: the whole ladder, each probe decoded on a line, the same bytes for the same seed, and saved. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/file.h"
#include "cli/commands/dry_run.h"
#include "session/session.h"
#include "tap.h"

static struct options options;

/* What a dry run of `argv` from 192.0.2.1 or 2001:db8::1 prints; owned by the caller. */
static char *print_dry(const char *const argv[], uint8_t family, uint64_t seed)
{
    char *text = NULL;
    size_t length = 0;
    int argc = 0;
    struct err err = {0};
    char *words[32];
    while (argv[argc]) {
        words[argc] = strdup(argv[argc]);
        argc++;
    }
    enum status status = options_parse(argc, words, NULL, &options, &err);
    options.session.seed = seed;
    addr_parse(family == 6 ? "2001:db8::1" : "192.0.2.1", &options.session.source);
    addr_parse(options.host, &options.session.target);
    struct session *session = status == STATUS_OK ? session_new(&options.session, true, NULL, &err) : NULL;
    FILE *file = open_memstream(&text, &length);
    struct dump *dump = NULL;
    if (session && options.write_file)
        status = dump_open(options.write_file, &dump, &err);
    if (session && file && status == STATUS_OK)
        status = dry_run_print(session, &options, file, dump, &err);
    if (file)
        fclose(file);
    if (!session || status != STATUS_OK)
        printf("# %s\n", err.message);
    session_free(session);
    for (int i = 0; i < argc; i++)
        free(words[i]);
    return text;
}

static unsigned count_lines(const char *text)
{
    unsigned lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void test_ladder(void)
{
    const char *const argv[] = {"hopsonde", "--dry-run", "-P", "udp", "-f",         "2",
                                "-m",       "5",         "-q", "2",   "192.0.2.80", NULL};
    char *first = print_dry(argv, 4, 1), *again = print_dry(argv, 4, 1), *other = print_dry(argv, 4, 2);
    is_num(count_lines(first), 1 + 4 * 2, "a heading, and a line a probe");
    ok(strncmp(first, "udp to 192.0.2.80: 8 probes, TTL 2 to 5, not sent\n", 50) == 0, "the heading");
    const char *line = strchr(first, '\n');
    for (unsigned i = 0; i < 8 && line; i++, line = strchr(line + 1, '\n'))
        is_num(atoi(line + strlen("\nttl ")), 2 + i / 2, "the TTL of probe %u", i + 1);
    ok(strstr(first, " > 192.0.2.80:33434  udp  length 60 id 0x") && strstr(first, " df checksum 0x"), "its fields");
    is_text(again, first, "the same seed gives the same bytes");
    ok(strcmp(first, other) != 0, "another seed gives others");
    free(first);
    free(again);
    free(other);
}

/* Which fields stand in the lines of each kind of probe. */
static void test_fields(void)
{
    static const struct {
        const char *probe, *target, *want[4];
    } rows[] = {
        {"icmp",
         "192.0.2.80",
         {"192.0.2.1 > 192.0.2.80  icmp  length 60 id 0x", " type 8 id ", " seq ", " checksum 0x"}},
        {"icmp", "2001:db8::80", {"2001:db8::1 > 2001:db8::80  icmp6  length 80 label 0x", " type 128 id "}},
        {"tcp",
         "192.0.2.80",
         {" > 192.0.2.80:80  tcp  length 60", " flags S seq ", " window ", " mss 1460 sack timestamps wscale "}},
        {"tcp:ack", "192.0.2.80", {" > 192.0.2.80:80  tcp  length ", " flags A seq ", " ack "}},
        {"udp/443", "2001:db8::80", {"[2001:db8::1]:", " > [2001:db8::80]:443  udp  length 12"}},
        {"sctp", "192.0.2.80", {" > 192.0.2.80:9899  sctp", " tag 0x"}},
        {"dccp", "192.0.2.80", {" > 192.0.2.80:33434  dccp", " seq "}},
        {"udplite", "192.0.2.80", {" > 192.0.2.80:33434  udplite"}},
        {"ip/253", "192.0.2.80", {"192.0.2.1 > 192.0.2.80  ip/253  length 60"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const argv[] = {"hopsonde", "--dry-run", "-P", rows[i].probe,  "-m",
                                    "1",        "-q",        "1",  rows[i].target, NULL};
        char *text = print_dry(argv, strchr(rows[i].target, ':') ? 6 : 4, 7);
        is_num(count_lines(text), 2, "%s to %s is one probe", rows[i].probe, rows[i].target);
        for (unsigned k = 0; k < 4 && rows[i].want[k]; k++) {
            if (!ok(strstr(text, rows[i].want[k]), "%s to %s: '%s'", rows[i].probe, rows[i].target, rows[i].want[k]))
                printf("# %s", text);
        }
        ok(!strstr(text, "malformed"), "%s is well-formed", rows[i].probe);
        free(text);
    }
}

static void test_chains(void)
{
    const char *const automatic[] = {"hopsonde", "--dry-run", "192.0.2.80", NULL};
    char *text = print_dry(automatic, 4, 1);
    is_num(count_lines(text), 1 + 30 * 3, "of auto, udp alone");
    free(text);
    const char *const chain[] = {"hopsonde", "--dry-run", "-IT", "-m", "2", "-q", "1", "192.0.2.80", NULL};
    text = print_dry(chain, 4, 1);
    is_num(count_lines(text), 2 * (1 + 2), "of a chain, all");
    ok(strstr(text, "icmp to 192.0.2.80") && strstr(text, "tcp/80 to 192.0.2.80"), "each with its heading");
    free(text);
    const char *const bytes[] = {"hopsonde", "--dry-run", "-v", "-I", "-m", "1", "-q", "1", "192.0.2.80", NULL};
    text = print_dry(bytes, 4, 1);
    is_num(count_lines(text), 2 + 4, "-v adds the 60 bytes in four lines");
    ok(strstr(text, "\n      0x0000  4500 003c "), "the bytes begin with the IP header");
    ok(strstr(text, "\n      0x0010  c000 0250 "), "the second line begins with the target");
    free(text);
}

static void test_saved(void)
{
    char path[] = "/tmp/hopsonde-dryrun-XXXXXX";
    int descriptor = mkstemp(path);
    const char *const argv[] = {"hopsonde", "--dry-run", "--write", path, "-z", "2",          "-P",
                                "udp",      "-m",        "4",       "-q", "2",  "192.0.2.80", NULL};
    char *text = print_dry(argv, 4, 1);
    struct wire *wire = NULL;
    const struct saved_run *saved;
    struct err err = {0};
    struct frame frame;
    struct session_claim claim;
    unsigned frames = 0;
    nstime last = NSTIME_NONE;
    bool out = true;
    is_num(file_wire_open(path, &wire, &saved, &err), STATUS_OK, "the saved probes are a capture: %s", err.message);
    while (wire && wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err) == WIRE_FRAME) {
        frames++;
        last = frame.time;
        out = out && frame.direction == FRAME_OUT && frame.linktype == LINKTYPE_RAW && frame.captured == 60;
    }
    is_num(frames, 8, "all of them are in it");
    is_num(last, 14 * NS_PER_MS, "a send gap apart, from 0 on");
    ok(out, "each an outgoing packet of 60 bytes");
    if (wire)
        wire->ops->close(wire);
    free(text);
    close(descriptor);
    unlink(path);

    const char *const nowhere[] = {"hopsonde", "--dry-run", "--write", "/nonexistent/x", "192.0.2.80", NULL};
    text = print_dry(nowhere, 4, 1);
    is_text(text, "", "a file that cannot be opened is told before anything is printed");
    free(text);
}

/* SCTP's checksum is 32 bits wide and lies at byte 28 of an IPv4 packet: the end of the hex dump's second line. */
static void test_sctp_checksum(void)
{
    const char *const argv[] = {"hopsonde", "--dry-run", "-v", "-P", "sctp", "-m", "1", "-q", "1", "192.0.2.80", NULL};
    char *text = print_dry(argv, 4, 1);
    const char *told = strstr(text, " checksum 0x"), *dump = strstr(text, "0x0010 ");
    char sent[9] = "";
    const char *end = dump ? strchr(dump, '\n') : NULL;
    if (end)
        snprintf(sent, sizeof sent, "%.4s%.4s", end - 9, end - 4);
    ok(told && *sent && strncmp(told + strlen(" checksum 0x"), sent, 8) == 0, "the checksum told is the one sent: %s",
       sent);
    free(text);
}

int main(void)
{
    test_ladder();
    test_fields();
    test_chains();
    test_saved();
    test_sctp_checksum();
    return tap_done();
}
