#include "cli/values.h"

#include <string.h>
#include <strings.h>

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

enum status value_complain(struct err *err, const struct subject *subject, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum status status = value_complain_args(err, subject, format, args);
    va_end(args);
    return status;
}
