/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that are read from requests of any program: whole, cut at each byte, and malformed. */
#include <stdlib.h>
#include <string.h>

#include "probe/payloads/client_hello.h"
#include "probe/payloads/http_request.h"
#include "probe/payloads/read_name.h"
#include "probe/type.h"
#include "tap.h"
#include "unit/support/probe_flows.h"

#define NAME "blocked.example"
#define PAYLOAD_MOST 2048

struct payload {
    uint8_t bytes[PAYLOAD_MOST];
    size_t length;
};

/* The name that a payload to this port bears, with its variant; "": none. It stands in memory of just its size. */
static const char *name_in(uint8_t protocol, uint16_t port, const uint8_t *bytes, size_t length, uint8_t *variant)
{
    static char name[NAME_BYTES];
    uint8_t *copy = malloc(length + 1);
    if (!copy)
        abort();
    if (length)
        memcpy(copy + 1, bytes, length);
    const struct probe_variant_row *row =
        probe_name_seen(probe_type_of_protocol(protocol), port, cursor_init(copy + 1, length), name);
    free(copy);
    *variant = row ? row->variant : 0;
    return row ? name : "";
}

static void of_flow(const char *text, uint8_t family, struct payload *out)
{
    struct flow flow = flow_of(text, family);
    struct err err;
    flow_free(&flow);
    flow.spec.name = probe_spec_variant(&flow.spec)->has_name ? NAME : NULL;
    if (flow_build(&flow, &err) != STATUS_OK)
        abort();
    uint8_t *bytes = stamped(&flow, 7, 9);
    size_t header = ip_header_size(&flow) + 8;
    out->length = flow.size - header;
    memcpy(out->bytes, bytes + header, out->length);
    free(bytes);
    flow_free(&flow);
}

static void of_record(const char *name, struct payload *out)
{
    const struct client_hello hello = {.name = name};
    out->length = HELLO_RECORD_LEAST;
    client_hello_write_record(&hello, out->bytes, out->length);
}

static void of_request(const char *host, struct payload *out)
{
    out->length = http_request_length(strlen(host));
    http_request_write(host, out->bytes, out->length);
}

static void of_text(const char *text, struct payload *out)
{
    out->length = strlen(text);
    memcpy(out->bytes, text, out->length);
}

/* No byte behind the cut is read, and a cut request has no other name. */
static void check(const char *title, uint8_t protocol, uint16_t port, const struct payload *payload, uint8_t want)
{
    uint8_t variant;
    unsigned wrong = 0, found = 0;
    is_text(name_in(protocol, port, payload->bytes, payload->length, &variant), NAME, "%s: the name", title);
    is_num(variant, want, "%s: the variant", title);
    for (size_t length = 0; length < payload->length; length++) {
        const char *name = name_in(protocol, port, payload->bytes, length, &variant);
        found += *name != '\0';
        wrong += *name && strcmp(name, NAME) != 0;
    }
    is_num(wrong, 0, "%s: cut at each byte, no other name", title);
    ok(found < payload->length, "%s: and none where it is cut off", title);
}

static void test_requests(void)
{
    struct payload payload;
    of_record(NAME, &payload);
    check("a TLS hello", IP_TCP, 443, &payload, VARIANT_TLS_NAME);
    check("a TLS hello to another port", IP_TCP, 8443, &payload, VARIANT_TLS_NAME);
    of_request(NAME, &payload);
    check("an HTTP request", IP_TCP, 80, &payload, VARIANT_HTTP_NAME);
    of_text("HEAD /a?b=c HTTP/1.0\nAccept: */*\nhOsT: \tBlocked.Example:8080 \n\nHost: other.example\n", &payload);
    check("an HTTP request as others write it", IP_TCP, 8080, &payload, VARIANT_HTTP_NAME);
    for (unsigned family = 4; family <= 6; family += 2) {
        of_flow("udp/53:name=" NAME, (uint8_t)family, &payload);
        check("a DNS query", IP_UDP, 53, &payload, VARIANT_DNS_NAME);
        of_flow("udp/443:sni=" NAME, (uint8_t)family, &payload);
        check("a QUIC Initial", IP_UDP, 443, &payload, VARIANT_QUIC_NAME);
    }
}

static void test_none(void)
{
    static const char *const requests[] = {
        "GET / HTTP/1.1\r\nHost: 192.0.2.80\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [2001:db8::80]\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: \r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: b\xc3\xbcx.example\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\nHost: blocked.example\r\n",
        "GET /\r\nHost: blocked.example\r\n\r\n",
        "get / HTTP/1.1\r\nHost: blocked.example\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\nHost: blocked.example\r\n",
        "\r\n",
        "",
    };
    struct payload payload;
    uint8_t variant;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        of_text(requests[i], &payload);
        is_text(name_in(IP_TCP, 80, payload.bytes, payload.length, &variant), "", "no name: request %zu", i);
    }
    of_record(NULL, &payload);
    is_text(name_in(IP_TCP, 443, payload.bytes, payload.length, &variant), "", "no name: a hello without one");
    of_flow("udp/53", 4, &payload);
    is_text(name_in(IP_UDP, 53, payload.bytes, payload.length, &variant), "", "no name: a query for the root");
    of_flow("udp/53:name=" NAME, 4, &payload);
    is_text(name_in(IP_UDP, 5353, payload.bytes, payload.length, &variant), "", "no name: a query to another port");
    payload.bytes[2] |= 0x80;
    is_text(name_in(IP_UDP, 53, payload.bytes, payload.length, &variant), "", "no name: an answer");
    of_flow("udp/443:sni=" NAME, 4, &payload);
    payload.bytes[payload.length - 1] ^= 1;
    is_text(name_in(IP_UDP, 443, payload.bytes, payload.length, &variant), "",
            "no name: an Initial whose tag is wrong");
}

/* Each byte is changed; whatever comes of it is a name or none. */
static void test_changed(void)
{
    static const char *const specs[] = {"udp/53:name=" NAME, "udp/443:sni=" NAME};
    struct payload payloads[4];
    struct err err;
    unsigned bad = 0;
    of_record(NAME, &payloads[0]);
    of_request(NAME, &payloads[1]);
    of_flow(specs[0], 4, &payloads[2]);
    of_flow(specs[1], 4, &payloads[3]);
    for (unsigned i = 0; i < 4; i++)
        for (size_t at = 0; at < payloads[i].length && at < 600; at++)
            for (unsigned bit = 0; bit < 8; bit++) {
                uint8_t variant;
                payloads[i].bytes[at] ^= (uint8_t)(1U << bit);
                const char *name = name_in(i < 2 ? IP_TCP : IP_UDP, i == 2 ? 53 : 443, payloads[i].bytes,
                                           payloads[i].length, &variant);
                bad += *name && probe_name_check("", name, &err) != STATUS_OK;
                payloads[i].bytes[at] ^= (uint8_t)(1U << bit);
            }
    is_num(bad, 0, "each bit is changed: all names that are read are names");
}

int main(void)
{
    test_requests();
    test_none();
    test_changed();
    return tap_done();
}
