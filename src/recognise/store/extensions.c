/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/store/extensions.h"

#include <stdlib.h>

struct icmp_extension *extension_copy(struct recogniser *r, const struct icmp_extension *extension)
{
    if (!extension)
        return NULL;
    struct icmp_extension *copy = r->spare_count ? r->spare[--r->spare_count] : malloc(sizeof *copy);
    if (copy)
        icmp_extension_copy(copy, extension);
    return copy;
}

void extension_release(struct recogniser *r, struct icmp_extension *extension)
{
    if (r->spare_count < SPARE_EXTENSIONS)
        r->spare[r->spare_count++] = extension;
    else
        free(extension);
}

void extensions_free(struct recogniser *r)
{
    while (r->spare_count)
        free(r->spare[--r->spare_count]);
}
