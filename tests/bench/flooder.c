/* SPDX-License-Identifier: BSD-2-Clause */
/* flooder: `flooder FLOOD FRAMES` feeds the recogniser with so many frames that are made to cost much; without
 * arguments it lists the floods. For tests/bench/hostile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recognise/recognise.h"
#include "unit/support/flood.h"

static const struct flood *find(const char *name)
{
    for (size_t i = 0; floods[i].name; i++)
        if (strcmp(floods[i].name, name) == 0)
            return &floods[i];
    return NULL;
}

static int feed(const struct flood *flood, uint32_t count)
{
    struct err err = {0};
    struct recogniser *r = recogniser_new(&(struct recogniser_config){.secret = 0x123456789abcdef}, NULL, &err);
    uint8_t bytes[FLOOD_BYTES] = {0};
    if (!r) {
        fprintf(stderr, "flooder: %s\n", err.message);
        return 1;
    }
    for (uint32_t n = 0; n < count; n++) {
        struct frame frame = flood_frame(flood, n, bytes);
        struct packet packet;
        packet_decode(&frame, &packet);
        recogniser_frame(r, 0, &frame, &packet);
    }
    recogniser_finish(r);
    recogniser_free(r);
    return 0;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc < 3 && floods[i].name; i++)
        printf("%s\n", floods[i].name);
    if (argc < 3)
        return 0;
    const struct flood *flood = find(argv[1]);
    if (!flood) {
        fprintf(stderr, "flooder: no flood '%s'\n", argv[1]);
        return 2;
    }
    return feed(flood, (uint32_t)strtoul(argv[2], NULL, 10));
}
