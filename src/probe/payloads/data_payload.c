/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/payloads/data_payload.h"

#include <string.h>

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

/* RFC 9110 10.1.5, 9.3.1: a GET has no effect on the server, and the User-Agent says who asks. */
#define HTTP_BEGIN "GET / HTTP/1.1\r\nHost: "
#define HTTP_AGENT "\r\nUser-Agent: hopsonde"
#define HTTP_END "\r\nAccept: */*\r\n\r\n"
#define HTTP_HOST_MOST (ADDR_TEXT_BYTES + 2) /* brackets around IPv6 */

static uint16_t http_length(const struct probe_spec *spec)
{
    (void)spec;
    return (uint16_t)(strlen(HTTP_BEGIN HTTP_AGENT HTTP_END) + HTTP_HOST_MOST);
}

static size_t append(uint8_t *payload, size_t at, const char *text)
{
    memcpy(payload + at, text, strlen(text));
    return at + strlen(text);
}

/* Spaces behind the name of the program fill the length. */
static enum status http_fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    char host[ADDR_TEXT_BYTES];
    bool six = flow->target.family == 6;
    (void)err;
    addr_format(&flow->target, host);
    memset(payload, ' ', length);
    size_t at = append(payload, 0, HTTP_BEGIN);
    at = append(payload, at, six ? "[" : "");
    at = append(payload, at, host);
    at = append(payload, at, six ? "]" : "");
    append(payload, at, HTTP_AGENT);
    append(payload, length - strlen(HTTP_END), HTTP_END);
    return STATUS_OK;
}

/* The first row of the port; the last row is that of all others. */
static const struct data_payload rows[] = {
    {.ports = {80, 8080}, .length = http_length, .fill = http_fill},
    {.ports = {22}, .length = line_length, .fill = line_fill, .line = "SSH-2.0-hopsonde"}, /* RFC 4253 4.2 */
    {.ports = {25, 587}, .length = line_length, .fill = line_fill, .line = "NOOP"},        /* RFC 5321 4.1.1.9 */
    {.ports = {21, 110}, .length = line_length, .fill = line_fill, .line = "NOOP"},        /* RFC 959, RFC 1939 */
    {.ports = {143}, .length = line_length, .fill = line_fill, .line = "hopsonde NOOP"},   /* RFC 9051 6.1.2 */
    {.ports = {0}, .length = line_length, .fill = line_fill, .line = "hopsonde"},
};

static bool has_port(const struct data_payload *row, uint16_t port)
{
    for (unsigned i = 0; i < DATA_PORTS_MOST && row->ports[i]; i++)
        if (row->ports[i] == port)
            return true;
    return false;
}

const struct data_payload *data_payload_of(const struct probe_spec *spec)
{
    unsigned i = 0, last = sizeof rows / sizeof *rows - 1;
    while (i < last && !has_port(&rows[i], spec->port))
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
