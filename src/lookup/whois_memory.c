/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/whois_memory.h"

#include <stdlib.h>

#include "base/array.h"

void whois_memory_free(struct whois_memory *memory)
{
    free(memory->lessons);
}

void whois_memory_add(struct whois_memory *memory, const struct whois_lesson *lesson)
{
    if (array_reserve((void **)&memory->lessons, &memory->capacity, memory->count + 1, sizeof *lesson))
        memory->lessons[memory->count++] = *lesson;
}

const struct whois_lesson *whois_memory_find(const struct whois_memory *memory, const struct addr *address)
{
    const struct whois_lesson *best = NULL;
    for (size_t i = 0; i < memory->count; i++) {
        const struct whois_lesson *lesson = &memory->lessons[i];
        if (whois_range_holds(&lesson->range, address) && (!best || whois_range_narrower(&lesson->range, &best->range)))
            best = lesson;
    }
    return best;
}
