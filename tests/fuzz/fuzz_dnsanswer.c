/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a DNS answer. A name that comes out is text for a terminal, and addresses are of the family asked for.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lookup/dns_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ADDRESSES_MOST 4

static void check_name(const uint8_t *data, size_t size)
{
    char name[ADDRESS_NAME_BYTES] = "";
    enum dnsanswer found = dns_answer_name(data, size, name);
    if ((found == DNS_ANSWER_FOUND) != (*name != '\0') || strlen(name) >= sizeof name)
        abort();
    for (const char *c = name; *c; c++)
        if (!isgraph((unsigned char)*c))
            abort();
}

static void check_addresses(const uint8_t *data, size_t size, uint8_t family)
{
    struct addr addresses[ADDRESSES_MOST];
    size_t count;
    enum dnsanswer found = dns_answer_addresses(data, size, family, addresses, ADDRESSES_MOST, &count);
    if (count > ADDRESSES_MOST || (found == DNS_ANSWER_FOUND) != (count > 0))
        abort();
    for (size_t i = 0; i < count; i++)
        if (addresses[i].family != family || dns_answer_has(data, size, &addresses[i]) != DNS_ANSWER_FOUND)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_name(data, size);
    check_addresses(data, size, 4);
    check_addresses(data, size, 6);
    return 0;
}
