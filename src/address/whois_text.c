/* SPDX-License-Identifier: BSD-2-Clause */
#include "address/whois_text.h"

#include <ctype.h>
#include <strings.h>

#include "address/whois_object.h"

/* Copies a value; a line end and the indent after it become one blank. */
static void copy_value(struct whois_span value, char *to)
{
    static const char turn[] = "\r\n", indent[] = "\r\n \t+";
    char text[2 * ADDRESS_TEXT_BYTES];
    size_t length = 0;
    while (value.at < value.end && length < sizeof text) {
        char c = *value.at++;
        if (memchr(turn, c, strlen(turn))) {
            while (value.at < value.end && memchr(indent, *value.at, strlen(indent)))
                value.at++;
            c = ' ';
        }
        text[length++] = c;
    }
    address_copy(to, ADDRESS_TEXT_BYTES, text, length);
}

/* Returns "Example Inc. (EXAMP-1)" without the handle. */
static struct whois_span without_handle(struct whois_span value)
{
    if (value.at == value.end || value.end[-1] != ')')
        return value;
    for (const char *c = value.end - 1; c > value.at; c--)
        if (*c == '(' && c[-1] == ' ')
            return whois_span_trim((struct whois_span){value.at, c});
    return value;
}

/* The network that holds the address, and the objects that belong to it. */
struct network {
    struct whois_span object;
    struct whois_span section; /* from the object to the next network */
    struct whois_range range;
};

/* Returns true for RIPE NCC's placeholder: its answer for an address that another registry manages. */
static bool is_stand_in(struct whois_span object)
{
    struct whois_span value;
    return whois_find(object, WHOIS_NETNAME, &value) && whois_span_is(value, "NON-RIPE-NCC-MANAGED-ADDRESS-BLOCK");
}

static bool read_range(struct whois_span object, const struct addr *address, struct whois_range *range)
{
    struct whois_span value;
    return whois_find(object, WHOIS_RANGE, &value) && whois_range_parse(value.at, whois_span_length(value), range) &&
           whois_range_holds(range, address) && !whois_range_is_all(range) && !is_stand_in(object);
}

static bool find_network(struct whois_span text, const struct addr *address, struct network *out)
{
    struct whois_span object, value;
    bool found = false, last = false; /* `last`: the previous network is the chosen one */
    for (struct whois_span rest = text; whois_object_next(&rest, &object);) {
        struct whois_range range;
        if (!whois_find(object, WHOIS_RANGE, &value))
            continue;
        if (last)
            out->section.end = object.at;
        last = read_range(object, address, &range) && (!found || whois_range_narrower(&range, &out->range));
        if (last)
            *out = (struct network){.object = object, .section = {object.at, text.end}, .range = range};
        found = found || last;
    }
    return found;
}

/* Finds the name of the organisation object with this handle. */
static bool find_organisation(struct whois_span text, struct whois_span handle, struct whois_span *name)
{
    struct whois_span object, value;
    while (whois_object_next(&text, &object))
        if (whois_object_starts(object, WHOIS_ORGANISATION, &value) &&
            whois_span_length(value) == whois_span_length(handle) &&
            strncasecmp(value.at, handle.at, whois_span_length(handle)) == 0)
            return whois_find(object, WHOIS_ORG_NAME, name);
    return false;
}

/* Finds ARIN's object of the network's holder, which follows the network. */
static bool find_holder(const struct network *network, struct whois_span *object, struct whois_span *name)
{
    for (struct whois_span rest = network->section; whois_object_next(&rest, object);)
        if (whois_object_starts(*object, WHOIS_HOLDER, name))
            return true;
    return false;
}

static bool find_name(struct whois_span text, const struct network *network, struct whois_span *name)
{
    struct whois_span handle, object;
    if (whois_find(network->object, WHOIS_ORG, &handle) && find_organisation(text, handle, name))
        return true;
    if (find_holder(network, &object, name) || whois_find(network->object, WHOIS_OWNER, name))
        return true;
    if (whois_find(network->object, WHOIS_OWNER_AND_HANDLE, name)) {
        *name = without_handle(*name);
        return true;
    }
    return whois_find(network->object, WHOIS_ORGANISATION, name) || whois_find(network->object, WHOIS_DESCR, name);
}

static bool find_country(const struct network *network, struct whois_span *value)
{
    struct whois_span object, name;
    return whois_find(network->object, WHOIS_COUNTRY, value) ||
           (find_holder(network, &object, &name) && whois_find(object, WHOIS_COUNTRY, value));
}

/* Copies a two-letter code. RPSL allows a comment after it. */
static void copy_country(struct whois_span value, char country[3])
{
    if (whois_span_length(value) < 2 || !isalpha((unsigned char)value.at[0]) || !isalpha((unsigned char)value.at[1]))
        return;
    if (whois_span_length(value) > 2 && isalnum((unsigned char)value.at[2]))
        return;
    country[0] = (char)toupper((unsigned char)value.at[0]);
    country[1] = (char)toupper((unsigned char)value.at[1]);
    country[2] = '\0';
}

static void read_network(struct whois_span text, const struct network *network, struct address_whois *out)
{
    struct whois_span value;
    if (whois_find(network->object, WHOIS_NETNAME, &value))
        copy_value(value, out->netname);
    if (find_name(text, network, &value))
        copy_value(value, out->organisation);
    if (find_country(network, &value))
        copy_country(value, out->country);
}

/* Returns true for errors 2xx and 3xx of RIPE NCC and AFRINIC, and for refusals of other servers. */
static bool is_refusal(struct whois_span text)
{
    static const char *const words[] = {
        "ERROR:2",       "ERROR:3",        "access denied",        "permission denied", "limit exceeded",
        "limit reached", "quota exceeded", "connections exceeded", "too many queries",  "too many requests",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (whois_span_has(text, words[i]))
            return true;
    return false;
}

static bool read_url(struct whois_span value, struct whois_server *out)
{
    static const char scheme[] = "whois://";
    size_t length = sizeof scheme - 1;
    if (whois_span_length(value) <= length || strncasecmp(value.at, scheme, length) != 0)
        return false;
    value.at += length;
    const char *slash = memchr(value.at, '/', whois_span_length(value));
    return whois_server_parse(value.at, slash ? (size_t)(slash - value.at) : whois_span_length(value), out);
}

/* Returns the whole lines within the first WHOISTEXT_BYTES. */
static struct whois_span whole_lines(const char *bytes, size_t length)
{
    if (length > WHOISTEXT_BYTES)
        length = WHOISTEXT_BYTES;
    while (length > 0 && bytes[length - 1] != '\n')
        length--;
    return (struct whois_span){bytes, bytes + length};
}

void whoistext_read(const char *bytes, size_t length, const struct addr *address, struct whoistext *out)
{
    struct whois_span text = whole_lines(bytes, length), value;
    struct network network;
    *out = (struct whoistext){.result = WHOISTEXT_NONE};
    bool found = find_network(text, address, &network);
    if (found)
        out->range = network.range;
    if (whois_find(text, WHOIS_REFER, &value) &&
        whois_server_parse(value.at, whois_span_length(value), &out->referral)) {
        out->result = WHOISTEXT_REFERRAL;
    } else if (found) {
        read_network(text, &network, &out->whois);
        out->result = WHOISTEXT_FOUND;
        if (whois_find(network.section, WHOIS_REFERRAL_URL, &value) && read_url(value, &out->referral))
            out->result = WHOISTEXT_REFERRAL;
    } else if (is_refusal(text)) {
        out->result = WHOISTEXT_REFUSED;
    }
}
