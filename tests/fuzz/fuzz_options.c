/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a command line: the part before the first newline is HOPSONDE_OPTIONS, the rest is split at NULs into
 * arguments. Whatever comes out is touched, and a complaint is one line of printable text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORDS_MOST 100

static volatile size_t touched;

static void touch(const char *text)
{
    touched += text ? strlen(text) : 0;
}

static void check_message(const char *message)
{
    for (const char *c = message; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            abort();
    }
    if (!*message)
        abort();
}

static void touch_options(const struct options *options)
{
    struct strbuf help;
    touch(options->host);
    touch(options->interface);
    touch(options->write_file);
    touch(options->hints);
    for (unsigned i = 0; i < options->output_count; i++) {
        touch(options->outputs[i].format->name);
        touch(options->outputs[i].file);
    }
    for (unsigned i = 0; i < options->read_count; i++)
        touch(options->read_files[i]);
    for (unsigned i = 0; i < options->session.spec_count; i++) {
        char text[PROBE_SPEC_TEXT_BYTES];
        probe_spec_format(&options->session.specs[i], text);
        touch(text);
    }
    if (options->command != COMMAND_HELP)
        return;
    strbuf_init(&help);
    options_help(&help, options->help_topic);
    touch(help.text);
    strbuf_free(&help);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[] = "hopsonde";
    char *words[WORDS_MOST + 2] = {name};
    int count = 1;
    struct options *options = malloc(sizeof *options);
    struct err err = {0};
    char *text = malloc(size + 1);
    if (!options || !text)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = 0;
    char *newline = memchr(text, '\n', size);
    char *environment = newline ? text : NULL;
    if (newline)
        *newline = 0;
    for (char *word = newline ? newline + 1 : text; word < text + size && count <= WORDS_MOST; word += strlen(word) + 1)
        words[count++] = word;
    if (options_parse(count, words, environment, options, &err) == STATUS_OK)
        touch_options(options);
    else
        check_message(err.message);
    free(text);
    free(options);
    return 0;
}
