/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/table/ttl_list.h"

unsigned ttl_list_add(struct strbuf *text, const bool ttls[256], const char *separator)
{
    unsigned count = 0;
    for (unsigned ttl = 0, first; ttl < 256; ttl++) {
        if (!ttls[ttl])
            continue;
        for (first = ttl; ttl < 255 && ttls[ttl + 1];)
            ttl++;
        strbuf_addf(text, "%s%u", count ? separator : "", first);
        if (ttl > first)
            strbuf_addf(text, "-%u", ttl);
        count += ttl - first + 1;
    }
    return count;
}
