/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet as it was sent against the same packet with bytes changed and cut, as a router might quote it. */
#include <stdlib.h>

#include "base/strbuf.h"
#include "packet/rewrite.h"
#include "tap.h"

#define PACKET_BYTES_MOST 256

/* UDP 50000 > 33434, 60 bytes, checksum 0xf85b at 26. */
#define UDP4                                                                                                           \
    "4500003c1234400001119b2b0a000002c0000250c350829a0028f85b404142434445464748494a4b4c4d4e4f50515253545556575859"     \
    "5a5b5c5d5e5f"
/* SYN with MSS 1460 at 40, SACK permitted, timestamps, NOP, window scale. */
#define TCP4                                                                                                           \
    "4500003c1234400001069b360a000002c0000250a03e01bbdeadbeef00000000a002faf03d200000020405b40402080a01020304000000"   \
    "0001030307"
#define ECHO4 "450000241234400040015c530a000002c000025008004386424200076e6f6e63652d3030"
#define UDP6                                                                                                           \
    "600123450018114020010db800000000000000000000000220010db8008000000000000000000080c350829a00182e2830313233343536"   \
    "373839616263646566"
#define SCTP4 "450000341234400040845bc00a000002c0000250c35026ab000000001122334401000014feedf00d0000ffff000a000a00000001"
/* UDP-Lite, coverage 8 of 16 bytes. */
#define LITE4 "450000241234400040885bcc0a000002c0000250c350829a0008ed217061796c6f616421"
#define ESP4 "450000241234400040325c220a000002c000025000000100000000016565656565656565"

/* `edits` are OFFSET=HEX, separated by blanks. `keep`: bytes that the router quotes, 0 for all. */
static const struct {
    const char *name, *packet, *sent_edits, *quoted_edits;
    size_t keep;
    const char *want;
} rows[] = {
    {"nothing changed", UDP4, "", "", 0, ""},
    {"nothing changed, 28 bytes", TCP4, "", "", 28, ""},
    {"TTL and IPv4 checksum change by duty", UDP4, "", "8=00 10=1234", 0, ""},
    {"total length is often wrong", UDP4, "", "2=3c00", 0, ""},
    {"DSCP", UDP4, "", "1=20", 0, "ip.dscp 0>8"},
    {"ECN bleached", UDP4, "1=02", "1=00", 0, "ip.ecn 2>0"},
    {"DSCP and ECN", UDP4, "1=22", "1=01", 0, "ip.dscp 8>0 ip.ecn 2>1"},
    {"DF cleared", UDP4, "", "6=00", 0, "ip.df 1>0"},
    {"DF in host order", UDP4, "", "6=0040", 0, ""},
    {"id", UDP4, "", "4=4321", 0, "ip.id 4660>17185"},
    {"id quoted as zero", UDP4, "", "4=0000", 0, ""},
    {"id in host order", UDP4, "", "4=3412", 0, ""},
    {"source address explains the checksum", UDP4, "", "12=cb007101 26=1111", 0, "ip.source 10.0.0.2>203.0.113.1"},
    {"target address", UDP4, "", "16=cb007101", 0, "ip.target 192.0.2.80>203.0.113.1"},
    {"source port explains the checksum", UDP4, "", "20=0400 26=1111", 28, "source_port 50000>1024"},
    {"target port", UDP4, "", "22=0035", 28, "destination_port 33434>53"},
    {"UDP length explains the checksum", UDP4, "", "24=0030 26=1111", 28, ""},
    {"checksum alone", UDP4, "", "26=1111", 28, "checksum 63579>4369"},
    {"checksum zeroed", UDP4, "", "26=0000", 28, ""},
    {"checksum of the quote is the pseudo-header's", UDP4, "", "26=cc8b", 28, ""},
    {"checksum of the sent copy is the pseudo-header's", UDP4, "26=cc8b", "", 28, ""},
    {"checksum of the sent copy is zero", UDP4, "26=0000", "", 28, ""},
    {"checksum of the sent copy is wrong", UDP4, "26=4242", "", 28, ""},
    {"payload explains the checksum", UDP4, "", "26=1111 30=5858", 0, "payload"},
    {"payload changed beyond what is quoted", UDP4, "", "30=5858", 30, ""},
    {"payload padded with zeros", UDP4, "", "36=000000000000000000000000000000000000000000000000", 0, ""},
    {"payload changed before padding", UDP4, "", "28=ff 36=000000000000000000000000000000000000000000000000", 0,
     "payload"},
    {"TCP seq", TCP4, "", "24=01020304", 28, "tcp.seq 3735928559>16909060"},
    {"TCP ack", TCP4, "", "28=00000001", 0, "tcp.ack 0>1"},
    {"TCP flags", TCP4, "", "33=42", 0, "tcp.flags 2>66"},
    {"TCP window", TCP4, "", "34=0200", 0, "tcp.window 64240>512"},
    {"MSS clamped", TCP4, "", "42=0550", 0, "tcp.mss 1460>1360"},
    {"MSS replaced by NOPs", TCP4, "", "40=01010101", 0, "tcp.mss 1460>0 tcp.options 284>280"},
    {"SACK replaced by NOPs", TCP4, "", "44=0101", 0, "tcp.options 284>268"},
    {"options malformed", TCP4, "", "40=0201", 0, ""},
    {"options padded with zeros", TCP4, "", "48=000000000000000000000000", 0, ""},
    {"TCP header padded behind 8 bytes", TCP4, "",
     "28=0000000000000000000000000000000000000000000000000000000000000000", 0, ""},
    {"MSS changed in the part not quoted", TCP4, "", "42=0550", 40, ""},
    {"TCP checksum alone", TCP4, "", "36=1111", 0, "checksum 15648>4369"},
    {"ICMP id", ECHO4, "", "24=0001", 28, "icmp.id 16962>1"},
    {"ICMP seq", ECHO4, "", "26=0009 22=1111", 28, "icmp.seq 7>9"},
    {"ICMP checksum alone", ECHO4, "", "22=1111", 28, "checksum 17286>4369"},
    {"ICMP checksum does not cover addresses", ECHO4, "", "12=cb007101 22=1111", 28,
     "ip.source 10.0.0.2>203.0.113.1 checksum 17286>4369"},
    {"another ICMP type is no echo", ECHO4, "", "20=0d", 28, ""},
    {"flow label", UDP6, "", "1=054321", 0, "ip.flow_label 74565>344865"},
    {"traffic class", UDP6, "", "0=6b81", 0, "ip.dscp 0>46"},
    {"IPv6 target", UDP6, "", "24=20010db9", 0, "ip.target 2001:db8:80::80>2001:db9:80::80"},
    {"IPv6 checksum alone", UDP6, "", "46=1111", 48, "checksum 11816>4369"},
    {"SCTP checksum alone", SCTP4, "", "28=55667788", 0, "checksum 287454020>1432778632"},
    {"SCTP checksum left to the card", SCTP4, "28=00000000", "", 0, ""},
    {"SCTP chunk explains the checksum", SCTP4, "", "28=55667788 36=01020304", 0, "payload"},
    {"UDP-Lite checksum covers 8 bytes", LITE4, "", "26=1111", 28, "checksum 60705>4369"},
    {"bare protocol", ESP4, "", "27=02", 0, "payload"},
    {"another protocol", UDP4, "", "9=06", 28, ""},
    {"a quote without an IP header", UDP4, "", "0=00", 0, ""},
    {"no more than eight", TCP4, "1=22", "1=01 4=4321 6=00 12=cb007101 16=cb007102 20=04000035 24=01020304", 28,
     "ip.source 10.0.0.2>203.0.113.1 ip.target 192.0.2.80>203.0.113.2 ip.id 4660>17185 ip.dscp 8>0 ip.ecn 2>1 ip.df "
     "1>0 source_port 41022>1024 destination_port 443>53"},
};

static size_t put_hex(const char *hex, uint8_t *bytes)
{
    size_t count = 0;
    unsigned byte;
    while (sscanf(hex + 2 * count, "%2x", &byte) == 1)
        bytes[count++] = (uint8_t)byte;
    return count;
}

static void edit(const char *edits, uint8_t *bytes)
{
    unsigned offset;
    char hex[128];
    int used;
    while (sscanf(edits, "%u=%127[0-9a-f] %n", &offset, hex, &used) == 2) {
        put_hex(hex, bytes + offset);
        edits += used;
    }
}

/* Values of payloads are digests: that they differ is enough. */
static void add_row(const struct rewrite *r, struct strbuf *out)
{
    strbuf_addf(out, "%s%s", out->length > 0 ? " " : "", rewrite_field_name(r->field));
    if (r->field == REWRITE_IP_SOURCE || r->field == REWRITE_IP_TARGET) {
        char sent[ADDR_TEXT_BYTES], quoted[ADDR_TEXT_BYTES];
        addr_format(&r->sent_address, sent);
        addr_format(&r->quoted_address, quoted);
        strbuf_addf(out, " %s>%s", sent, quoted);
    } else if (r->field != REWRITE_PAYLOAD) {
        strbuf_addf(out, " %llu>%llu", (unsigned long long)r->sent, (unsigned long long)r->quoted);
    } else if (r->sent == r->quoted) {
        strbuf_add(out, " with equal digests");
    }
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t sent_bytes[PACKET_BYTES_MOST], quoted_bytes[PACKET_BYTES_MOST];
        size_t size = put_hex(rows[i].packet, sent_bytes);
        memcpy(quoted_bytes, sent_bytes, size);
        edit(rows[i].sent_edits, sent_bytes);
        edit(rows[i].sent_edits, quoted_bytes);
        edit(rows[i].quoted_edits, quoted_bytes);
        if (rows[i].sent_edits[0] != '\0' && rows[i].quoted_edits[0] == '\0')
            put_hex(rows[i].packet, quoted_bytes);
        struct headers sent, quoted;
        struct rewrite rewrites[REWRITES_MOST];
        struct strbuf got;
        headers_decode(sent_bytes, size, false, &sent, NULL);
        headers_decode(quoted_bytes, rows[i].keep > 0 ? rows[i].keep : size, true, &quoted, NULL);
        strbuf_init(&got);
        unsigned count = rewrite_compare(&sent, &quoted, rewrites);
        for (unsigned k = 0; k < count; k++)
            add_row(&rewrites[k], &got);
        is_text(got.text, rows[i].want, "%s", rows[i].name);
        strbuf_free(&got);
    }
}

static void test_digest(void)
{
    uint8_t sent_bytes[PACKET_BYTES_MOST], quoted_bytes[PACKET_BYTES_MOST];
    size_t size = put_hex(ESP4, sent_bytes);
    struct headers sent, quoted;
    struct rewrite rewrites[REWRITES_MOST];
    memcpy(quoted_bytes, sent_bytes, size);
    memcpy(sent_bytes + 20, "123456789", 9);
    memcpy(quoted_bytes + 20, "abcdefghi", 9);
    headers_decode(sent_bytes, size, false, &sent, NULL);
    headers_decode(quoted_bytes, 29, true, &quoted, NULL);
    unsigned count = rewrite_compare(&sent, &quoted, rewrites);
    ok(count == 1 && rewrites[0].sent == 0xcbf43926, "the digest is CRC-32 of what both hold");
}

/* A translator between IPv4 and IPv6 makes another IP header. */
static void test_families(void)
{
    static const uint8_t sent_bytes[48] = {
        0x60, [5] = 8, [6] = 17, [7] = 2, [8] = 1, [24] = 2, [40] = 1, [42] = 2, [45] = 8};
    static const uint8_t quoted_bytes[28] = {0x45, 0x20, 0,  28,       1,        2,        0,
                                             0,    1,    17, [12] = 3, [16] = 4, [20] = 1, [22] = 3};
    struct headers sent, quoted;
    struct rewrite rewrites[REWRITES_MOST];
    headers_decode(sent_bytes, sizeof sent_bytes, false, &sent, NULL);
    headers_decode(quoted_bytes, sizeof quoted_bytes, true, &quoted, NULL);
    unsigned count = rewrite_compare(&sent, &quoted, rewrites);
    is_num(count, 3, "of the IP headers, the addresses alone are compared");
    ok(count == 3 && rewrites[0].field == REWRITE_IP_SOURCE && rewrites[1].field == REWRITE_IP_TARGET &&
           rewrites[2].field == REWRITE_TARGET_PORT,
       "and the ports behind them");
    uint32_t shown = rewrite_shown(&sent, &quoted);
    ok((shown >> REWRITE_IP_TARGET & 1) && !(shown >> REWRITE_IP_DSCP & 1), "the quote shows no more of the header");
}

static void test_names(void)
{
    unsigned missing = 0;
    for (int field = 0; field < REWRITE_FIELDS; field++)
        missing += rewrite_field_name((enum rewrite_field)field) == NULL;
    is_num(missing, 0, "every field has a name");
}

int main(void)
{
    test_rows();
    test_digest();
    test_families();
    test_names();
    return tap_done();
}
