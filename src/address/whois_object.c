/* SPDX-License-Identifier: BSD-2-Clause */
#include "address/whois_object.h"

#include <string.h>
#include <strings.h>

#define KEY_MOST 32 /* maximum characters of a key; "Organization Name" is the longest known key */

static const struct {
    const char *key;
    enum whois_field field;
} keys[] = {
    {"inetnum", WHOIS_RANGE},
    {"inet6num", WHOIS_RANGE},
    {"netname", WHOIS_NETNAME},
    {"country", WHOIS_COUNTRY},
    {"descr", WHOIS_DESCR},
    {"org", WHOIS_ORG},
    {"organisation", WHOIS_ORGANISATION},
    {"org-name", WHOIS_ORG_NAME},
    {"owner", WHOIS_OWNER},    /* LACNIC, registro.br */
    {"NetRange", WHOIS_RANGE}, /* ARIN, and the next six */
    {"CIDR", WHOIS_RANGE},
    {"Organization", WHOIS_OWNER_AND_HANDLE},
    {"Customer", WHOIS_OWNER_AND_HANDLE},
    {"OrgName", WHOIS_HOLDER},
    {"CustName", WHOIS_HOLDER},
    {"ReferralServer", WHOIS_REFERRAL_URL},
    {"[Network Number]", WHOIS_RANGE}, /* JPNIC, and the next two */
    {"[Network Name]", WHOIS_NETNAME},
    {"[Organization]", WHOIS_OWNER},
    {"IPv4 Address", WHOIS_RANGE}, /* KRNIC, and the next three */
    {"IPv6 Address", WHOIS_RANGE},
    {"Service Name", WHOIS_NETNAME},
    {"Organization Name", WHOIS_OWNER},
    {"refer", WHOIS_REFER}, /* IANA, and the next one */
    {"whois", WHOIS_REFER},
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct whois_span whois_span_trim(struct whois_span s)
{
    while (s.at < s.end && is_blank(*s.at))
        s.at++;
    while (s.at < s.end && is_blank(s.end[-1]))
        s.end--;
    return s;
}

size_t whois_span_length(struct whois_span s)
{
    return (size_t)(s.end - s.at);
}

bool whois_span_is(struct whois_span s, const char *text)
{
    return whois_span_length(s) == strlen(text) && strncasecmp(s.at, text, strlen(text)) == 0;
}

bool whois_span_has(struct whois_span s, const char *text)
{
    size_t length = strlen(text);
    for (; whois_span_length(s) >= length; s.at++)
        if (strncasecmp(s.at, text, length) == 0)
            return true;
    return false;
}

/* Takes the next line with its end. Returns false if there is none. */
static bool next_line(struct whois_span *rest, struct whois_span *line)
{
    if (rest->at == rest->end)
        return false;
    const char *newline = memchr(rest->at, '\n', whois_span_length(*rest));
    *line = (struct whois_span){rest->at, newline ? newline + 1 : rest->end};
    rest->at = line->end;
    return true;
}

/* Returns true for an empty line or a comment: '%' at RPSL registries and LACNIC, '#' at ARIN. */
static bool is_gap(struct whois_span line)
{
    struct whois_span text = whois_span_trim(line);
    return text.at == text.end || *line.at == '%' || *line.at == '#';
}

/* The next object consists of lines without a gap. */
bool whois_object_next(struct whois_span *rest, struct whois_span *object)
{
    struct whois_span line;
    do {
        if (!next_line(rest, &line))
            return false;
    } while (is_gap(line));
    *object = line;
    for (struct whois_span ahead = *rest; next_line(&ahead, &line) && !is_gap(line); *rest = ahead)
        object->end = line.end;
    return true;
}

/* Splits JPNIC's "b. [Network Name]   EXAMPLE"; the key includes its brackets. */
static bool split_bracket(struct whois_span line, struct whois_span *key, struct whois_span *value)
{
    if (whois_span_length(line) > 3 && line.at[1] == '.' && line.at[2] == ' ')
        line.at += 3;
    const char *bracket = *line.at == '[' ? memchr(line.at, ']', whois_span_length(line)) : NULL;
    if (!bracket)
        return false;
    *key = (struct whois_span){line.at, bracket + 1};
    *value = (struct whois_span){bracket + 1, line.end};
    return true;
}

static enum whois_field field_of(struct whois_span line, struct whois_span *value)
{
    struct whois_span key;
    const char *colon = memchr(line.at, ':', whois_span_length(line));
    if (!split_bracket(line, &key, value)) {
        if (!colon)
            return WHOIS_NONE;
        key = whois_span_trim((struct whois_span){line.at, colon});
        *value = (struct whois_span){colon + 1, line.end};
    }
    for (size_t i = 0; whois_span_length(key) <= KEY_MOST && i < sizeof keys / sizeof keys[0]; i++)
        if (whois_span_is(key, keys[i].key))
            return keys[i].field;
    return WHOIS_NONE;
}

/* Returns true if the line continues the value of the previous one (RFC 2622 2). */
static bool is_continuation(struct whois_span line)
{
    return *line.at == ' ' || *line.at == '\t' || *line.at == '+';
}

/* Takes the next attribute of an object: its field and its value with continuation lines. */
static bool next_attribute(struct whois_span *rest, enum whois_field *field, struct whois_span *value)
{
    struct whois_span line;
    if (!next_line(rest, &line))
        return false;
    *field = field_of(line, value);
    for (struct whois_span ahead = *rest; next_line(&ahead, &line) && is_continuation(line); *rest = ahead)
        if (*field != WHOIS_NONE)
            value->end = line.end;
    if (*field != WHOIS_NONE)
        *value = whois_span_trim(*value);
    return true;
}

/* Searches all objects of the text for the first attribute of this field that is not empty. */
bool whois_find(struct whois_span text, enum whois_field wanted, struct whois_span *value)
{
    struct whois_span object;
    while (whois_object_next(&text, &object)) {
        enum whois_field field;
        while (next_attribute(&object, &field, value))
            if (field == wanted && value->at < value->end)
                return true;
    }
    return false;
}

bool whois_object_starts(struct whois_span object, enum whois_field wanted, struct whois_span *value)
{
    enum whois_field field;
    return next_attribute(&object, &field, value) && field == wanted;
}
