/* SPDX-License-Identifier: BSD-2-Clause */
/* The man page describes each option once, with its argument, and names no option that the table lacks; test_options.c
 * checks that it has all of the table. It has each command, format, probe type, verdict state and finding. */
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
#define ITEMS_MOST 128

static char page[PAGE_BYTES];

/* An option that the page describes. */
static struct item {
    const struct option_row *row;
    char argument[LINE_BYTES];
    unsigned times;
} items[ITEMS_MOST];
static unsigned item_count;

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

static struct item *item_of(const struct option_row *row)
{
    for (unsigned i = 0; i < item_count; i++)
        if (items[i].row == row)
            return &items[i];
    if (item_count == ITEMS_MOST)
        printf("Bail out! more than %d options\n", ITEMS_MOST);
    items[item_count].row = row;
    return &items[item_count++];
}

/* The row of the option that the page writes so: "P" or "-probe". NULL: there is none. */
static const struct option_row *row_of(const char *word)
{
    char spelled[LINE_BYTES + 1];
    snprintf(spelled, sizeof spelled, "-%s", word);
    return option_find(spelled);
}

/* ".It Fl P , -probe Ar probe" or ".It Fl 4 , 6": notes each option that it names. */
static void take_item(char *const tokens[], int count)
{
    struct item *last = NULL;
    char argument[LINE_BYTES] = "";
    int first = 2;
    while (first < count && !is_macro(tokens[first]))
        first++;
    for (int i = first; i < count; i++)
        if (!is_macro(tokens[i]))
            strncat(argument, tokens[i], sizeof argument - strlen(argument) - 1);
    for (int i = 2; i < first; i++) {
        if (strcmp(tokens[i], ",") == 0)
            continue;
        const struct option_row *row = row_of(tokens[i]);
        ok(row != NULL, "-%s is in the table", tokens[i]);
        if (!row || (last && last->row == row))
            continue;
        last = item_of(row);
        last->times++;
        snprintf(last->argument, sizeof last->argument, "%s", argument);
    }
}

/* Reads the section of the options into `items`. */
static void take_options(const char *at)
{
    char line[LINE_BYTES], *tokens[TOKENS_MOST];
    for (int count; (count = next_line(&at, line, tokens)) >= 0;) {
        if (count > 0 && strcmp(tokens[0], ".Sh") == 0)
            return;
        if (count > 2 && strcmp(tokens[0], ".It") == 0 && strcmp(tokens[1], "Fl") == 0)
            take_item(tokens, count);
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
    ok(item_count > 40, "the page has options: %u", item_count);
    for (unsigned i = 0; i < item_count; i++) {
        const struct option_row *row = items[i].row;
        const char *name = row->name ? row->name : row->letter;
        char argument[LINE_BYTES];
        plain_argument(row->argument, argument);
        is_num(items[i].times, 1, "%s stands in the page once", name);
        is_text(items[i].argument, argument, "%s has its argument", name);
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
    static const char *const names[] = {"trace", "diagnose", "paths", "replay", "help"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(text, sizeof text, "\n.It Cm %s\n", names[i]);
        ok(command_find(names[i]) && strstr(page, text), "the command %s", names[i]);
    }
    for (unsigned i = 0; output_formats[i]; i++) {
        snprintf(text, sizeof text, "\n.It Cm %s", output_formats[i]->name);
        ok(strstr(page, text), "the format %s", output_formats[i]->name);
    }
    for (unsigned i = 0; probe_types[i]; i++) {
        snprintf(text, sizeof text, "%s", probe_types[i]->name);
        ok(strstr(strstr(page, "\n.Sh PROBES\n"), text), "the probe type %s", probe_types[i]->name);
    }
    for (int state = 0; state <= VERDICT_INCONCLUSIVE; state++) {
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
