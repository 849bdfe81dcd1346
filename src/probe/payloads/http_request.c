/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/payloads/http_request.h"

#include "probe/payloads/writer.h"

#define BEFORE_HOST "GET / HTTP/1.1\r\nHost: "
#define BEHIND_HOST "\r\nUser-Agent: hopsonde (path diagnosis)\r\nConnection: close\r\nAccept: */*"
#define END "\r\n\r\n"

static size_t bare_length(size_t host_length)
{
    return strlen(BEFORE_HOST) + host_length + strlen(BEHIND_HOST) + strlen(END);
}

size_t http_request_length(size_t host_length)
{
    return (bare_length(host_length) + HTTP_BLOCK - 1) / HTTP_BLOCK * HTTP_BLOCK;
}

void http_request_write(const char *host, uint8_t *out, size_t length)
{
    struct writer w = {.at = out};
    write_text(&w, BEFORE_HOST);
    write_text(&w, host);
    write_text(&w, BEHIND_HOST);
    for (size_t i = bare_length(strlen(host)); i < length; i++)
        write8(&w, ' ');
    write_text(&w, END);
}
