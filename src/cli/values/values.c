/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/values/values.h"

#include <string.h>
#include <strings.h>

#include "base/escape.h"
#include "base/strbuf.h"

#define SUBJECT_BYTES_MOST 120
#define UNITS_MOST 1000000

/* -1: no digit of that base. */
static int digit_value(char c, unsigned base)
{
    int value = -1;
    if (c >= '0' && c <= '9')
        value = c - '0';
    else if (c >= 'a' && c <= 'f')
        value = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F')
        value = c - 'A' + 10;
    return value < (int)base ? value : -1;
}

bool value_number(const char *text, bool hex, uint64_t least, uint64_t most, uint64_t *out)
{
    unsigned base = 10;
    if (hex && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (!*text)
        return false;
    uint64_t number = 0;
    for (; *text; text++) {
        int digit = digit_value(*text, base);
        if (digit < 0 || number > (UINT64_MAX - (uint64_t)digit) / base)
            return false;
        number = number * base + (uint64_t)digit;
    }
    if (number < least || number > most)
        return false;
    *out = number;
    return true;
}

bool value_size(const char *text, uint64_t *out)
{
    static const char units[] = "kMG";
    const uint64_t most = UINT64_C(1) << 40;
    char digits[16];
    size_t length = strspn(text, "0123456789");
    const char *unit = text[length] ? strchr(units, text[length]) : NULL;
    uint64_t number;
    if (length == 0 || length >= sizeof digits || (text[length] && (!unit || text[length + 1])))
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (!value_number(digits, false, 0, most >> shift, &number))
        return false;
    *out = number << shift;
    return true;
}

bool value_span(const char *text, nstime unit, nstime *out, const char **rest)
{
    nstime units = 0, fraction = 0;
    bool any = false;
    for (; digit_value(*text, 10) >= 0; text++, any = true) {
        units = units * 10 + digit_value(*text, 10);
        if (units > UNITS_MOST)
            return false;
    }
    if (*text == '.' && digit_value(text[1], 10) >= 0) {
        nstime place = unit;
        for (text++; digit_value(*text, 10) >= 0; text++, any = true) {
            place /= 10;
            fraction += place * digit_value(*text, 10);
        }
    }
    *out = units * unit + fraction;
    *rest = text;
    return any;
}

bool value_network(const char *text, struct network *out)
{
    char address[ADDR_TEXT_BYTES];
    size_t length = strcspn(text, "/");
    uint64_t bits;
    if (length >= sizeof address)
        return false;
    memcpy(address, text, length);
    address[length] = 0;
    if (!addr_parse(address, &out->address))
        return false;
    size_t most = addr_length(&out->address) * 8;
    if (text[length] && !value_number(text + length + 1, false, 0, most, &bits))
        return false;
    out->bits = (unsigned)(text[length] ? bits : most);
    return true;
}

bool network_has(const struct network *network, const struct addr *address)
{
    if (addr_is_none(&network->address))
        return true;
    if (network->address.family != address->family)
        return false;
    for (unsigned bit = 0; bit < network->bits; bit++)
        if ((network->address.bytes[bit / 8] ^ address->bytes[bit / 8]) >> (7 - bit % 8) & 1)
            return false;
    return true;
}

/* DIGITS[.DIGITS] in seconds, all of `text`. */
static bool seconds_of(const char *text, nstime *out)
{
    char whole[16];
    size_t length = strspn(text, "0123456789");
    uint64_t seconds;
    nstime fraction = 0;
    const char *rest = "";
    if (length >= sizeof whole)
        return false;
    memcpy(whole, text, length);
    whole[length] = 0;
    if (!value_number(whole, false, 0, INT64_MAX / NS_PER_S - 1, &seconds))
        return false;
    if (text[length] && (text[length] != '.' || !value_span(text + length, NS_PER_S, &fraction, &rest)))
        return false;
    *out = (nstime)seconds * NS_PER_S + fraction;
    return !*rest;
}

/* As seconds_of(), and with a unit: s, m, h or d. */
static bool duration_of(const char *text, nstime *out)
{
    static const char letters[] = "smhd";
    static const nstime factors[] = {1, 60, 3600, 86400};
    char number[32];
    size_t length = strlen(text);
    const char *letter = length ? strchr(letters, text[length - 1]) : NULL;
    if (!letter)
        return seconds_of(text, out);
    if (length > sizeof number)
        return false;
    memcpy(number, text, length - 1);
    number[length - 1] = 0;
    nstime factor = factors[letter - letters];
    if (!seconds_of(number, out) || *out > INT64_MAX / factor)
        return false;
    *out *= factor;
    return true;
}

bool value_instant(const char *text, struct instant *out)
{
    const char *rest;
    struct instant instant = {.kind = INSTANT_AT};
    bool good;
    if (*text == '@') {
        good = seconds_of(text + 1, &instant.time);
    } else if (*text == '+') {
        instant.kind = INSTANT_AFTER;
        good = duration_of(text + 1, &instant.time);
    } else if (nstime_parse_clock(text, &instant.time, &rest)) {
        instant.kind = INSTANT_CLOCK;
        good = !*rest;
    } else {
        good = nstime_parse(text, &instant.time);
    }
    if (good)
        *out = instant;
    return good;
}

struct named_value {
    const char *name;
    uint8_t value;
};

static bool find_named(const struct named_value *names, const char *text, uint8_t *out)
{
    for (; names->name; names++) {
        if (strcasecmp(names->name, text) == 0) {
            *out = names->value;
            return true;
        }
    }
    return false;
}

static bool number_or_name(const char *text, uint64_t most, const struct named_value *names, uint8_t *out)
{
    uint64_t number;
    if (value_number(text, true, 0, most, &number)) {
        *out = (uint8_t)number;
        return true;
    }
    return find_named(names, text, out);
}

bool value_dscp(const char *text, uint8_t *out)
{
    static const struct named_value names[] = {
        {"be", 0},    {"df", 0},    {"le", 1},    {"cs0", 0},   {"cs1", 8},   {"cs2", 16},  {"cs3", 24},
        {"cs4", 32},  {"cs5", 40},  {"cs6", 48},  {"cs7", 56},  {"af11", 10}, {"af12", 12}, {"af13", 14},
        {"af21", 18}, {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28}, {"af33", 30}, {"af41", 34},
        {"af42", 36}, {"af43", 38}, {"va", 44},   {"ef", 46},   {NULL, 0},
    };
    return number_or_name(text, 63, names, out);
}

bool value_ecn(const char *text, uint8_t *out)
{
    static const struct named_value names[] = {
        {"not-ect", 0}, {"ect1", 1}, {"ect0", 2}, {"ce", 3}, {NULL, 0},
    };
    return number_or_name(text, 3, names, out);
}

static void add_typed(struct strbuf *b, const char *text)
{
    size_t length = strlen(text);
    if (length <= SUBJECT_BYTES_MOST) {
        strbuf_add_escaped(b, text, length);
        return;
    }
    strbuf_add_escaped(b, text, SUBJECT_BYTES_MOST);
    strbuf_add(b, "...");
}

enum status value_complain_args(struct err *err, const struct subject *subject, const char *format, va_list args)
{
    struct strbuf b;
    strbuf_init(&b);
    if (subject->environment)
        strbuf_add(&b, "HOPSONDE_OPTIONS: ");
    if (subject->spelled)
        add_typed(&b, subject->spelled);
    if (subject->spelled && subject->value)
        strbuf_add(&b, " ");
    if (subject->value)
        add_typed(&b, *subject->value ? subject->value : "''");
    strbuf_add(&b, ": ");
    strbuf_addfv(&b, format, args);
    err_set(err, STATUS_USAGE, "%s", b.text);
    strbuf_free(&b);
    return STATUS_USAGE;
}

const char *value_cause(const char *message, const char *text)
{
    char shown[ERR_MESSAGE_BYTES];
    escape_copy(shown, sizeof shown, text);
    size_t length = strlen(shown);
    bool repeats = length > 0 && strncmp(message, shown, length) == 0 && strncmp(message + length, ": ", 2) == 0;
    return repeats ? message + length + 2 : message;
}

enum status value_complain(struct err *err, const struct subject *subject, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum status status = value_complain_args(err, subject, format, args);
    va_end(args);
    return status;
}
