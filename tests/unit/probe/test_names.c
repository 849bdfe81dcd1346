/* SPDX-License-Identifier: BSD-2-Clause */
/* Payloads that carry a name: each byte of the request as its RFC has it, read back without the code that wrote it. */
#include <stdlib.h>

#include "probe/identity.h"
#include "probe/payloads/client_hello.h"
#include "probe/payloads/data_payload.h"
#include "probe/payloads/http_request.h"
#include "tap.h"
#include "unit/support/probe_flows.h"
#include "unit/support/quic_open.h"

#define LABEL "abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvwxy" /* 63 bytes */
#define LONGEST                                                                                                        \
    LABEL "." LABEL "." LABEL "."                                                                                      \
          "abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvw"

static const char *const names[] = {"a", "blocked.example", "www.example.com", LABEL, LONGEST};
#define NAMES (sizeof names / sizeof *names)

static struct flow named_flow(const char *variant, const char *name, uint8_t family)
{
    char text[PROBE_SPEC_TEXT_BYTES];
    snprintf(text, sizeof text, "%s%s", variant, name);
    struct flow flow = flow_of(text, family);
    struct err err;
    flow.spec.name = name;
    if (!probe_spec_variant(&flow.spec)->needs_connection && flow_build(&flow, &err) != STATUS_OK)
        abort();
    return flow;
}

/* --- DNS --- */

/* The name in a question as text; returns what follows it. NULL: it is none. */
static const uint8_t *read_question(const uint8_t *at, const uint8_t *end, char text[256])
{
    size_t length = 0;
    while (at < end && *at) {
        size_t label = *at++;
        if (label > 63 || at + label > end || length + label + 1 > 255)
            return NULL;
        memcpy(text + length, at, label);
        at += label;
        length += label;
        text[length++] = '.';
    }
    text[length ? length - 1 : 0] = '\0';
    return at < end ? at + 1 : NULL;
}

static void check_dns(const char *name, uint8_t family)
{
    struct flow flow = named_flow("udp/53:name=", name, family);
    uint8_t *bytes = stamped(&flow, 7, 9), *dns = bytes + ip_header_size(&flow) + 8, *end = bytes + flow.size;
    char text[256];
    const uint8_t *type = read_question(dns + 12, end, text);
    size_t length = (size_t)(end - dns);
    is_text(type ? text : "", name, "DNS, IPv%u: the name", family);
    is_num(length % 128, 0, "DNS, IPv%u: %zu bytes, a whole number of blocks", family, length);
    ok(word_at(dns + 2) == 0x0100 && word_at(dns + 4) == 1 && word_at(dns + 6) == 0 && word_at(dns + 8) == 0 &&
           word_at(dns + 10) == 1,
       "DNS, IPv%u: a recursive query with one question and one more record", family);
    is_num(word_at(type), family == 6 ? 28 : 1, "DNS, IPv%u: the type of the address", family);
    is_num(word_at(type + 2), 1, "DNS, IPv%u: class IN", family);
    const uint8_t *opt = type + 4;
    ok(opt[0] == 0 && word_at(opt + 1) == 41 && opt + 11 + word_at(opt + 9) == end && word_at(opt + 11) == 12 &&
           opt + 15 + word_at(opt + 13) == end,
       "DNS, IPv%u: padding up to the end", family);
    free(bytes);
    flow_free(&flow);
}

/* --- TLS --- */

/* Finds an extension; its length in `*length`. NULL: there is none, or the message does not end at `end`. */
static const uint8_t *extension(const uint8_t *hello, const uint8_t *end, uint16_t type, size_t *length)
{
    const uint8_t *at = hello + 4 + 2 + 32, *found = NULL;
    at += 1 + at[0];
    at += 2 + word_at(at);
    at += 1 + at[0];
    if (at + 2 + word_at(at) != end || hello + 4 + word_at(hello + 2) != end || hello[0] != 1 || hello[1] != 0)
        return NULL;
    for (at += 2; at + 4 <= end; at += 4 + word_at(at + 2))
        if (word_at(at) == type && !found) {
            *length = word_at(at + 2);
            found = at + 4;
        }
    return at == end ? found : NULL;
}

/* RFC 6066 3: a list of one host name. */
static void check_server_name(const uint8_t *hello, const uint8_t *end, const char *name, const char *what)
{
    size_t length = 0;
    const uint8_t *list = extension(hello, end, 0, &length);
    size_t bytes = strlen(name);
    ok(list && length == bytes + 5 && word_at(list) == bytes + 3 && list[2] == 0 && word_at(list + 3) == bytes &&
           memcmp(list + 5, name, bytes) == 0,
       "%s: server name %.20s", what, name);
}

static void check_quic(const char *name, uint8_t family)
{
    struct flow flow = named_flow("udp/443:sni=", name, family);
    uint8_t *bytes = stamped(&flow, 7, 9), *quic = bytes + ip_header_size(&flow) + 8;
    size_t length = (size_t)(bytes + flow.size - quic), header = 27;
    is_num(length, 1200, "QUIC, IPv%u: the least Initial", family);
    ok(quic_open(quic, header, length), "QUIC, IPv%u: decrypts", family);
    const uint8_t *hello = quic + header + 4;
    check_server_name(hello, hello + (word_at(quic + header + 2) & 0x3fff), name, "QUIC");
    free(bytes);
    flow_free(&flow);
}

static void check_record(const struct client_hello *hello, size_t length)
{
    static const uint16_t types[] = {43, 10, 13, 45, 16, 51, 23, 11, 35, 21};
    uint8_t *record = malloc(length);
    size_t bytes = 0;
    bool all = true;
    client_hello_write_record(hello, record, length);
    const uint8_t *message = record + 5, *end = record + length;
    ok(record[0] == 22 && word_at(record + 1) == 0x0301 && word_at(record + 3) == length - 5,
       "TLS: a record of %zu bytes", length);
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
        all = all && extension(message, end, types[i], &bytes);
    ok(all, "TLS: its extensions fill it, and all are there");
    if (hello->name)
        check_server_name(message, end, hello->name, "TLS");
    else
        ok(!extension(message, end, 0, &bytes), "TLS: no server name without a name");
    ok(memcmp(message + 6, hello->random, 32) == 0 && message[38] == 32 &&
           memcmp(message + 39, hello->session_id, 32) == 0,
       "TLS: random and session id");
    const uint8_t *share = extension(message, end, 51, &bytes);
    ok(share && bytes == 38 && word_at(share + 2) == 0x1d && memcmp(share + 6, hello->share, 32) == 0,
       "TLS: x25519 share");
    const uint8_t *padding = extension(message, end, 21, &bytes);
    while (padding && bytes && padding[bytes - 1] == 0)
        bytes--;
    is_num(bytes, 0, "TLS: zeros as padding");
    free(record);
}

static void check_tls(const char *name)
{
    struct client_hello hello = {.name = name};
    memset(hello.random, 1, sizeof hello.random);
    memset(hello.share, 2, sizeof hello.share);
    memset(hello.session_id, 3, sizeof hello.session_id);
    check_record(&hello, HELLO_RECORD_LEAST);
    check_record(&hello, HELLO_RECORD_LEAST + 1);
    check_record(&hello, HELLO_RECORD_MOST);
}

/* --- HTTP --- */

static void check_http(const char *name)
{
    size_t length = http_request_length(strlen(name));
    char *text = calloc(1, length + 2), want[512];
    snprintf(want, sizeof want, "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: hopsonde (", name);
    ok(length % HTTP_BLOCK == 0, "HTTP: %zu bytes, a whole number of blocks", length);
    http_request_write(name, (uint8_t *)text, length);
    ok(strncmp(text, want, strlen(want)) == 0, "HTTP: request, host and user agent for %.20s", name);
    ok(strlen(text) == length && strcmp(text + length - 4, "\r\n\r\n") == 0 && !strstr(text + 4, "\r\n \r"),
       "HTTP: it ends with an empty line");
    http_request_write(name, (uint8_t *)text, length + 1);
    ok(text[length - 4] == ' ' && strcmp(text + length - 3, "\r\n\r\n") == 0, "HTTP: a byte longer with a space");
    free(text);
}

/* --- data of TCP --- */

static void check_data(const char *spec, const char *name, size_t length, const char *begin)
{
    struct err err;
    struct flow flow = named_flow(spec, name, 4), other = flow;
    uint8_t bytes[2][1500];
    is_num(data_payload_length(&flow.spec), length, "%s: bytes of data", spec);
    other.nonce++;
    bool filled = data_payload_fill(&flow, bytes[0], length, &err) == STATUS_OK &&
                  data_payload_fill(&other, bytes[1], length, &err) == STATUS_OK;
    ok(filled && memcmp(bytes[0], begin, strlen(begin)) == 0, "%s: how it begins", spec);
    if (*begin == 22)
        ok(memcmp(bytes[0] + 11, bytes[1] + 11, 32) != 0, "%s: another run draws another random", spec);
}

/* A spec and its control are sent with the same length. */
static void check_lengths(const char *variant)
{
    struct flow a = named_flow(variant, "blocked.example", 4), b = named_flow(variant, "www.example.com", 4);
    is_num(flow_default_size(&a.spec, 4), flow_default_size(&b.spec, 4), "%s: the control is as long", variant);
    flow_free(&a);
    flow_free(&b);
}

int main(void)
{
    for (size_t i = 0; i < NAMES; i++)
        for (uint8_t family = 4; family <= 6; family += 2) {
            check_dns(names[i], family);
            check_quic(names[i], family);
        }
    for (size_t i = 0; i < NAMES; i++) {
        check_tls(names[i]);
        check_http(names[i]);
    }
    check_tls(NULL);
    check_data("tcp/443:sni=", "a.example", HELLO_RECORD_LEAST, "\x16\x03\x01");
    check_data("tcp/9000:sni=", "a.example", HELLO_RECORD_LEAST, "\x16\x03\x01");
    check_data("tcp/80:host=", "a.example", HTTP_BLOCK, "GET / HTTP/1.1\r\nHost: a.example\r\n");
    check_data("tcp/9000:host=", "a.example", HTTP_BLOCK, "GET / HTTP/1.1\r\nHost: a.example\r\n");
    check_lengths("udp/53:name=");
    check_lengths("udp/443:sni=");
    check_lengths("tcp/443:sni=");
    check_lengths("tcp/80:host=");
    return tap_done();
}
