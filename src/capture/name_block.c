/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/name_block.h"

#include "capture/fields.h"
#include "capture/pcapng.h"

enum name_record {
    NAME_RECORD_END = 0,
    NAME_RECORD_IPV4 = 1,
    NAME_RECORD_IPV6 = 2,
};

static const char *const state_words[] = {
    [ADDRESS_NAME_UNKNOWN] = "unknown",
    [ADDRESS_NAME_NONE] = "none",
    [ADDRESS_NAME_KNOWN] = "known",
    [ADDRESS_NAME_CONFIRMED] = "confirmed",
    [ADDRESS_NAME_UNCONFIRMED] = "unconfirmed",
    NULL,
};

static const struct field about_fields[] = {
    FIELD(address_facts, address, "address", FIELD_ADDRESS),
    {"name_state", FIELD_WORD, offsetof(struct address_facts, name_state), sizeof(enum address_name), state_words, true,
     false},
    OPTIONAL_FIELD(address_facts, name, "name", FIELD_TEXT),
    OPTIONAL_FIELD(address_facts, asn, "asn", FIELD_UNSIGNED),
    OPTIONAL_FIELD(address_facts, as_name, "as_name", FIELD_TEXT),
    OPTIONAL_FIELD(address_facts, place.country, "country", FIELD_TEXT),
    OPTIONAL_FIELD(address_facts, place.city, "city", FIELD_TEXT),
    OPTIONAL_FIELD(address_facts, place.has_position, "position", FIELD_BOOL),
    OPTIONAL_FIELD(address_facts, place.latitude, "latitude_billionths", FIELD_DEGREES),
    OPTIONAL_FIELD(address_facts, place.longitude, "longitude_billionths", FIELD_DEGREES),
    OPTIONAL_FIELD(address_facts, whois.netname, "netname", FIELD_TEXT),
    OPTIONAL_FIELD(address_facts, whois.organisation, "organisation", FIELD_TEXT),
    OPTIONAL_FIELD(address_facts, whois.country, "whois_country", FIELD_TEXT),
    FIELD_END,
};

static bool has_name(const struct address_facts *about)
{
    return about->name_state >= ADDRESS_NAME_KNOWN;
}

static bool has_place(const struct address_place *place)
{
    return place->country[0] || place->city[0] || place->has_position;
}

static bool has_whois(const struct address_whois *whois)
{
    return whois->netname[0] || whois->organisation[0] || whois->country[0];
}

/* ---- writing ---- */

/* Empties the buffer. A failed buffer stays failed, so that the caller sees it. */
static void reuse(struct strbuf *scratch)
{
    if (!scratch->failed)
        strbuf_clear(scratch);
}

/* Adds a name record, which has the layout of an option. Names must be UTF-8, so other bytes are escaped. */
static void add_record(struct strbuf *block, struct strbuf *scratch, const struct address_facts *about)
{
    strbuf_add_bytes(scratch, (const char *)about->address.bytes, addr_length(&about->address));
    strbuf_add_escaped(scratch, about->name, strlen(about->name));
    strbuf_add_bytes(scratch, "", 1);
    pcapng_add_option(block, about->address.family == 4 ? NAME_RECORD_IPV4 : NAME_RECORD_IPV6, scratch->text,
                      scratch->length);
    reuse(scratch);
}

static void add_comment(struct strbuf *block, struct strbuf *scratch, const struct address_facts *about)
{
    fields_add(scratch, "about", about_fields, about);
    pcapng_add_comment(block, scratch->text);
    reuse(scratch);
}

bool name_block_write(struct strbuf *block, struct strbuf *scratch, const struct address_book *book, size_t *next)
{
    size_t count = address_book_count(book);
    if (*next == count)
        return false;
    size_t first = *next, end = count - first < NAME_BLOCK_ENTRIES_MOST ? count : first + NAME_BLOCK_ENTRIES_MOST;
    pcapng_begin(block, BLOCK_NAMES);
    for (size_t i = first; i < end; i++)
        if (has_name(address_book_at(book, i)))
            add_record(block, scratch, address_book_at(book, i));
    pcapng_add_option(block, NAME_RECORD_END, NULL, 0);
    for (size_t i = first; i < end; i++)
        add_comment(block, scratch, address_book_at(book, i));
    pcapng_end(block);
    *next = end;
    return true;
}

/* ---- reading ---- */

/* The entry of the address. NULL if it has none and the book is full. */
static struct address_facts *entry_of(struct address_book *book, const struct addr *address)
{
    if (address_book_count(book) >= NAME_BLOCK_ADDRESSES_MOST && !address_book_find(book, address))
        return NULL;
    return address_book_entry(book, address);
}

/* Reads a name record. The first of several names stays. */
static void read_record(uint16_t type, struct cursor value, struct address_book *book)
{
    if (type != NAME_RECORD_IPV4 && type != NAME_RECORD_IPV6)
        return;
    const uint8_t *bytes = cursor_bytes(&value, type == NAME_RECORD_IPV4 ? 4 : 16);
    const char *name = (const char *)cursor_here(&value);
    size_t length = strnlen(name, cursor_left(&value));
    if (!bytes || length == 0 || length == cursor_left(&value) || length >= ADDRESS_NAME_BYTES)
        return;
    struct addr address = addr_from_bytes(type == NAME_RECORD_IPV4 ? 4 : 6, bytes);
    struct address_facts *about = entry_of(book, &address);
    if (!about || about->name_state != ADDRESS_NAME_UNKNOWN)
        return;
    address_copy(about->name, sizeof about->name, name, length);
    about->name_state = ADDRESS_NAME_KNOWN;
}

/* True for an ISO 3166-1 alpha-2 code or an empty text. */
static bool is_country(const char country[3])
{
    return !country[0] ||
           (country[0] >= 'A' && country[0] <= 'Z' && country[1] >= 'A' && country[1] <= 'Z' && !country[2]);
}

static bool is_position(const struct address_place *place)
{
    return place->latitude >= -90 && place->latitude <= 90 && place->longitude >= -180 && place->longitude <= 180;
}

/* True if hopsonde could have written it. */
static bool is_sound(const struct address_facts *about)
{
    return has_name(about) == (about->name[0] != '\0') && (about->asn || !about->as_name[0]) &&
           is_country(about->place.country) && is_country(about->whois.country) && is_position(&about->place);
}

/* Fills gaps in `to`. A name that is only KNOWN may come from a record, so a comment's name replaces it. */
static void complement(struct address_facts *to, const struct address_facts *from)
{
    bool better = to->name_state == ADDRESS_NAME_UNKNOWN || to->name_state == ADDRESS_NAME_KNOWN;
    if (from->name_state != ADDRESS_NAME_UNKNOWN && better) {
        to->name_state = from->name_state;
        memcpy(to->name, from->name, sizeof to->name);
    }
    if (!to->asn) {
        to->asn = from->asn;
        memcpy(to->as_name, from->as_name, sizeof to->as_name);
    }
    if (!has_place(&to->place))
        to->place = from->place;
    if (!has_whois(&to->whois))
        to->whois = from->whois;
}

static void read_comment(const char *text, size_t length, struct address_book *book)
{
    struct words word, words;
    struct address_facts said = {0};
    if (!fields_begin(text, length, &word, &words) || !word_is(word, "about"))
        return;
    if (!fields_read(words, about_fields, NULL, &said) || !is_sound(&said))
        return;
    struct address_facts *about = entry_of(book, &said.address);
    if (about)
        complement(about, &said);
}

void name_block_read(const struct record_options *records, struct address_book *book)
{
    struct record_options left = *records;
    uint16_t type;
    struct cursor value;
    const char *comment;
    size_t length;
    while (record_option_next(&left, &type, &value))
        read_record(type, value, book);
    if (cursor_u16(&left.left) != NAME_RECORD_END)
        return; /* the end of the records is missing: the block is cut */
    cursor_skip(&left.left, 2);
    while (record_comment_next(&left, &comment, &length))
        read_comment(comment, length, book);
}
