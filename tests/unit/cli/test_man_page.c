/* SPDX-License-Identifier: BSD-2-Clause */
/* The man page has every option of the table once, with its argument and the commands that take it, and names no option
 * that the table lacks. It has each command, format, probe type, verdict state and finding. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/hints.h"
#include "cli/options/option_table.h"
#include "probe/type.h"
#include "report/format.h"
#include "tap.h"
#include "verdict/verdict.h"

#define PAGE_BYTES 131072
#define LINE_BYTES 256
#define TOKENS_MOST 32
#define ROWS_MOST 128
#define ALL (ON_LIVE | ON_REPLAY | ON_TRANSIT)

static char page[PAGE_BYTES];

/* What the page says of the option in the same row of the table. */
static struct item {
    char argument[LINE_BYTES];
    unsigned commands, times;
} items[ROWS_MOST];

static void read_page(void)
{
    const char *top = getenv("top_srcdir");
    char path[4096];
    snprintf(path, sizeof path, "%s/src/cli/hopsonde.8", top ? top : ".");
    FILE *file = fopen(path, "r");
    if (!file || fread(page, 1, sizeof page - 1, file) == 0)
        printf("Bail out! %s cannot be read\n", path);
    if (file)
        fclose(file);
}

/* The words of the next line; -1: there is none. */
static int next_line(const char **at, char line[LINE_BYTES], char *tokens[TOKENS_MOST])
{
    int count = 0;
    if (!**at)
        return -1;
    size_t length = strcspn(*at, "\n");
    snprintf(line, LINE_BYTES, "%.*s", (int)length, *at);
    *at += length + ((*at)[length] == '\n');
    for (char *word = strtok(line, " "); word && count < TOKENS_MOST; word = strtok(NULL, " "))
        tokens[count++] = word;
    return count;
}

static bool is_macro(const char *word)
{
    return isupper((unsigned char)word[0]) && islower((unsigned char)word[1]) && !word[2];
}

static size_t index_of(const struct option_row *row)
{
    size_t index = 0;
    while (option_at(index) != row)
        index++;
    return index;
}

/* The row of the option that the page writes so: "P" or "-probe". NULL: there is none. */
static const struct option_row *row_of(const char *word)
{
    char spelled[LINE_BYTES + 1];
    snprintf(spelled, sizeof spelled, "-%s", word);
    return option_find(spelled);
}

/* ".It Fl P , -probe Ar probe": notes it for each row that it names. Returns their number. */
static unsigned take_item(char *const tokens[], int count, size_t rows[TOKENS_MOST])
{
    unsigned found = 0;
    int i = 2;
    for (; i < count && !is_macro(tokens[i]); i++) {
        const struct option_row *row = row_of(tokens[i]);
        if (!ispunct((unsigned char)tokens[i][0]) || tokens[i][1])
            ok(row != NULL, "-%s is in the table", tokens[i]);
        if (row && (!found || rows[found - 1] != index_of(row)))
            rows[found++] = index_of(row);
    }
    for (unsigned k = 0; k < found; k++) {
        struct item *item = &items[rows[k]];
        item->times++;
        for (int n = i; n < count; n++) {
            if (!is_macro(tokens[n]))
                strncat(item->argument, tokens[n], sizeof item->argument - strlen(item->argument) - 1);
        }
    }
    return found;
}

static unsigned command_bit(const char *word)
{
    const struct command *command = command_find(word);
    return command ? 1U << command->id : 0;
}

/* The commands of ".Cm trace , diagnose", "and", ".Cm paths .": up to a mark at the end of a line. */
static unsigned take_commands(const char **at)
{
    unsigned mask = 0;
    char line[LINE_BYTES], *tokens[TOKENS_MOST];
    int count;
    do {
        count = next_line(at, line, tokens);
        for (int i = 0; i < count; i++)
            mask |= command_bit(tokens[i]);
    } while (count > 0 && !strchr(".,", *tokens[count - 1]));
    return mask;
}

/* Reads the section of the options into `items`. */
static void take_options(const char *at)
{
    char line[LINE_BYTES], *tokens[TOKENS_MOST];
    size_t rows[TOKENS_MOST];
    unsigned group = 0, found = 0;
    for (int count; (count = next_line(&at, line, tokens)) >= 0;) {
        if (count == 0)
            continue;
        if (strcmp(tokens[0], ".Sh") == 0)
            return;
        if (strcmp(tokens[0], ".Ss") == 0)
            found = 0;
        bool is_for = strcmp(tokens[0], "For") == 0, is_not = strcmp(tokens[0], "Not") == 0;
        if (is_for && count > 2 && strcmp(tokens[1], "all") == 0) {
            bool is_but = count > 3 && strcmp(tokens[3], "but") == 0;
            group = is_but ? ALL & ~take_commands(&at) : ALL;
        } else if (count == (is_not ? 2 : 1) && (is_for || is_not)) {
            unsigned mask = take_commands(&at);
            if (!found)
                group = mask;
            for (unsigned k = 0; k < found; k++)
                items[rows[k]].commands = is_not ? group & ~mask : mask;
        } else if (strcmp(tokens[0], ".It") == 0 && count > 2 && strcmp(tokens[1], "Fl") == 0) {
            found = take_item(tokens, count, rows);
            for (unsigned k = 0; k < found; k++)
                items[rows[k]].commands = group;
        }
    }
}

/* "FORMAT[:FILE]" as the page's ".Ar format Ns Op : Ns Ar file": letters and what joins them. */
static void plain_argument(const char *argument, char out[LINE_BYTES])
{
    size_t length = 0;
    for (; argument && *argument && length < LINE_BYTES - 1; argument++)
        if (!strchr("[]", *argument))
            out[length++] = (char)tolower((unsigned char)*argument);
    out[length] = 0;
}

static void test_options(void)
{
    static const char title[] = "\n.Sh OPTIONS\n";
    const char *options = strstr(page, title);
    if (options)
        take_options(options + strlen(title));
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)); i++) {
        const char *name = row->name ? row->name : row->letter;
        char argument[LINE_BYTES];
        plain_argument(row->argument, argument);
        is_num(items[i].times, 1, "%s stands in the page once", name);
        is_text(items[i].argument, argument, "%s has its argument", name);
        is_num(items[i].commands, row->commands & ALL, "%s has its commands", name);
    }
}

/* Every option that is named anywhere, also other tools' spellings. */
static void test_mentions(void)
{
    char line[LINE_BYTES], *tokens[TOKENS_MOST];
    const char *at = page;
    for (int count; (count = next_line(&at, line, tokens)) >= 0;) {
        bool in_flags = false;
        for (int i = 0; i < count && (tokens[0][0] == '.'); i++) {
            const char *word = tokens[i] + (i == 0);
            if (is_macro(word)) {
                in_flags = strcmp(word, "Fl") == 0;
                continue;
            }
            bool exempt =
                strcmp(word, "nq3") == 0 || strcmp(word, "-") == 0 || (ispunct((unsigned char)*word) && !word[1]);
            char spelled[LINE_BYTES + 1];
            snprintf(spelled, sizeof spelled, "-%s", word);
            if (in_flags && !exempt && strcmp(word, "...") != 0)
                ok(option_find(spelled) || synonym_find(spelled), "%s is an option", spelled);
        }
    }
}

static void test_names(void)
{
    char text[LINE_BYTES];
    for (const struct command *row = commands; row->name; row++) {
        snprintf(text, sizeof text, "\n.It Cm %s\n", row->name);
        ok(strstr(page, text), "the command %s", row->name);
    }
    for (unsigned i = 0; output_formats[i]; i++) {
        snprintf(text, sizeof text, "\n.It Cm %s", output_formats[i]->name);
        ok(strstr(page, text), "the format %s", output_formats[i]->name);
    }
    for (unsigned i = 0; probe_types[i]; i++) {
        snprintf(text, sizeof text, "%s", probe_types[i]->name);
        ok(strstr(strstr(page, "\n.Sh PROBES\n"), text), "the probe type %s", probe_types[i]->name);
    }
    for (int state = 0; state < VERDICT_STATES; state++) {
        snprintf(text, sizeof text, "\n.It %s\n", verdict_state_name((enum verdict_state)state));
        ok(strstr(page, text), "the state %s", verdict_state_name((enum verdict_state)state));
    }
}

/* Each kind stands in a line of the list of findings. */
static void test_findings(void)
{
    char line[LINE_BYTES], *tokens[TOKENS_MOST];
    bool found[FINDING_KINDS] = {false};
    const char *at = strstr(page, "\n.Ss Findings\n");
    for (int count; at && (count = next_line(&at, line, tokens)) >= 0;)
        for (int i = 1; i < count && strcmp(tokens[0], ".It") == 0; i++)
            for (int kind = FINDING_NONE + 1; kind < FINDING_KINDS; kind++)
                found[kind] = found[kind] || strcmp(tokens[i], finding_kind_name((enum finding_kind)kind)) == 0;
    for (int kind = FINDING_NONE + 1; kind < FINDING_KINDS; kind++)
        ok(found[kind], "the finding %s", finding_kind_name((enum finding_kind)kind));
}

int main(void)
{
    read_page();
    test_options();
    test_mentions();
    test_names();
    test_findings();
    return tap_done();
}
