/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/fields.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "session/session.h"
#include "strategies/strategies.h"

#define PREFIX "hopsonde:"
#define VALUE_BYTES                                                                                                    \
    (PORT_LISTS_MOST * (PORT_LIST_TEXT_MOST + 1)) /* of the longest value, all port lists, with its NUL */
#define BILLION 1e9

/* ---- values to text ---- */

void fields_add_value(struct strbuf *out, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte > 0x20 && byte < 0x7f && byte != '%')
            strbuf_add_bytes(out, text + i, 1);
        else
            strbuf_addf(out, "%%%02X", byte);
    }
}

static void add_spec(struct strbuf *out, const struct probe_spec *spec)
{
    char text[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(spec, text);
    strbuf_add(out, text);
}

static void add_specs(struct strbuf *out, const struct session_config *config)
{
    for (unsigned i = 0; i < config->spec_count; i++) {
        strbuf_add(out, i ? "," : "");
        add_spec(out, &config->specs[i]);
    }
}

static void add_port_lists(struct strbuf *out, const struct session_config *config)
{
    for (unsigned i = 0; i < config->port_list_count; i++) {
        strbuf_add(out, i ? ";" : "");
        port_list_add_text(&config->port_lists[i], 1, 65535, out);
    }
}

static uint64_t load_unsigned(const void *member, size_t bytes)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    switch (bytes) {
    case 1:
        memcpy(&u8, member, bytes);
        return u8;
    case 2:
        memcpy(&u16, member, bytes);
        return u16;
    case 4:
        memcpy(&u32, member, bytes);
        return u32;
    default:
        memcpy(&u64, member, sizeof u64);
        return u64;
    }
}

static int64_t load_signed(const void *member, size_t bytes)
{
    uint64_t value = load_unsigned(member, bytes);
    return bytes == 4 ? (int32_t)(uint32_t)value : (int64_t)value;
}

static double load_double(const void *member)
{
    double value;
    memcpy(&value, member, sizeof value);
    return value;
}

static const struct strategy *load_strategy(const void *member)
{
    const struct strategy *strategy;
    memcpy(&strategy, member, sizeof strategy);
    return strategy;
}

/* Rounds to the nearest, so that a decimal number of nine places is read back unchanged. */
static int64_t billionths(double degrees)
{
    return (int64_t)(degrees * BILLION + (degrees < 0 ? -0.5 : 0.5));
}

static bool is_empty(const struct field *field, const void *record)
{
    const char *member = (const char *)record + field->offset;
    if (field->kind == FIELD_TEXT)
        return !*member;
    if (field->kind == FIELD_ADDRESS)
        return addr_is_none((const void *)member);
    if (field->kind == FIELD_PORT_LISTS)
        return ((const struct session_config *)record)->port_list_count == 0;
    if (field->kind == FIELD_DEGREES)
        return billionths(load_double(member)) == 0;
    if (field->kind == FIELD_STRATEGY)
        return load_strategy(member) == strategies[0];
    return load_unsigned(member, field->bytes) == 0;
}

static void add_field(struct strbuf *out, const struct field *field, const void *record)
{
    const char *member = (const char *)record + field->offset;
    char address[ADDR_TEXT_BYTES];
    strbuf_addf(out, " %s=", field->key);
    switch (field->kind) {
    case FIELD_TEXT:
        fields_add_value(out, member, strnlen(member, field->bytes));
        break;
    case FIELD_UNSIGNED:
    case FIELD_BOOL:
        strbuf_addf(out, "%" PRIu64, load_unsigned(member, field->bytes));
        break;
    case FIELD_SIGNED:
        strbuf_addf(out, "%" PRId64, load_signed(member, field->bytes));
        break;
    case FIELD_WORD:
        strbuf_add(out, field->words[load_unsigned(member, field->bytes)]);
        break;
    case FIELD_ADDRESS:
        addr_format((const void *)member, address);
        strbuf_add(out, address);
        break;
    case FIELD_SPEC:
        add_spec(out, (const void *)member);
        break;
    case FIELD_SPECS:
        add_specs(out, record);
        break;
    case FIELD_PORT_LISTS:
        add_port_lists(out, record);
        break;
    case FIELD_DEGREES:
        strbuf_addf(out, "%" PRId64, billionths(load_double(member)));
        break;
    case FIELD_STRATEGY:
    case FIELD_DIAGNOSE:
        strbuf_add(out, load_strategy(member)->name);
        break;
    }
}

void fields_add(struct strbuf *out, const char *word, const struct field *fields, const void *record)
{
    strbuf_addf(out, PREFIX "%s", word);
    for (; fields->key; fields++)
        if (!fields->older && !(fields->optional && is_empty(fields, record)))
            add_field(out, fields, record);
}

/* ---- text to values ---- */

/* Cuts off the next word; spaces separate words. */
static struct words words_next(struct words *words)
{
    while (words->length && *words->text == ' ') {
        words->text++;
        words->length--;
    }
    struct words word = *words;
    const char *space = memchr(word.text, ' ', word.length);
    word.length = space ? (size_t)(space - word.text) : word.length;
    words->text += word.length;
    words->length -= word.length;
    return word;
}

bool word_is(struct words word, const char *text)
{
    return word.length == strlen(text) && memcmp(word.text, text, word.length) == 0;
}

bool fields_begin(const char *text, size_t length, struct words *word, struct words *left)
{
    size_t prefix = strlen(PREFIX);
    if (length < prefix || memcmp(text, PREFIX, prefix) != 0)
        return false;
    *left = (struct words){text + prefix, length - prefix};
    *word = words_next(left);
    return true;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *place = c ? strchr(digits, c) : NULL;
    return place ? (int)(place - digits) : -1;
}

/* Undoes fields_add_value() into a C string. False if it contains a NUL. */
static bool value_read(struct words value, char out[VALUE_BYTES])
{
    size_t length = 0;
    for (size_t i = 0; i < value.length; i++) {
        int byte = (unsigned char)value.text[i];
        if (byte == '%') {
            if (value.length - i < 3)
                return false;
            int high = hex_digit(value.text[i + 1]), low = hex_digit(value.text[i + 2]);
            byte = high < 0 || low < 0 ? 0 : high << 4 | low;
            i += 2;
        }
        if (byte == 0 || length + 1 >= VALUE_BYTES)
            return false;
        out[length++] = (char)byte;
    }
    out[length] = '\0';
    return true;
}

static bool number_read(const char *text, uint64_t *out)
{
    *out = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        if (__builtin_mul_overflow(*out, UINT64_C(10), out) ||
            __builtin_add_overflow(*out, (uint64_t)(*text - '0'), out))
            return false;
    }
    return true;
}

static void store(void *member, uint64_t value, size_t bytes)
{
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;
    memcpy(member,
           bytes == 1   ? (void *)&u8
           : bytes == 2 ? (void *)&u16
           : bytes == 4 ? (void *)&u32
                        : (void *)&value,
           bytes);
}

static bool unsigned_read(const char *text, uint64_t most, void *member, size_t bytes)
{
    uint64_t value;
    if (!number_read(text, &value) || value > most)
        return false;
    store(member, value, bytes);
    return true;
}

static bool signed_read(const char *text, void *member, size_t bytes)
{
    uint64_t value, most = bytes == 4 ? INT32_MAX : INT64_MAX;
    bool negative = *text == '-';
    if (!number_read(text + negative, &value) || value > most + negative)
        return false;
    store(member, negative ? -value : value, bytes);
    return true;
}

static bool degrees_read(const char *text, void *member)
{
    int64_t whole;
    if (!signed_read(text, &whole, sizeof whole))
        return false;
    double value = (double)whole / BILLION;
    memcpy(member, &value, sizeof value);
    return true;
}

static bool word_read(const char *text, const char *const *words, void *member, size_t bytes)
{
    for (unsigned i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0) {
            store(member, i, bytes);
            return true;
        }
    return false;
}

/* Reads a spec as probe_spec_format() writes it. Ports and protocols are numbers, so a file cannot cause name
 * lookups. */
static bool spec_read(const char *text, struct probe_names *names, struct probe_spec *out)
{
    const char *slash = strchr(text, '/');
    if (slash) {
        char after = slash[1 + strspn(slash + 1, "0123456789")];
        if (after && after != ':' && after != '@')
            return false;
    }
    return probe_spec_parse(text, out, NULL) == STATUS_OK && probe_names_keep(names, out);
}

static bool specs_read(char *text, struct probe_names *names, struct session_config *config)
{
    config->spec_count = 0;
    char *rest = text;
    for (char *spec; (spec = strsep(&rest, ","));) {
        if (config->spec_count == SPECS_MOST || !spec_read(spec, names, &config->specs[config->spec_count]))
            return false;
        config->spec_count++;
    }
    return true;
}

/* Ports are numbers, as in a spec. */
static bool port_lists_read(char *text, struct session_config *config)
{
    config->port_list_count = 0;
    char *rest = text;
    for (char *list; (list = strsep(&rest, ";"));) {
        const char *slash = strchr(list, '/');
        char after = slash ? slash[1 + strspn(slash + 1, "0123456789,-")] : 'x';
        if ((after && after != ':') || config->port_list_count == PORT_LISTS_MOST ||
            port_list_parse(list, &config->port_lists[config->port_list_count], NULL) != STATUS_OK)
            return false;
        config->port_list_count++;
    }
    return true;
}

static bool strategy_read(const char *name, void *member)
{
    const struct strategy *strategy = strategy_find(name);
    memcpy(member, &strategy, sizeof strategy);
    return strategy != NULL;
}

static bool text_read(const char *text, char *member, size_t bytes)
{
    if (strlen(text) >= bytes)
        return false;
    memcpy(member, text, strlen(text) + 1);
    return true;
}

static bool field_read(const struct field *field, struct words value, struct probe_names *names, void *record)
{
    char text[VALUE_BYTES];
    char *member = (char *)record + field->offset;
    if (!value_read(value, text))
        return false;
    switch (field->kind) {
    case FIELD_TEXT:
        return text_read(text, member, field->bytes);
    case FIELD_UNSIGNED:
        return unsigned_read(text, UINT64_MAX >> (64 - 8 * field->bytes), member, field->bytes);
    case FIELD_BOOL:
        return unsigned_read(text, 1, member, field->bytes);
    case FIELD_SIGNED:
        return signed_read(text, member, field->bytes);
    case FIELD_WORD:
        return word_read(text, field->words, member, field->bytes);
    case FIELD_ADDRESS:
        return addr_parse(text, (void *)member);
    case FIELD_SPEC:
        return spec_read(text, names, (void *)member);
    case FIELD_SPECS:
        return specs_read(text, names, record);
    case FIELD_PORT_LISTS:
        return port_lists_read(text, record);
    case FIELD_DEGREES:
        return degrees_read(text, member);
    case FIELD_STRATEGY:
        return strategy_read(text, member);
    case FIELD_DIAGNOSE:
        return (!strcmp(text, "0") || !strcmp(text, "1")) &&
               strategy_read(*text == '1' ? "diagnose" : strategies[0]->name, member);
    }
    return false;
}

bool fields_read(struct words words, const struct field *fields, struct probe_names *names, void *record)
{
    uint64_t missing = 0;
    for (unsigned i = 0; fields[i].key; i++)
        missing |= fields[i].optional ? 0 : UINT64_C(1) << i;
    while (words.length) {
        struct words word = words_next(&words);
        const char *equals = memchr(word.text, '=', word.length);
        if (!equals)
            continue;
        struct words key = {word.text, (size_t)(equals - word.text)};
        struct words value = {equals + 1, word.length - key.length - 1};
        for (unsigned i = 0; fields[i].key; i++) {
            if (!word_is(key, fields[i].key))
                continue;
            if (!field_read(&fields[i], value, names, record))
                return false;
            missing &= ~(UINT64_C(1) << i);
        }
    }
    return missing == 0;
}
