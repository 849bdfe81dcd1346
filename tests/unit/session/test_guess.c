/* SPDX-License-Identifier: BSD-2-Clause */
/* What a forger has to guess, who sees no packet: the table in HACKING, computed from the code.
 *
 * A field counts if both hold: it differs from run to run (check_draws), and a quote that shows it otherwise is worth
 * so many bits less (check_flips). */
#include <stdlib.h>

#include "session/state.h"
#include "tap.h"
#include "unit/support/handmade.h"
#include "unit/support/probe_flows.h"

#define SERIAL 7
#define SHORT_TRANSPORT 8 /* RFC 792 */

enum where { IP_ALONE, SHORT_QUOTE, FULL_QUOTE };

static size_t bytes_quoted(const struct flow *flow, enum where where)
{
    size_t header = ip_header_size(flow);
    return where == IP_ALONE ? header : where == SHORT_QUOTE ? header + SHORT_TRANSPORT : flow->size;
}

/* The bits that the session would count of this quote; 0: it fits no probe, or another one. */
static unsigned bits_of(const struct flow *flow, const uint8_t *bytes, enum where where)
{
    uint8_t *probe = stamped(flow, SERIAL, 5);
    struct headers sent = decoded(probe, flow->size, false);
    struct headers quote = decoded(bytes, bytes_quoted(flow, where), true);
    struct flow_match match = flow_recognise(flow, &quote, true);
    unsigned bits = match.match != MATCH_NONE && match.serial == SERIAL ? flow_guess_bits(flow, &sent, &quote) : 0;
    free(probe);
    return bits;
}

static unsigned genuine_bits(const struct flow *flow, enum where where)
{
    uint8_t *bytes = stamped(flow, SERIAL, 5);
    unsigned bits = bits_of(flow, bytes, where);
    free(bytes);
    return bits;
}

/* --- the table --- */

/* A full quote shows more than 99 bits of some probes; the table says so. */
static const struct {
    const char *spec;
    unsigned short_4, full_4, short_6, full_6, answer;
} rows[] = {
    {"udp", 46, 78, 50, 82, 62},
    {"udp:empty", 30, 30, 50, 82, 14},
    {"udp/53", 46, 46, 50, 50, 30},
    {"udp/443", 46, 78, 0, 82, 62},
    {"udp/123", 46, 78, 50, 82, 62},
    {"tcp/443", 61, 92, 65, 96, 45},
    {"tcp/80:ack", 61, 92, 65, 96, 45},
    {"icmp", 62, 94, 66, 98, 62},
    {"udplite", 46, 78, 50, 82, 62},
    {"udp/53:name=a.example", 46, 46, 50, 50, 30},
    {"udp/443:sni=a.example", 46, 78, 0, 82, 62},
    {"dccp", 46, 62, 50, 66, 46},
    {"sctp", 30, 61, 0, 65, 45},
    {"ip/50", 47, 47, 51, 51, 31},
    {"tcp/443:data", 62, 94, 0, 98, 46},
    {"tcp/443:sni=a.example", 62, 94, 0, 98, 46},
};

/* The line of HACKING that begins with the spec; its other words are the columns. */
static void check_document(unsigned row, const char *hacking)
{
    char want[128];
    snprintf(want, sizeof want, "\n    %-12s %8u %8u %8u %8u %8u\n", rows[row].spec, rows[row].short_4,
             rows[row].full_4, rows[row].short_6, rows[row].full_6, rows[row].answer);
    ok(strstr(hacking, want) != NULL, "HACKING has the line of %s", rows[row].spec);
}

static char *read_hacking(void)
{
    char path[4096];
    const char *folder = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/HACKING", folder ? folder : ".");
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);
    if (!file || !text) {
        printf("Bail out! cannot read %s\n", path);
        abort();
    }
    size_t length = fread(text, 1, (1 << 20) - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

static void check_row(unsigned row)
{
    const char *spec = rows[row].spec;
    struct flow four = built_flow(spec, 4), six = built_flow(spec, 6);
    is_num(genuine_bits(&four, SHORT_QUOTE), rows[row].short_4, "%s IPv4: bits of a quote of 28 bytes", spec);
    is_num(genuine_bits(&four, FULL_QUOTE), rows[row].full_4, "%s IPv4: bits of a full quote", spec);
    is_num(genuine_bits(&six, SHORT_QUOTE), rows[row].short_6, "%s IPv6: bits of a quote of 48 bytes", spec);
    is_num(genuine_bits(&six, FULL_QUOTE), rows[row].full_6, "%s IPv6: bits of a full quote", spec);
    unsigned alone = genuine_bits(&four, IP_ALONE);
    ok(alone < GUESS_BITS_FAIR, "%s IPv4: a quote of 20 bytes proves nothing (%u bits)", spec, alone);
    is_num(genuine_bits(&six, IP_ALONE), 0, "%s IPv6: nor does one of 40", spec);
    flow_free(&four);
    flow_free(&six);
}

/* --- each field is checked --- */

/* Each 16-bit word of the quote, changed alone. A word that bears bits makes the quote worth less. */
static unsigned words_checked(const struct flow *flow, enum where where, unsigned whole)
{
    unsigned checked = 0;
    size_t header = ip_header_size(flow);
    for (size_t at = 0; at + 1 < bytes_quoted(flow, where); at += 2) {
        uint8_t *bytes = stamped(flow, SERIAL, 5);
        set_word(bytes + at, (uint16_t)(word_at(bytes + at) ^ 0x1b4e));
        checked += (at >= header || at == 4 || (header == 40 && at <= 2)) && bits_of(flow, bytes, where) < whole;
        free(bytes);
    }
    return checked;
}

/* Words of 16 bits, of 14 or 15, and halves of longer fields: at least so many words bear the claimed bits. */
static void check_flips(const char *spec, uint8_t family)
{
    struct flow flow = built_flow(spec, family);
    unsigned whole = genuine_bits(&flow, SHORT_QUOTE), words = words_checked(&flow, SHORT_QUOTE, whole);
    ok(!whole || words * 16 >= whole, "%s IPv%u: %u words of a short quote are checked, for %u bits", spec, family,
       words, whole);
    flow_free(&flow);
}

/* Any two fields wrong at once: never as sure as the least that counts under a flood. */
static void check_pairs(const char *spec)
{
    struct flow flow = built_flow(spec, 4);
    static const size_t fields[] = {4, 20, 24, 26};
    unsigned passed = 0;
    for (unsigned a = 0; a < 4; a++)
        for (unsigned b = a + 1; b < 4; b++) {
            uint8_t *bytes = stamped(&flow, SERIAL, 5);
            set_word(bytes + fields[a], (uint16_t)(word_at(bytes + fields[a]) ^ 0x1b4e));
            set_word(bytes + fields[b], (uint16_t)(word_at(bytes + fields[b]) ^ 0x2c71));
            passed += bits_of(&flow, bytes, SHORT_QUOTE) >= 48;
            free(bytes);
        }
    is_num(passed, 0, "%s: two wrong fields of a short quote are seen", spec);
    flow_free(&flow);
}

/* --- each field is drawn --- */

#define RUNS 1024

/* So many values out of `bits` bits are nearly all distinct; of 14 bits some recur. */
static unsigned distinct_least(unsigned bits)
{
    return bits >= 16 ? RUNS * 98 / 100 : RUNS * 94 / 100;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static unsigned count_distinct(uint64_t *values)
{
    unsigned distinct = 1;
    qsort(values, RUNS, sizeof *values, by_value);
    for (unsigned i = 1; i < RUNS; i++)
        distinct += values[i] != values[i - 1];
    return distinct;
}

/* The words of the first probe's short quote that differ between runs; and any two of them differ independently. */
static void check_draws(const char *spec, unsigned traces)
{
    enum { PORT, ID, SUM, FIELDS };
    static uint64_t values[FIELDS][RUNS], pair[RUNS];
    const char *specs[8] = {spec, "tcp/80", "tcp/25", "icmp", "udp/53", "udp/123", "tcp/22", NULL};
    specs[traces] = NULL;
    struct session_config config = handmade_config(specs);
    for (unsigned run = 0; run < RUNS; run++) {
        struct err err = {0};
        config.seed = UINT64_C(0x9e3779b97f4a7c15) * (run + 1);
        struct session *session = session_new(&config, true, NULL, &err);
        const struct flow *flow = &session_trace(session, 0)->flow;
        uint8_t *bytes = stamped(flow, 1, 5);
        values[PORT][run] = flow->source_port;
        values[ID][run] = word_at(bytes + 4);
        values[SUM][run] = word_at(bytes + 26);
        free(bytes);
        session_free(session);
    }
    for (unsigned a = 0; a < FIELDS; a++)
        for (unsigned b = a + 1; b < FIELDS; b++) {
            for (unsigned i = 0; i < RUNS; i++)
                pair[i] = (values[a][i] - values[b][i]) & 0xffff;
            unsigned distinct = count_distinct(pair);
            ok(distinct >= distinct_least(16), "%s among %u: fields %u and %u differ independently: %u", spec, traces,
               a, b, distinct);
        }
    unsigned low = 0;
    for (unsigned i = 0; i < RUNS; i++)
        low += values[PORT][i] < EPHEMERAL_FIRST + 8192;
    ok(low > RUNS * 4 / 10 && low < RUNS * 6 / 10, "%s among %u: ports from the whole range (%u below the middle)",
       spec, traces, low);
    unsigned ports = count_distinct(values[PORT]);
    ok(ports >= distinct_least(14), "%s among %u: %u ports", spec, traces, ports);
    ok(count_distinct(values[ID]) >= distinct_least(16), "%s among %u: IPv4 ids", spec, traces);
}

/* --- what the user named, and what 0.1.0 sent --- */

static void check_given(void)
{
    struct flow flow = built_flow("udp", 6);
    unsigned drawn = genuine_bits(&flow, SHORT_QUOTE);
    flow.port_is_given = true;
    is_num(genuine_bits(&flow, SHORT_QUOTE), drawn - 6, "a port that the user named is easier to guess");
    flow.label_is_given = true;
    is_num(genuine_bits(&flow, SHORT_QUOTE), drawn - 26, "a flow label that the user named is no secret");
    flow_free(&flow);
}

static void check_one_number(void)
{
    struct err err;
    struct flow flow = flow_of("udp", 4);
    flow.coding = CODING_ONE_NUMBER;
    if (flow_build(&flow, &err) != STATUS_OK)
        abort();
    is_num(genuine_bits(&flow, SHORT_QUOTE), 30, "of 0.1.0: id and checksum are one number");
    uint8_t *bytes = stamped(&flow, SERIAL, 5);
    translate_word(bytes, flow.size, 4, 0);
    is_num(bits_of(&flow, bytes, SHORT_QUOTE), 30, "... and if the id is gone, the checksum shows it");
    free(bytes);
    flow_free(&flow);
}

/* Direct answers: bits as the type says; the port counts only if it was drawn. */
static void check_answer(unsigned row, const uint8_t *transport, size_t length, uint8_t protocol)
{
    struct flow flow = built_flow(rows[row].spec, 4);
    size_t size;
    uint8_t *bytes = answer_packet(&flow, protocol, transport, length, &size);
    is_num(answer_of(&flow, bytes, size).bits, rows[row].answer, "%s: bits of the target's answer", rows[row].spec);
    free(bytes);
    flow_free(&flow);
}

static unsigned row_of(const char *spec)
{
    unsigned row = 0;
    while (strcmp(rows[row].spec, spec) != 0)
        row++;
    return row;
}

/* The probe's own transport header and payload, sent back with its ports swapped. */
static void check_echoes(void)
{
    static const char *const echoed[] = {"udp", "udplite", NULL};
    for (unsigned i = 0; echoed[i]; i++) {
        struct flow flow = built_flow(echoed[i], 4);
        uint8_t *bytes = stamped(&flow, SERIAL, 64), *transport = bytes + 20;
        uint16_t source = word_at(transport);
        set_word(transport, word_at(transport + 2));
        set_word(transport + 2, source);
        check_answer(row_of(echoed[i]), transport, flow.size - 20U, flow.spec.protocol);
        free(bytes);
        flow_free(&flow);
    }
    struct flow flow = built_flow("icmp", 4);
    uint8_t *bytes = stamped(&flow, SERIAL, 64);
    bytes[20] = 0;
    check_answer(row_of("icmp"), bytes + 20, flow.size - 20U, IP_ICMP);
    free(bytes);
    flow_free(&flow);
}

static void check_dns_and_tcp(void)
{
    struct flow flow = built_flow("udp/53", 4);
    uint8_t *bytes = stamped(&flow, SERIAL, 64), answer[20] = {0};
    set_word(answer, 53);
    set_word(answer + 2, flow.source_port);
    set_word(answer + 4, 20);
    set_word(answer + 8, word_at(bytes + 28));
    set_word(answer + 10, 0x8180);
    check_answer(row_of("udp/53"), answer, sizeof answer, IP_UDP);
    flow.port_is_given = true;
    size_t size;
    uint8_t *packet = answer_packet(&flow, IP_UDP, answer, sizeof answer, &size);
    ok(answer_of(&flow, packet, size).bits >= GUESS_BITS_FAIR, "with --sport a DNS answer counts in peace");
    free(packet);
    free(bytes);
    flow_free(&flow);

    flow = built_flow("tcp/443", 4);
    bytes = stamped(&flow, SERIAL, 64);
    uint32_t ack = ((uint32_t)word_at(bytes + 24) << 16 | word_at(bytes + 26)) + 1;
    uint8_t tcp[20] = {0};
    set_word(tcp, 443);
    set_word(tcp + 2, flow.source_port);
    set_word(tcp + 8, (uint16_t)(ack >> 16));
    set_word(tcp + 10, (uint16_t)ack);
    tcp[12] = 0x50;
    tcp[13] = TCP_SYN | TCP_ACK;
    check_answer(row_of("tcp/443"), tcp, sizeof tcp, IP_TCP);
    free(bytes);
    flow_free(&flow);
}

int main(void)
{
    static const char *const short_fields[] = {"udp", "udp/53", "udp/123", "udplite", "dccp", NULL};
    char *hacking = read_hacking();
    for (unsigned row = 0; row < sizeof rows / sizeof *rows; row++) {
        check_row(row);
        if (!strchr(rows[row].spec, '=')) /* a name changes nothing */
            check_document(row, hacking);
        check_flips(rows[row].spec, 4);
        check_flips(rows[row].spec, 6);
    }
    for (unsigned i = 0; short_fields[i]; i++)
        check_pairs(short_fields[i]);
    check_draws("udp", 1);
    check_draws("udp", 7);
    check_given();
    check_one_number();
    check_echoes();
    check_dns_and_tcp();
    free(hacking);
    return tap_done();
}
