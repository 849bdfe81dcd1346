/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/payloads/read_name.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"

#define RECORD_HANDSHAKE 22
#define CLIENT_HELLO 1
#define EXTENSION_SERVER_NAME 0
#define HOST_NAME 0
#define RANDOM_BYTES 32

bool read_name(const uint8_t *text, size_t length, char name[NAME_BYTES])
{
    struct err err;
    if (!length || length > PROBE_NAME_MOST || memchr(text, '\0', length))
        return false;
    for (size_t i = 0; i < length; i++)
        name[i] = (char)tolower(text[i]);
    name[length] = '\0';
    return probe_name_check("", name, &err) == STATUS_OK;
}

/* --- TLS --- */

/* The body of the extension. */
static bool read_server_name(struct cursor body, char name[NAME_BYTES])
{
    size_t listed = cursor_u16(&body);
    struct cursor list = cursor_sub(&body, listed);
    bool is_host = cursor_u8(&list) == HOST_NAME;
    size_t length = cursor_u16(&list);
    const uint8_t *text = cursor_bytes(&list, length);
    return text && is_host && read_name(text, length, name);
}

bool read_name_of_hello(struct cursor message, char name[NAME_BYTES])
{
    bool is_hello = cursor_u8(&message) == CLIENT_HELLO;
    size_t length = cursor_u24(&message);
    struct cursor hello = cursor_sub(&message, length);
    cursor_skip(&hello, 2 + RANDOM_BYTES);   /* the version */
    cursor_skip(&hello, cursor_u8(&hello));  /* session id */
    cursor_skip(&hello, cursor_u16(&hello)); /* cipher suites */
    cursor_skip(&hello, cursor_u8(&hello));  /* compression methods */
    size_t extended = cursor_u16(&hello);
    struct cursor extensions = cursor_sub(&hello, extended);
    while (is_hello && !hello.failed && cursor_left(&extensions)) {
        uint16_t type = cursor_u16(&extensions);
        size_t bytes = cursor_u16(&extensions);
        struct cursor body = cursor_sub(&extensions, bytes);
        if (type == EXTENSION_SERVER_NAME && !extensions.failed)
            return read_server_name(body, name);
    }
    return false;
}

bool read_name_of_record(struct cursor record, char name[NAME_BYTES])
{
    bool is_handshake = cursor_u8(&record) == RECORD_HANDSHAKE && cursor_u8(&record) == 3;
    cursor_skip(&record, 1); /* the minor version */
    size_t length = cursor_u16(&record);
    return is_handshake && !record.failed && read_name_of_hello(cursor_sub(&record, length), name);
}

/* --- HTTP --- */

/* A line without its end; the cursor steps over both. False: no end of line is left. */
static bool read_line(struct cursor *request, const char **line, size_t *length)
{
    const uint8_t *here = cursor_here(request), *end = NULL;
    if (cursor_left(request))
        end = memchr(here, '\n', cursor_left(request));
    if (!end)
        return false;
    *line = (const char *)here;
    *length = (size_t)(end - here);
    cursor_skip(request, *length + 1);
    if (*length && (*line)[*length - 1] == '\r')
        --*length;
    return true;
}

/* A method in capitals, a target, and the version: RFC 9112 3. */
static bool is_request_line(const char *line, size_t length)
{
    static const char version[] = " HTTP/1.";
    const size_t version_bytes = sizeof version - 1;
    size_t method = 0;
    while (method < length && line[method] >= 'A' && line[method] <= 'Z')
        method++;
    return method && method < length && line[method] == ' ' && length > method + version_bytes + 1 &&
           memcmp(line + length - version_bytes - 1, version, version_bytes) == 0;
}

static bool read_host(const char *text, size_t length, char name[NAME_BYTES])
{
    struct addr address;
    while (length && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    const char *colon = length ? memchr(text, ':', length) : NULL;
    size_t bytes = colon ? (size_t)(colon - text) : length;
    return read_name((const uint8_t *)text, bytes, name) && !addr_parse(name, &address);
}

bool read_name_of_request(struct cursor request, char name[NAME_BYTES])
{
    static const char field[] = "host:";
    const size_t field_bytes = sizeof field - 1;
    const char *line;
    size_t length;
    if (!read_line(&request, &line, &length) || !is_request_line(line, length))
        return false;
    while (read_line(&request, &line, &length) && length)
        if (length > field_bytes && strncasecmp(line, field, field_bytes) == 0)
            return read_host(line + field_bytes, length - field_bytes, name);
    return false;
}
