/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/mmdb_record.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NUMBER_BYTES 32 /* bytes of a number as text, with the NUL; longer texts are not numbers */

/* The keys from the record down to a value, NULL after the last. */
struct keys {
    const char *key[4];
};

/* Keys of MaxMind (GeoLite2 ASN; GeoIP2 ISP; GeoIP2 Enterprise, DB-IP ISP), then those of IPinfo (combined files, AS
 * files). */
static const struct {
    struct keys number, name;
} networks[] = {
    {{{"autonomous_system_number"}}, {{"autonomous_system_organization"}}},
    {{{"traits", "autonomous_system_number"}}, {{"traits", "autonomous_system_organization"}}},
    {{{"asn"}}, {{"as_name"}}},
    {{{"asn"}}, {{"name"}}},
};

static const struct keys asn_keys = {{"asn"}}, as_name_keys = {{"as_name"}};

/* MaxMind's "registered_country" is the country of the network's owner, not of its addresses. In IPinfo's files,
 * "country" is a name if "country_code" is present. */
static const struct keys maxmind_country = {{"country", "iso_code"}};
static const struct keys flat_countries[] = {{{"country_code"}}, {{"country"}}};
static const struct keys cities[] = {{{"city", "names", "en"}}, {{"city"}}};
static const struct {
    struct keys latitude, longitude;
} positions[] = {
    {{{"location", "latitude"}}, {{"location", "longitude"}}},
    {{{"latitude"}}, {{"longitude"}}},
    {{{"lat"}}, {{"lng"}}},
};
static const struct keys both_degrees = {{"loc"}};

static bool find_value(MMDB_entry_s record, const struct keys *keys, MMDB_entry_data_s *value)
{
    return MMDB_aget_value(&record, value, keys->key) == MMDB_SUCCESS && value->has_data;
}

static bool find_string(MMDB_entry_s record, const struct keys *keys, MMDB_entry_data_s *value)
{
    return find_value(record, keys, value) && value->type == MMDB_DATA_TYPE_UTF8_STRING && value->data_size > 0;
}

/* Returns the bytes of the well-formed character (RFC 3629 4) that starts there, or 0 if none does. */
static size_t character_bytes(const unsigned char *text, size_t left)
{
    unsigned char lead = text[0];
    size_t bytes = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (bytes == 0 || bytes > left)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool bad = (lead == 0xe0 && text[1] < 0xa0) || (lead == 0xed && text[1] > 0x9f) || /* overlong; a surrogate */
               (lead == 0xf0 && text[1] < 0x90) || (lead == 0xf4 && text[1] > 0x8f);   /* overlong; beyond U+10FFFF */
    return bad ? 0 : bytes;
}

static bool is_utf8(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = 0, step = 1;
    while (at < length && step > 0) {
        step = character_bytes(bytes + at, length - at);
        at += step;
    }
    return step > 0;
}

/* Finds a name. In some files a dash stands for no name. */
static bool find_name(MMDB_entry_s record, const struct keys *keys, char name[ADDRESS_TEXT_BYTES])
{
    MMDB_entry_data_s value;
    if (!find_string(record, keys, &value) || !is_utf8(value.utf8_string, value.data_size))
        return false;
    if (value.data_size == 1 && value.utf8_string[0] == '-')
        return false;
    address_copy(name, ADDRESS_TEXT_BYTES, value.utf8_string, value.data_size);
    return name[0];
}

/* Copies short text such as a number or code and adds a NUL. Returns false if the text is longer. */
static bool copy_short(const char *text, size_t length, char to[NUMBER_BYTES])
{
    if (length >= NUMBER_BYTES || memchr(text, '\0', length))
        return false;
    memcpy(to, text, length);
    to[length] = '\0';
    return true;
}

/* Parses "AS64500" or "64500"; returns 0 if it is neither. */
static uint64_t parse_asn(const char *text, size_t length)
{
    char copy[NUMBER_BYTES], *end;
    if (!copy_short(text, length, copy))
        return 0;
    const char *digits = strncasecmp(copy, "AS", 2) == 0 ? copy + 2 : copy;
    if (!isdigit((unsigned char)digits[0]))
        return 0;
    errno = 0;
    uint64_t number = strtoull(digits, &end, 10);
    return errno == 0 && *end == '\0' ? number : 0;
}

static uint64_t asn_of(const MMDB_entry_data_s *value)
{
    switch (value->type) {
    case MMDB_DATA_TYPE_UINT16:
        return value->uint16;
    case MMDB_DATA_TYPE_UINT32:
        return value->uint32;
    case MMDB_DATA_TYPE_UINT64:
        return value->uint64;
    case MMDB_DATA_TYPE_UTF8_STRING:
        return parse_asn(value->utf8_string, value->data_size);
    default:
        return 0;
    }
}

/* Returns 0 if there is none. AS numbers have 32 bits (RFC 6793). */
static uint32_t find_asn(MMDB_entry_s record, const struct keys *keys)
{
    MMDB_entry_data_s value;
    uint64_t number = find_value(record, keys, &value) ? asn_of(&value) : 0;
    return number <= UINT32_MAX ? (uint32_t)number : 0;
}

/* Skips a name without a number, because the name may not be that of an AS. */
bool mmdb_record_network(MMDB_entry_s record, struct address_facts *out)
{
    uint32_t asn = 0;
    char name[ADDRESS_TEXT_BYTES] = "";
    for (size_t i = 0; i < sizeof networks / sizeof *networks && !*name; i++) {
        uint32_t number = asn ? asn : find_asn(record, &networks[i].number);
        if (number)
            find_name(record, &networks[i].name, name);
        asn = number;
    }
    if (!asn)
        return false;
    out->asn = asn;
    memcpy(out->as_name, name, sizeof name);
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Finds two letters. ZZ does not count: files use it for an unknown country, and ISO 3166-1 does not assign it. */
static bool find_country(MMDB_entry_s record, const struct keys *keys, char country[3])
{
    MMDB_entry_data_s value;
    if (!find_string(record, keys, &value) || value.data_size != 2)
        return false;
    const char *code = value.utf8_string;
    if (!is_letter(code[0]) || !is_letter(code[1]) || strncasecmp(code, "ZZ", 2) == 0)
        return false;
    for (unsigned i = 0; i < 2; i++)
        country[i] = (char)(code[i] & ~0x20); /* upper case */
    country[2] = '\0';
    return true;
}

/* Parses a decimal number. strtod() alone would accept other forms. */
static bool parse_degrees(const char *text, size_t length, double *degrees)
{
    char copy[NUMBER_BYTES], *end;
    if (!copy_short(text, length, copy) || copy[0] == '\0' || copy[strspn(copy, "+-.0123456789")] != '\0')
        return false;
    *degrees = strtod(copy, &end);
    return *end == '\0';
}

static bool find_degrees(MMDB_entry_s record, const struct keys *keys, double *degrees)
{
    MMDB_entry_data_s value;
    if (!find_value(record, keys, &value))
        return false;
    switch (value.type) {
    case MMDB_DATA_TYPE_DOUBLE:
        *degrees = value.double_value;
        return true;
    case MMDB_DATA_TYPE_FLOAT:
        *degrees = (double)value.float_value;
        return true;
    case MMDB_DATA_TYPE_UTF8_STRING:
        return parse_degrees(value.utf8_string, value.data_size, degrees);
    default:
        return false;
    }
}

/* Parses "37.4,-122.1". */
static bool find_both_degrees(MMDB_entry_s record, double *latitude, double *longitude)
{
    MMDB_entry_data_s value;
    if (!find_string(record, &both_degrees, &value))
        return false;
    const char *text = value.utf8_string, *comma = memchr(text, ',', value.data_size);
    if (!comma)
        return false;
    size_t before = (size_t)(comma - text);
    return parse_degrees(text, before, latitude) && parse_degrees(comma + 1, value.data_size - before - 1, longitude);
}

/* Rejects 0, 0, which files use for an unknown position (in the ocean off Ghana). NaN is outside every range. */
static bool is_position(double latitude, double longitude)
{
    bool in_range = latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180;
    return in_range && !(latitude == 0 && longitude == 0);
}

static void find_position(MMDB_entry_s record, struct address_place *place)
{
    double latitude = 0, longitude = 0;
    bool found = find_both_degrees(record, &latitude, &longitude);
    for (size_t i = 0; i < sizeof positions / sizeof *positions && !found; i++)
        found = find_degrees(record, &positions[i].latitude, &latitude) &&
                find_degrees(record, &positions[i].longitude, &longitude);
    if (!found || !is_position(latitude, longitude))
        return;
    place->has_position = true;
    place->latitude = latitude;
    place->longitude = longitude;
}

/* Returns true for a record of IPinfo's AS files, whose country is that of the AS. They have "name" where IPinfo's
 * place files have "as_name". */
static bool is_of_as(MMDB_entry_s record)
{
    MMDB_entry_data_s value;
    return find_asn(record, &asn_keys) && !find_value(record, &as_name_keys, &value);
}

static void find_any_country(MMDB_entry_s record, char country[3])
{
    if (find_country(record, &maxmind_country, country) || is_of_as(record))
        return;
    for (size_t i = 0; i < sizeof flat_countries / sizeof *flat_countries; i++)
        if (find_country(record, &flat_countries[i], country))
            return;
}

bool mmdb_record_place(MMDB_entry_s record, struct address_facts *out)
{
    struct address_place place = {0};
    find_any_country(record, place.country);
    for (size_t i = 0; i < sizeof cities / sizeof *cities; i++)
        if (find_name(record, &cities[i], place.city))
            break;
    find_position(record, &place);
    if (!*place.country && !*place.city && !place.has_position)
        return false;
    out->place = place;
    return true;
}
