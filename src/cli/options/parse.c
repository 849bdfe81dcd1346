/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/parse.h"

#include <stdarg.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/options/hints.h"

#define SPELLED_BYTES 64 /* longer than any option's name */

struct words {
    char *const *word;
    int count, next; /* `next`: the first word not yet taken */
};

struct subject parse_subject(const struct parse *parse, const char *value)
{
    return (struct subject){.environment = parse->environment, .spelled = parse->spelled, .value = value};
}

enum status parse_complain(const struct parse *parse, const char *value, struct err *err, const char *format, ...)
{
    const struct subject subject = parse_subject(parse, value);
    va_list args;
    va_start(args, format);
    enum status status = value_complain_args(err, &subject, format, args);
    va_end(args);
    return status;
}

/* --- an option that was found --- */

static enum status apply_row(struct parse *parse, const struct option_row *row, const char *value, struct err *err)
{
    if (row->apply)
        return row->apply(parse, value, err);
    *(bool *)((char *)parse->out + row->flag) = true;
    return STATUS_OK;
}

/* "trace, diagnose and replay": the commands of the mask. */
static void add_commands(struct strbuf *text, unsigned mask)
{
    unsigned left = 0, named = 0;
    for (const struct command *command = commands; command->name; command++)
        left += (mask & 1u << command->id) != 0;
    for (const struct command *command = commands; command->name; command++) {
        if (!(mask & 1u << command->id))
            continue;
        left--;
        strbuf_addf(text, "%s%s", !named++ ? "" : left ? ", " : " and ", command->name);
    }
}

static enum status complain_other_command(const struct parse *parse, const struct option_row *row, struct err *err)
{
    struct strbuf known;
    if (row->refusal)
        return parse_complain(parse, NULL, err, "%s", row->refusal);
    strbuf_init(&known);
    add_commands(&known, row->commands);
    const char *command = parse->mode == ON_REPLAY ? "replay" : parse->command ? parse->command->name : "trace";
    parse_complain(parse, NULL, err, "not an option of %s (only of %s)", command, known.text);
    strbuf_free(&known);
    return STATUS_USAGE;
}

/* The command at hand does not obey this option. HOPSONDE_OPTIONS may hold options of other commands; a replay cannot
 * send, so it ignores what only live commands obey. */
static enum status take_of_other_command(struct parse *parse, const struct option_row *row, const char *value,
                                         struct err *err)
{
    if (parse->environment)
        return STATUS_OK;
    bool is_ignored = (parse->mode & ON_CAPTURES) && !(row->commands & ON_REPLAY) && !row->refusal;
    if (!is_ignored)
        return complain_other_command(parse, row, err);
    if (!parse->ignored_hint)
        hint_add(parse, "%s: ignored, because a replay sends nothing", parse->spelled);
    parse->ignored_hint = true;
    return apply_row(parse, row, value, err);
}

static enum status take_option(struct parse *parse, const struct option_row *row, const char *value, struct err *err)
{
    if (!parse->applying) {
        if (row->look)
            row->look(parse);
        return STATUS_OK;
    }
    if (row->commands & parse->mode)
        return apply_row(parse, row, value, err);
    return take_of_other_command(parse, row, value, err);
}

static enum status take_synonym(struct parse *parse, const struct synonym *synonym, const char *value, struct err *err)
{
    if (synonym->kind == SYNONYM_REFUSED)
        return parse->environment ? STATUS_OK : parse_complain(parse, NULL, err, "%s", synonym->why);
    if (synonym->kind == SYNONYM_IGNORED) {
        hint_add(parse, "%s: %s", synonym->theirs, synonym->why);
        return STATUS_OK;
    }
    hint_add(parse, "%s: taken as %s%s%s%s%s%s", synonym->theirs, synonym->ours, synonym->value ? " " : "",
             synonym->value ? synonym->value : "", synonym->why ? " (" : "", synonym->why ? synonym->why : "",
             synonym->why ? ")" : "");
    if (synonym->kind == SYNONYM_WITHOUT_VALUE)
        value = NULL;
    return take_option(parse, option_find(synonym->ours), synonym->value ? synonym->value : value, err);
}

/* --- how it is spelled --- */

/* HOPSONDE_OPTIONS may hold options of other versions. */
static enum status complain_unknown(const struct parse *parse, const char *spelled, struct err *err)
{
    const struct subject subject = {.spelled = spelled};
    const char *nearest = spelled[1] == '-' ? option_nearest(spelled) : NULL;
    if (parse->environment)
        return STATUS_OK;
    if (nearest)
        return value_complain(err, &subject, "no such option (did you mean %s?)", nearest);
    return value_complain(err, &subject, "no such option (`hopsonde help trace` lists all)");
}

/* The value of the option at hand: the rest of its own word, or the next word. */
static enum status take_value(const struct parse *parse, struct words *words, const char *attached,
                              const char *argument, const char **out, struct err *err)
{
    if (attached)
        *out = attached;
    else if (words->next < words->count)
        *out = words->word[words->next++];
    else
        return parse_complain(parse, NULL, err, "the value is missing (%s %s)", parse->spelled, argument);
    return STATUS_OK;
}

/* What a spelling stands for: an option of ours, or one of another tool. */
struct found {
    const struct option_row *row;  /* NULL: `synonym` */
    const struct synonym *synonym; /* NULL: `row` */
    const char *spelled;           /* as found: static */
    const char *argument;          /* NULL: takes none */
};

static bool find_option(const char *spelled, struct found *out)
{
    *out = (struct found){.row = option_find(spelled)};
    if (out->row) {
        out->spelled = spelled[1] == '-' ? out->row->name : out->row->letter;
        out->argument = out->row->argument;
    } else if ((out->synonym = synonym_find(spelled))) {
        out->spelled = out->synonym->theirs;
        out->argument = out->synonym->argument ? "VALUE" : NULL;
    }
    return out->spelled != NULL;
}

static enum status take_found(struct parse *parse, struct words *words, const struct found *found, const char *attached,
                              struct err *err)
{
    const char *value = NULL;
    parse->spelled = found->spelled;
    if (found->argument) {
        enum status status = take_value(parse, words, attached, found->argument, &value, err);
        if (status != STATUS_OK)
            return status;
    }
    /* An option of another command may be the spelling that another tool has for one of this command. */
    bool is_of_other_command = found->row && parse->applying && !(found->row->commands & parse->mode);
    const struct synonym *synonym = is_of_other_command ? synonym_find(found->spelled) : found->synonym;
    return synonym ? take_synonym(parse, synonym, value, err) : take_option(parse, found->row, value, err);
}

/* "--name" or "--name=value". */
static enum status parse_long(struct parse *parse, struct words *words, const char *word, struct err *err)
{
    char spelled[SPELLED_BYTES] = "";
    struct found found;
    size_t length = strcspn(word, "=");
    const char *attached = word[length] == '=' ? word + length + 1 : NULL;
    if (length >= sizeof spelled)
        return complain_unknown(parse, word, err);
    memcpy(spelled, word, length);
    if (!find_option(spelled, &found))
        return complain_unknown(parse, spelled, err);
    if (attached && !found.argument) {
        const struct subject subject = {.environment = parse->environment, .spelled = spelled};
        return value_complain(err, &subject, "this option takes no value");
    }
    return take_found(parse, words, &found, attached, err);
}

/* Replaces what was found by mtr's option of that letter, which takes no value, if none follows. */
static void find_bare(const struct words *words, const char *attached, struct found *found)
{
    const char *next = attached ? attached : words->next < words->count ? words->word[words->next] : NULL;
    const struct synonym *bare = found->argument ? synonym_find_bare(found->spelled, next) : NULL;
    if (bare)
        *found = (struct found){.synonym = bare, .spelled = bare->theirs};
}

/* "-nq3": letters in a row; the last one may have its value attached or in the next word. */
static enum status parse_letters(struct parse *parse, struct words *words, const char *word, struct err *err)
{
    for (const char *letter = word + 1; *letter && !parse->stop; letter++) {
        const char spelled[3] = {'-', *letter, 0};
        struct found found;
        if (!find_option(spelled, &found))
            return complain_unknown(parse, spelled, err);
        const char *attached = found.argument && letter[1] ? letter + 1 : NULL;
        find_bare(words, attached, &found);
        enum status status = take_found(parse, words, &found, attached, err);
        if (status != STATUS_OK || found.argument)
            return status;
    }
    return STATUS_OK;
}

/* --- words --- */

static enum status take_operand(struct parse *parse, const char *word, struct err *err)
{
    const struct subject subject = {.value = word};
    if (parse->environment || parse->applying)
        return STATUS_OK;
    if (parse->operand_count == OPERANDS_MOST)
        return value_complain(err, &subject, "too many arguments (at most %d)", OPERANDS_MOST);
    parse->operand_points[parse->operand_count] = parse->point;
    parse->operands[parse->operand_count++] = word;
    return STATUS_OK;
}

enum status parse_words(struct parse *parse, char *const *word, int count, struct err *err)
{
    struct words words = {.word = word, .count = count};
    bool operands_only = false;
    enum status status = STATUS_OK;
    while (words.next < words.count && status == STATUS_OK && !parse->stop) {
        const char *now = words.word[words.next++];
        if (operands_only || now[0] != '-' || !now[1])
            status = take_operand(parse, now, err);
        else if (strcmp(now, "--") == 0)
            operands_only = true;
        else if (now[1] == '-')
            status = parse_long(parse, &words, now, err);
        else
            status = parse_letters(parse, &words, now, err);
    }
    return status;
}
