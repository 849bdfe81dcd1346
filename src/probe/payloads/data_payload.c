/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/payloads/data_payload.h"

#include <stdio.h>
#include <string.h>

#include "probe/identity.h"
#include "probe/payloads/client_hello.h"
#include "probe/payloads/http_request.h"

#define LINE_END "\r\n"
#define LINE_END_BYTES (sizeof LINE_END - 1)

static uint16_t line_length(const struct probe_spec *spec)
{
    return (uint16_t)(strlen(data_payload_of(spec)->line) + LINE_END_BYTES);
}

/* The line, spaces up to the length, and the end of the line. */
static enum status line_fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    const char *line = data_payload_of(&flow->spec)->line;
    (void)err;
    memset(payload, ' ', length);
    memcpy(payload, line, strlen(line));
    memcpy(payload + length - LINE_END_BYTES, LINE_END, LINE_END_BYTES);
    return STATUS_OK;
}

/* The host of a request without a name is the target's address, in brackets if it is IPv6 (RFC 3986 3.2.2). */
#define HOST_BYTES (ADDR_TEXT_BYTES + 2)

static uint16_t http_length(const struct probe_spec *spec)
{
    return (uint16_t)http_request_length(spec->name ? strlen(spec->name) : HOST_BYTES);
}

static enum status http_fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    char address[ADDR_TEXT_BYTES], host[HOST_BYTES];
    bool six = flow->target.family == 6;
    (void)err;
    addr_format(&flow->target, address);
    snprintf(host, sizeof host, "%s%s%s", six ? "[" : "", address, six ? "]" : "");
    http_request_write(flow->spec.name ? flow->spec.name : host, payload, length);
    return STATUS_OK;
}

static uint16_t tls_length(const struct probe_spec *spec)
{
    (void)spec;
    return HELLO_RECORD_LEAST;
}

/* Copies of one segment: the hello is the same for all serials. */
static enum status tls_fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    struct client_hello hello = {.name = flow->spec.name};
    if (length > HELLO_RECORD_MOST)
        return err_set(err, STATUS_USAGE, "tcp/%u: cannot build a packet of %u bytes: a TLS record has at most %u",
                       flow->target_port, flow->size, HELLO_RECORD_MOST);
    flow_draw(flow, TAG_TLS_HELLO, 0, hello.random, sizeof hello.random);
    flow_draw(flow, TAG_TLS_HELLO, 1, hello.share, sizeof hello.share);
    flow_draw(flow, TAG_TLS_HELLO, 2, hello.session_id, sizeof hello.session_id);
    client_hello_write_record(&hello, payload, length);
    return STATUS_OK;
}

/* The first row that fits; the last one fits all. */
static const struct data_payload rows[] = {
    {.ports = {443, 8443}, .variant = VARIANT_TLS_NAME, .length = tls_length, .fill = tls_fill},
    {.ports = {80, 8080}, .variant = VARIANT_HTTP_NAME, .length = http_length, .fill = http_fill},
    {.ports = {22}, .length = line_length, .fill = line_fill, .line = "SSH-2.0-hopsonde"}, /* RFC 4253 4.2 */
    {.ports = {25, 587}, .length = line_length, .fill = line_fill, .line = "NOOP"},        /* RFC 5321 4.1.1.9 */
    {.ports = {21, 110}, .length = line_length, .fill = line_fill, .line = "NOOP"},        /* RFC 959, RFC 1939 */
    {.ports = {143}, .length = line_length, .fill = line_fill, .line = "hopsonde NOOP"},   /* RFC 9051 6.1.2 */
    {.ports = {0}, .length = line_length, .fill = line_fill, .line = "hopsonde"},
};

static bool fits(const struct data_payload *row, const struct probe_spec *spec)
{
    if (spec->name)
        return row->variant == spec->variant;
    for (unsigned i = 0; i < DATA_PORTS_MOST && row->ports[i]; i++)
        if (row->ports[i] == spec->port)
            return true;
    return false;
}

const struct data_payload *data_payload_of(const struct probe_spec *spec)
{
    unsigned i = 0, last = sizeof rows / sizeof *rows - 1;
    while (i < last && !fits(&rows[i], spec))
        i++;
    return &rows[i];
}

uint16_t data_payload_length(const struct probe_spec *spec)
{
    return data_payload_of(spec)->length(spec);
}

enum status data_payload_fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    return data_payload_of(&flow->spec)->fill(flow, payload, length, err);
}
