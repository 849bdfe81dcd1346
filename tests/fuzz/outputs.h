/* SPDX-License-Identifier: BSD-2-Clause */
/* outputs: reports in memory for the targets of the whole core. Each input is printed in the formats that are checked
 * and in one more, since all of them would take most of the time. The sum of the input's bytes chooses that one and the
 * options of text, so that each change of an input tries others. */
#ifndef HOPSONDE_TESTS_FUZZ_OUTPUTS_H
#define HOPSONDE_TESTS_FUZZ_OUTPUTS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/shared/report.h"
#include "json_check.h"

struct output_texts {
    char *texts[OUTPUTS_MOST];
    size_t lengths[OUTPUTS_MOST];
};

FUZZ_CHECK static inline unsigned outputs_choice(const uint8_t *data, size_t size)
{
    unsigned sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += data[i];
    return sum;
}

/* Any format, and the list of traces. A map with its coasts takes as long as all else, so it is rarer. */
static inline const struct output_format *outputs_chosen(unsigned choice)
{
    unsigned count = 0;
    while (output_formats[count])
        count++;
    unsigned index = choice % (count + 1);
    const struct output_format *format = index == count ? &output_list : output_formats[index];
    return format == &output_map && choice / 16 % 4 ? &output_text : format;
}

static inline struct output_options outputs_options(unsigned choice)
{
    static const unsigned widths[] = {OUTPUT_WIDTH_LEAST, 80, 120, OUTPUT_WIDTH_MOST};
    choice /= 16; /* the rest chooses the format */
    return (struct output_options){
        .color = choice & 1,
        .verbose = (choice >> 1 & 1) + (choice >> 2 & 1),
        .quiet = (choice & 0x38) == 0,
        .verdicts_only = (choice & 0x78) == 0,
        .one_per_line = choice >> 3 & 1,
        .wrap = choice >> 4 & 1 ? 80 : 0,
        .networks = choice >> 5 & 1,
        .places = choice >> 6 & 1,
        .width = widths[(choice >> 7) % (sizeof widths / sizeof *widths)],
    };
}

/* Adds an output unless the report has one of that format. */
static inline void outputs_add(struct report *report, struct output_texts *texts, const struct output_format *format,
                               unsigned choice)
{
    unsigned i = report->count;
    for (unsigned k = 0; k < i; k++)
        if (report->outputs[k].format == format)
            return;
    report->outputs[i] = (struct output){
        .format = format,
        .file = open_memstream(&texts->texts[i], &texts->lengths[i]),
        .options = outputs_options(choice),
    };
    if (!report->outputs[i].file)
        abort();
    report->count++;
}

#endif
