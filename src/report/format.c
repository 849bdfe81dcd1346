/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/format.h"

#include <string.h>

const struct output_format *const output_formats[] = {&output_text, &output_json, &output_jsonl, &output_csv,
                                                      &output_dot,  &output_svg,  &output_map,   &output_policy,
                                                      &output_prom, NULL};

const struct output_format *output_format_find(const char *name)
{
    if (strcmp(name, "ndjson") == 0)
        name = output_jsonl.name;
    for (const struct output_format *const *format = output_formats; *format; format++)
        if (strcmp((*format)->name, name) == 0)
            return *format;
    return NULL;
}
