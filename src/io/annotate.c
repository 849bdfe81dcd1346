#include "config.h"

#include "io/annotate.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "hopsonde:"
#define OPTIONS_SHOWN 4096 /* bytes of the command line that are kept, for people */
#define VALUE_BYTES (SPECS_MOST * PROBE_SPEC_TEXT_BYTES + 1)
#define LONGEST_WAIT (INT64_C(86400) * NS_PER_S)

/* One key of a comment and the member of a struct that it stands for. */
enum field_kind {
    FIELD_TEXT, /* char array of `bytes` */
    FIELD_UNSIGNED,
    FIELD_SIGNED,
    FIELD_BOOL,
    FIELD_ADDRESS,
    FIELD_WORD, /* an enum by its place in `words` */
    FIELD_SPEC,
    FIELD_SPECS, /* the whole struct session_config: its chain of specs */
};

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset, bytes;
    const char *const *words; /* NULL-terminated */
    bool optional;            /* a number that is left out where it is 0: older files lack it */
    bool older;               /* only older files have it */
};

#define FIELD(type, member, key, kind)                                                                                 \
    {                                                                                                                  \
        key, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member), NULL, false, false               \
    }
#define OPTIONAL_FIELD(type, member, key, kind)                                                                        \
    {                                                                                                                  \
        key, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member), NULL, true, false                \
    }
#define OLDER_FIELD(type, member, key, kind)                                                                           \
    {                                                                                                                  \
        key, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member), NULL, true, true                 \
    }
#define FIELD_END                                                                                                      \
    {                                                                                                                  \
        NULL, FIELD_TEXT, 0, 0, NULL, false, false                                                                     \
    }

struct run_record {
    uint32_t format;
    char version[32], command[32], interface[64];
};

static const struct field run_fields[] = {
    FIELD(run_record, format, "format", FIELD_UNSIGNED),
    FIELD(run_record, version, "version", FIELD_TEXT),
    FIELD(run_record, command, "command", FIELD_TEXT),
    FIELD(run_record, interface, "interface", FIELD_TEXT),
    FIELD_END,
};

static const char *const purpose_words[] = {
    [PURPOSE_TRACE] = "trace", [PURPOSE_DIAGNOSE] = "diagnose", [PURPOSE_PATHS] = "paths", NULL};

static const struct field config_fields[] = {
    FIELD(session_config, target_name, "target_name", FIELD_TEXT),
    FIELD(session_config, source, "source", FIELD_ADDRESS),
    FIELD(session_config, target, "target", FIELD_ADDRESS),
    {"specs", FIELD_SPECS, 0, 0, NULL, false, false},
    FIELD(session_config, automatic, "automatic", FIELD_BOOL),
    {"purpose", FIELD_WORD, offsetof(struct session_config, purpose), sizeof(enum session_purpose), purpose_words, true,
     false},
    OLDER_FIELD(session_config, purpose, "diagnose", FIELD_BOOL),
    OPTIONAL_FIELD(session_config, flows, "flows", FIELD_UNSIGNED),
    OPTIONAL_FIELD(session_config, confidence, "confidence_millionths", FIELD_UNSIGNED),
    OLDER_FIELD(session_config, confidence, "confidence", FIELD_UNSIGNED), /* in thousandths */
    OPTIONAL_FIELD(session_config, lite, "lite", FIELD_BOOL),
    OPTIONAL_FIELD(session_config, budget, "budget", FIELD_UNSIGNED),
    FIELD(session_config, first_ttl, "first_ttl", FIELD_UNSIGNED),
    FIELD(session_config, max_ttl, "max_ttl", FIELD_UNSIGNED),
    FIELD(session_config, queries, "queries", FIELD_UNSIGNED),
    FIELD(session_config, gap, "gap", FIELD_UNSIGNED),
    FIELD(session_config, max_wait, "max_wait_ns", FIELD_SIGNED),
    FIELD(session_config, send_gap, "send_gap_ns", FIELD_SIGNED),
    FIELD(session_config, size, "size", FIELD_UNSIGNED),
    FIELD(session_config, tos, "tos", FIELD_UNSIGNED),
    FIELD(session_config, dont_fragment, "dont_fragment", FIELD_BOOL),
    FIELD(session_config, flow_label, "flow_label", FIELD_SIGNED),
    FIELD(session_config, source_port, "source_port", FIELD_UNSIGNED),
    FIELD(session_config, seed, "seed", FIELD_UNSIGNED),
    FIELD_END,
};

struct flow_record {
    uint32_t index;
    struct flow flow;
};

static const struct field flow_fields[] = {
    FIELD(flow_record, index, "index", FIELD_UNSIGNED),
    FIELD(flow_record, flow.spec, "spec", FIELD_SPEC),
    FIELD(flow_record, flow.source, "source", FIELD_ADDRESS),
    FIELD(flow_record, flow.target, "target", FIELD_ADDRESS),
    FIELD(flow_record, flow.source_port, "source_port", FIELD_UNSIGNED),
    FIELD(flow_record, flow.target_port, "target_port", FIELD_UNSIGNED),
    FIELD(flow_record, flow.tos, "tos", FIELD_UNSIGNED),
    FIELD(flow_record, flow.dont_fragment, "dont_fragment", FIELD_BOOL),
    FIELD(flow_record, flow.flow_label, "flow_label", FIELD_UNSIGNED),
    FIELD(flow_record, flow.size, "size", FIELD_UNSIGNED),
    FIELD(flow_record, flow.nonce, "nonce", FIELD_UNSIGNED),
    FIELD_END,
};

static const char *const claim_words[] = {[CLAIM_REFUSED] = "refused", [CLAIM_UNSEEN] = "unseen", NULL};

static const struct field claim_fields[] = {
    {"kind", FIELD_WORD, offsetof(struct session_claim, kind), sizeof(enum claim_kind), claim_words, false, false},
    FIELD(session_claim, trace, "trace", FIELD_UNSIGNED),
    OPTIONAL_FIELD(session_claim, flow, "flow", FIELD_UNSIGNED),
    FIELD(session_claim, serial, "serial", FIELD_UNSIGNED),
    FIELD(session_claim, ttl, "ttl", FIELD_UNSIGNED),
    FIELD(session_claim, at, "at_ns", FIELD_SIGNED),
    FIELD(session_claim, send_errno, "errno", FIELD_SIGNED),
    FIELD_END,
};

struct end_record {
    enum session_end end;
    nstime ended_at;
    uint64_t dropped_by_kernel;
};

static const char *const end_words[] = {[SESSION_COMPLETE] = "complete", [SESSION_INTERRUPTED] = "interrupted", NULL};

static const struct field end_fields[] = {
    {"how", FIELD_WORD, offsetof(struct end_record, end), sizeof(enum session_end), end_words, false, false},
    FIELD(end_record, ended_at, "at_ns", FIELD_SIGNED),
    FIELD(end_record, dropped_by_kernel, "dropped_by_kernel", FIELD_UNSIGNED),
    FIELD_END,
};

/* ---- values to text ---- */

static void add_value(struct strbuf *out, const char *text, size_t count)
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

static void add_field(struct strbuf *out, const struct field *field, const void *record)
{
    const char *member = (const char *)record + field->offset;
    char address[ADDR_TEXT_BYTES];
    strbuf_addf(out, " %s=", field->key);
    switch (field->kind) {
    case FIELD_TEXT:
        add_value(out, member, strnlen(member, field->bytes));
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
    }
}

static void add_record(struct strbuf *out, const char *word, const struct field *fields, const void *record)
{
    strbuf_addf(out, PREFIX "%s", word);
    for (; fields->key; fields++)
        if (!fields->older &&
            (!fields->optional || load_unsigned((const char *)record + fields->offset, fields->bytes)))
            add_field(out, fields, record);
}

static void copy_text(char *out, size_t bytes, const char *text)
{
    size_t length = strnlen(text, bytes - 1);
    memcpy(out, text, length);
    out[length] = '\0';
}

void annotate_run(struct strbuf *out, const struct dump_run *run)
{
    struct run_record record = {.format = ANNOTATION_FORMAT};
    copy_text(record.version, sizeof record.version, PACKAGE_VERSION);
    copy_text(record.command, sizeof record.command, run->command);
    copy_text(record.interface, sizeof record.interface, run->interface ? run->interface : "");
    add_record(out, "run", run_fields, &record);
    strbuf_add(out, " options=");
    if (run->options)
        add_value(out, run->options, strnlen(run->options, OPTIONS_SHOWN));
}

void annotate_config(struct strbuf *out, const struct session_config *config)
{
    add_record(out, "config", config_fields, config);
}

void annotate_flow(struct strbuf *out, unsigned index, const struct flow *flow)
{
    struct flow_record record = {.index = index, .flow = *flow};
    add_record(out, "flow", flow_fields, &record);
}

void annotate_claim(struct strbuf *out, const struct session_claim *claim)
{
    add_record(out, "claim", claim_fields, claim);
}

void annotate_end(struct strbuf *out, enum session_end end, nstime ended_at, uint64_t dropped_by_kernel)
{
    struct end_record record = {.end = end, .ended_at = ended_at, .dropped_by_kernel = dropped_by_kernel};
    add_record(out, "end", end_fields, &record);
}

static void add_matched(struct strbuf *out, const struct frame_note *note, const char *spec)
{
    if (note->role == FRAME_PROBE) {
        strbuf_addf(out, "%s probe: trace %u, hop %u, attempt %u, serial %u", spec, note->trace, note->ttl,
                    note->attempt, note->serial);
        return;
    }
    strbuf_addf(out, "reply to %s ", spec);
    if (note->serial)
        strbuf_addf(out, "hop %u attempt %u", note->ttl, note->attempt);
    else
        strbuf_add(out, "(it does not tell which probe)");
    strbuf_addf(out, ", by %s", note->reason ? note->reason : "address");
}

void annotate_note(struct strbuf *out, const struct frame_note *note, const struct probe_spec *spec)
{
    char text[PROBE_SPEC_TEXT_BYTES];
    switch (note->role) {
    case FRAME_PROBE:
    case FRAME_REPLY:
        probe_spec_format(spec, text);
        add_matched(out, note, text);
        break;
    case FRAME_STRAY:
        strbuf_addf(out, "stray: %s", note->reason ? note->reason : "not ours");
        break;
    case FRAME_MALFORMED:
        strbuf_addf(out, "malformed: %s", note->reason ? note->reason : "cannot be decoded");
        break;
    }
}

/* ---- text to values ---- */

/* The part of a comment that is still to be read. */
struct words {
    const char *text;
    size_t length;
};

/* Cuts off the next word; spaces part words. */
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

static bool word_is(struct words word, const char *text)
{
    return word.length == strlen(text) && memcmp(word.text, text, word.length) == 0;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *place = c ? strchr(digits, c) : NULL;
    return place ? (int)(place - digits) : -1;
}

/* Undoes add_value() into a C string: no NUL may be in it. */
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

static bool word_read(const char *text, const char *const *words, void *member, size_t bytes)
{
    for (unsigned i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0) {
            store(member, i, bytes);
            return true;
        }
    return false;
}

/* Ports and protocols are numbers, as probe_spec_format() writes them: a file does not make us look up names. */
static bool spec_read(const char *text, struct probe_spec *out)
{
    const char *slash = strchr(text, '/');
    if (slash) {
        char after = slash[1 + strspn(slash + 1, "0123456789")];
        if (after && after != ':')
            return false;
    }
    return probe_spec_parse(text, out, NULL) == STATUS_OK;
}

static bool specs_read(char *text, struct session_config *config)
{
    config->spec_count = 0;
    char *rest = text;
    for (char *spec; (spec = strsep(&rest, ","));) {
        if (config->spec_count == SPECS_MOST || !spec_read(spec, &config->specs[config->spec_count]))
            return false;
        config->spec_count++;
    }
    return true;
}

static bool text_read(const char *text, char *member, size_t bytes)
{
    if (strlen(text) >= bytes)
        return false;
    copy_text(member, bytes, text);
    return true;
}

static bool field_read(const struct field *field, struct words value, void *record)
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
        return spec_read(text, (void *)member);
    case FIELD_SPECS:
        return specs_read(text, record);
    }
    return false;
}

/* Reads every key that the table knows; false where one lacks or has a bad value. */
static bool record_read(struct words words, const struct field *fields, void *record)
{
    uint32_t missing = 0;
    for (unsigned i = 0; fields[i].key; i++)
        missing |= fields[i].optional ? 0 : UINT32_C(1) << i;
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
            if (!field_read(&fields[i], value, record))
                return false;
            missing &= ~(UINT32_C(1) << i);
        }
    }
    return missing == 0;
}

static enum annotation run_read(struct words words, struct annotations *seen, struct saved_run *saved)
{
    struct run_record record = {0};
    bool whole = record_read(words, run_fields, &record);
    if (record.format > ANNOTATION_FORMAT) {
        seen->newer_format = record.format;
        return ANNOTATION_NEWER;
    }
    if (!whole)
        return ANNOTATION_DAMAGED;
    copy_text(saved->command, sizeof saved->command, record.command);
    copy_text(saved->interface, sizeof saved->interface, record.interface);
    seen->run = true;
    return ANNOTATION_RUN;
}

static enum annotation config_read(struct words words, struct annotations *seen, struct saved_run *saved)
{
    struct session_config config = {0};
    if (!record_read(words, config_fields, &config))
        return ANNOTATION_DAMAGED;
    if (config.confidence < 1000)
        config.confidence *= 1000;
    saved->config = config;
    seen->config = true;
    return ANNOTATION_CONFIG;
}

static enum annotation flow_read(struct words words, struct annotations *seen, struct saved_run *saved)
{
    struct flow_record record = {0};
    if (!record_read(words, flow_fields, &record) || record.index >= SPECS_MOST)
        return ANNOTATION_DAMAGED;
    saved->flows[record.index] = record.flow;
    seen->flows |= UINT32_C(1) << record.index;
    return ANNOTATION_FLOW;
}

/* A point in time that deadlines can be added to. */
static bool is_stamp(nstime time)
{
    return time >= 0 && time <= NSTIME_NEVER - 2 * LONGEST_WAIT;
}

static enum annotation claim_read(struct words words, const struct saved_run *saved, struct session_claim *claim)
{
    *claim = (struct session_claim){0};
    if (!record_read(words, claim_fields, claim))
        return ANNOTATION_DAMAGED;
    bool sound = claim->trace < saved->config.spec_count && claim->serial > 0 && claim->serial <= FLOW_SERIALS_MOST &&
                 claim->ttl > 0 && is_stamp(claim->at) && claim->send_errno >= 0;
    return sound ? ANNOTATION_CLAIM : ANNOTATION_DAMAGED;
}

static enum annotation end_read(struct words words, struct saved_run *saved)
{
    struct end_record record = {0};
    if (!record_read(words, end_fields, &record))
        return ANNOTATION_DAMAGED;
    if (record.ended_at != NSTIME_NONE && !is_stamp(record.ended_at))
        return ANNOTATION_DAMAGED;
    saved->ended = true;
    saved->end = record.end;
    saved->ended_at = record.ended_at;
    saved->dropped_by_kernel = record.dropped_by_kernel;
    return ANNOTATION_END;
}

enum annotation annotate_read(const char *text, size_t length, struct annotations *seen, struct saved_run *saved,
                              struct session_claim *claim)
{
    size_t prefix = strlen(PREFIX);
    if (length < prefix || memcmp(text, PREFIX, prefix) != 0)
        return ANNOTATION_NONE;
    struct words words = {text + prefix, length - prefix};
    struct words word = words_next(&words);
    if (word_is(word, "run"))
        return run_read(words, seen, saved);
    if (word_is(word, "config"))
        return config_read(words, seen, saved);
    if (word_is(word, "flow"))
        return flow_read(words, seen, saved);
    if (word_is(word, "claim"))
        return claim_read(words, saved, claim);
    if (word_is(word, "end"))
        return end_read(words, saved);
    return ANNOTATION_NONE;
}

static bool flow_fits(const struct flow *flow, const struct session_config *config, const struct probe_spec *spec)
{
    return probe_spec_equal(&flow->spec, spec) && addr_equal(&flow->source, &config->source) &&
           addr_equal(&flow->target, &config->target) && flow->flow_label <= 0xfffff && flow->size > 0;
}

bool annotations_complete(const struct annotations *seen, const struct saved_run *saved)
{
    const struct session_config *config = &saved->config;
    if (!seen->run || !seen->config || config->spec_count == 0)
        return false;
    if (seen->flows != UINT32_MAX >> (SPECS_MOST - config->spec_count))
        return false;
    for (unsigned i = 0; i < config->spec_count; i++)
        if (!flow_fits(&saved->flows[i], config, &config->specs[i]))
            return false;
    return config->source.family == config->target.family && config->first_ttl > 0 &&
           config->first_ttl <= config->max_ttl && config->queries > 0 && config->gap > 0 && config->max_wait > 0 &&
           config->max_wait <= LONGEST_WAIT && config->send_gap >= 0 && config->send_gap <= LONGEST_WAIT &&
           config->flow_label >= -1 && config->flow_label <= 0xfffff;
}
