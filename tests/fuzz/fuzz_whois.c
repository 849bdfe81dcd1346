/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a WHOIS answer about an IPv4 and an IPv6 address: texts end, a country is two letters or none, what is
 * found is in a range that holds the address, and a referral names a host. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

#include "address/whois_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_answer(const uint8_t *data, size_t size, const char *at)
{
    struct addr address;
    struct whoistext text;
    check(addr_parse(at, &address));
    whoistext_read((const char *)data, size, &address, &text);
    const struct address_whois *whois = &text.whois;
    check(strnlen(whois->netname, sizeof whois->netname) < sizeof whois->netname);
    check(strnlen(whois->organisation, sizeof whois->organisation) < sizeof whois->organisation);
    check(!whois->country[0] ||
          (isupper((unsigned char)whois->country[0]) && isupper((unsigned char)whois->country[1])));
    check(!whois->country[2]);
    check(text.range.first.family == 0 || whois_range_holds(&text.range, &address));
    check(text.result != WHOISTEXT_FOUND || text.range.first.family != 0);
    check((text.result == WHOISTEXT_REFERRAL) == (text.referral.host[0] != '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_answer(data, size, "192.0.2.1");
    check_answer(data, size, "2001:db8::1");
    return 0;
}
