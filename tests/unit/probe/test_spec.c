/* SPDX-License-Identifier: BSD-2-Clause */
/* Probe specs: what people write, and the one spelling of it. */
#include "probe/type.h"
#include "tap.h"

#define LABEL "abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvwxy" /* 63 bytes */
#define LABEL_61 "abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvw"

/* In, out (or NULL for an error), and the message then. */
static const struct {
    const char *text, *spelling, *message;
} rows[] = {
    {"udp", "udp", 0},
    {"UDP", "udp", 0},
    {"udp/33434", "udp", 0},
    {"udp/53", "udp/53", 0},
    {"udp/53:dns", "udp/53", 0},
    {"udp:dns", "udp/53", 0},
    {"udp:quic", "udp/443", 0},
    {"udp/53:empty", "udp/53:empty", 0},
    {"udp/33434:empty", "udp:empty", 0},
    {"udp:empty", "udp:empty", 0},
    {"udp/7:empty", "udp/7:empty", 0},
    {"udp:plain", "udp", 0},
    {"udp/7:plain", "udp/7", 0},
    {"udp/53:plain", "udp/53:plain", 0},
    {"udp/5353:dns", "udp/5353:dns", 0},
    {"udp/33434:dns", "udp/33434:dns", 0},
    {"udp/443:quic", "udp/443", 0},
    {"udp/ntp", "udp/123", 0},
    {"udp/domain:empty", "udp/53:empty", 0},
    {"icmp", "icmp", 0},
    {"tcp", "tcp/80", 0},
    {"tcp/80", "tcp/80", 0},
    {"tcp/https", "tcp/443", 0},
    {"TCP/HTTPS", "tcp/443", 0},
    {"tcp/80:syn", "tcp/80", 0},
    {"tcp/80:ack", "tcp/80:ack", 0},
    {"tcp:ack", "tcp/80:ack", 0},
    {"tcp/22:FIN", "tcp/22:fin", 0},
    {"tcp/65535", "tcp/65535", 0},
    {"udplite", "udplite", 0},
    {"udplite/33434", "udplite", 0},
    {"udplite/7", "udplite/7", 0},
    {"dccp/33434", "dccp", 0},
    {"dccp/5001:plain", "dccp/5001", 0},
    {"sctp/9899", "sctp", 0},
    {"sctp/38412", "sctp/38412", 0},
    {"ip/50", "ip/50", 0},
    {"ip/esp", "ip/50", 0},
    {"ip/gre", "ip/47", 0},
    {"ip/0", "ip/0", 0},
    {"ip/255", "ip/255", 0},
    {"udp/53:name=www.example.com", "udp/53:name=www.example.com", 0},
    {"UDP:NAME=WWW.Example.COM", "udp/53:name=www.example.com", 0},
    {"udp/5353:name=_srv.a-b.example", "udp/5353:name=_srv.a-b.example", 0},
    {"udp:sni=www.example.com", "udp/443:sni=www.example.com", 0},
    {"tcp:sni=www.example.com", "tcp/443:sni=www.example.com", 0},
    {"tcp/https:sni=a", "tcp/443:sni=a", 0},
    {"tcp/80:data@300s", "tcp/80:data@300s", 0},
    {"udp:dns@1S", "udp/53@1s", 0},
    {"udp/53@86400s", "udp/53@86400s", 0},
    {"tcp/443:sni@60s=a.example", "tcp/443:sni@60s=a.example", 0},
    {"tcp/80:data@300", 0, "tcp/80:data@300: unknown idle time: expected 1 to 86400 seconds, as @300s"},
    {"tcp/80:data@0s", 0, "tcp/80:data@0s: unknown idle time: expected 1 to 86400 seconds, as @300s"},
    {"tcp/80:data@86401s", 0, "tcp/80:data@86401s: unknown idle time: expected 1 to 86400 seconds, as @300s"},
    {"tcp/80:data@s", 0, "tcp/80:data@s: unknown idle time: expected 1 to 86400 seconds, as @300s"},
    {"tcp/80:data@", 0, "tcp/80:data@: unknown idle time: expected 1 to 86400 seconds, as @300s"},
    {"tcp/80:data@1s@2s", 0, "tcp/80:data@1s@2s: unknown idle time: expected 1 to 86400 seconds, as @300s"},
    {"tcp/80@300s", 0, "tcp/80@300s: this probe has no session to leave alone: leave the time out"},
    {"udp@300s", 0, "udp@300s: this probe has no session to leave alone: leave the time out"},
    {"icmp@300s", 0, "icmp@300s: this probe has no session to leave alone: leave the time out"},
    {"tcp/8443:SNI=a", "tcp/8443:sni=a", 0},
    {"tcp:host=a", "tcp/80:host=a", 0},
    {"udp/53:name=" LABEL, "udp/53:name=" LABEL, 0},
    {"udp/53:name=" LABEL "." LABEL "." LABEL "." LABEL_61, "udp/53:name=" LABEL "." LABEL "." LABEL "." LABEL_61, 0},
    {"udp/53:name=" LABEL "." LABEL "." LABEL "." LABEL_61 "x", 0, "name too long: expected at most 253 bytes"},
    {"udp/53:name=x" LABEL, 0,
     "udp/53:name=x" LABEL ": bad name: expected 1 to 63 bytes before, between and behind its dots"},
    {"udp/53:name=", 0, "udp/53:name=: name missing: expected a host name, as www.example.com"},
    {"tcp/443:sni", 0, "tcp/443:sni: name missing: expected a host name, as www.example.com"},
    {"udp/53:name=a..b", 0, "udp/53:name=a..b: bad name: expected 1 to 63 bytes before, between and behind its dots"},
    {"udp/53:name=a.", 0, "udp/53:name=a.: bad name: expected 1 to 63 bytes before, between and behind its dots"},
    {"udp/53:name=.", 0, "udp/53:name=.: bad name: expected 1 to 63 bytes before, between and behind its dots"},
    {"udp/53:name=a b", 0, "udp/53:name=a b: bad name: expected letters, digits, '-', '_' and dots"},
    {"udp/53:name=a/b", 0, "udp/53:name=a/b: bad name: expected letters, digits, '-', '_' and dots"},
    {"udp/53:name=a=b", 0, "udp/53:name=a=b: bad name: expected letters, digits, '-', '_' and dots"},
    {"udp/53:name=b\303\274cher.example", 0,
     "udp/53:name=b\303\274cher.example: bad name: expected ASCII (write an international name as its A-label, as "
     "xn--bcher-kva.example)"},
    {"udp/53:dns=a", 0, "udp/53:dns=a: :dns takes no name: leave =NAME out"},
    {"tcp/443=a", 0, "tcp/443=a: this probe takes no name: leave =NAME out"},
    {"icmp=a", 0, "icmp=a: this probe takes no name: leave =NAME out"},
    {"udp/53:host=a", 0,
     "udp/53:host=a: unknown variant of udp: expected dns, name=NAME, quic, sni=NAME, ntp, plain, empty"},
    {"", 0, "probe missing: expected PROTOCOL[/PORT], as tcp/443"},
    {"443", 0, "443: protocol missing: expected PROTOCOL[/PORT], as tcp/443; for the port alone use -p 443"},
    {"80", 0, "80: protocol missing: expected PROTOCOL[/PORT], as tcp/443; for the port alone use -p 80"},
    {"443/tcp", 0, "443/tcp: expected PROTOCOL[/PORT]: write tcp/443"},
    {"foo", 0,
     "foo: unknown protocol: expected PROTOCOL[/PORT], as tcp/443, of udp, icmp, tcp, udplite, dccp, sctp, ip"},
    {"/80", 0,
     "/80: unknown protocol: expected PROTOCOL[/PORT], as tcp/443, of udp, icmp, tcp, udplite, dccp, sctp, ip"},
    {"icmp6", 0, "icmp6: unknown protocol: write icmp"},
    {"ping", 0, "ping: unknown protocol: write icmp"},
    {"quic", 0, "quic: unknown protocol: write udp/443"},
    {"dns", 0, "dns: unknown protocol: write udp/53"},
    {"tcp/0", 0, "tcp/0: unknown port: expected 1 to 65535 or a name of /etc/services"},
    {"tcp/65536", 0, "tcp/65536: unknown port: expected 1 to 65535 or a name of /etc/services"},
    {"tcp/", 0, "tcp/: unknown port: expected 1 to 65535 or a name of /etc/services"},
    {"tcp/-1", 0, "tcp/-1: unknown port: expected 1 to 65535 or a name of /etc/services"},
    {"tcp/ 80", 0, "tcp/ 80: unknown port: expected 1 to 65535 or a name of /etc/services"},
    {"tcp/99999999999999999999", 0,
     "tcp/99999999999999999999: unknown port: expected 1 to 65535 or a name of /etc/services"},
    {"tcp/nosuchservice", 0, "tcp/nosuchservice: unknown port: expected 1 to 65535 or a name of /etc/services"},
    {"tcp/80/90", 0, "tcp/80/90: unknown port: expected 1 to 65535 or a name of /etc/services"},
    {"icmp/8", 0, "icmp/8: icmp has no port: write icmp"},
    {"tcp:443", 0, "tcp:443: the port follows a slash: write tcp/443"},
    {"tcp/80:foo", 0, "tcp/80:foo: unknown variant of tcp: expected syn, ack, data, sni=NAME, host=NAME, fin"},
    {"tcp/80:", 0, "tcp/80:: unknown variant of tcp: expected syn, ack, data, sni=NAME, host=NAME, fin"},
    {"udp/443:data", 0, "udp/443:data: this is no variant of udp: write tcp/80:data"},
    {"udp/53:foo", 0, "udp/53:foo: unknown variant of udp: expected dns, name=NAME, quic, sni=NAME, ntp, plain, empty"},
    {"ip", 0, "ip: protocol missing: write its number, as ip/50"},
    {"ip/", 0, "ip/: protocol missing: write its number, as ip/50"},
    {"ip/256", 0, "ip/256: unknown protocol: expected a number from 0 to 255 or a name of /etc/protocols"},
    {"ip/nosuch", 0, "ip/nosuch: unknown protocol: expected a number from 0 to 255 or a name of /etc/protocols"},
    {"ip/6", 0, "ip/6: this protocol has a probe type: write tcp"},
    {"ip/58", 0, "ip/58: this protocol has a probe type: write icmp"},
    {"ip/udp", 0, "ip/udp: this protocol has a probe type: write udp"},
    {"tcp\n/80", 0,
     "tcp\\x0a/80: unknown protocol: expected PROTOCOL[/PORT], as tcp/443, of udp, icmp, tcp, udplite, dccp, sctp, ip"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0,
     "aaaaaaaaaaaaaaaaaaaa...: too long: expected PROTOCOL[/PORT], as tcp/443"},
};

static void check_row(unsigned i)
{
    struct probe_spec spec = {0}, again = {0};
    struct err err = {.message = ""};
    char text[PROBE_SPEC_TEXT_BYTES] = "";
    enum status status = probe_spec_parse(rows[i].text, &spec, &err);
    if (!rows[i].spelling) {
        is_num(status, STATUS_USAGE, "row %u is refused", i);
        is_text(err.message, rows[i].message, "message of row %u", i);
        return;
    }
    if (!ok(status == STATUS_OK, "%s is taken", rows[i].text))
        return;
    probe_spec_format(&spec, text);
    is_text(text, rows[i].spelling, "spelling of %s", rows[i].text);
    ok(probe_spec_parse(text, &again, &err) == STATUS_OK && probe_spec_equal(&spec, &again),
       "%s means the same when read again", text);
    ok(spec.variant != VARIANT_DEFAULT, "%s has a variant", text);
}

static void check_names(void)
{
    static const struct {
        uint8_t version, type, code;
        const char *name;
    } kinds[] = {
        {4, 11, 0, "time-exceeded"},
        {4, 3, 3, "unreachable"},
        {4, 3, 4, "too-big"},
        {4, 12, 0, "parameter-problem"},
        {4, 5, 1, "other"},
        {4, 4, 0, "other"},
        {6, 3, 0, "time-exceeded"},
        {6, 1, 4, "unreachable"},
        {6, 2, 0, "too-big"},
        {6, 4, 1, "unreachable"},
        {6, 4, 0, "parameter-problem"},
        {6, 137, 0, "other"},
        {4, 11, 1, "parameter-problem"},
    };
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
        is_text(reply_kind_name(reply_kind_of_icmp(kinds[i].version, kinds[i].type, kinds[i].code)), kinds[i].name,
                "ICMP v%u %u/%u", kinds[i].version, kinds[i].type, kinds[i].code);
    is_text(match_name(MATCH_EXACT), "exact", "name of a match");
    is_text(match_name(MATCH_REWRITTEN), "rewritten", "name of a match");
    is_text(match_name(MATCH_WEAK), "weak", "name of a match");
}

int main(void)
{
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(i);
    check_names();
    return tap_done();
}
