/* SPDX-License-Identifier: BSD-2-Clause */
/* whois_text: parses the network of an address from a WHOIS answer. Floor 1; pure.
 *
 * RFC 3912 leaves the format to the server, so this module knows the registries' formats: RPSL of RIPE NCC, APNIC
 * and AFRINIC (RFC 2622 2), ARIN, LACNIC and registro.br, JPNIC, KRNIC. IANA only refers to one of them. Any bytes
 * are accepted. Unknown keys are ignored, and so is a last line without its end, which may be cut. */
#ifndef HOPSONDE_ADDRESS_WHOIS_TEXT_H
#define HOPSONDE_ADDRESS_WHOIS_TEXT_H

#include "address/address_book.h"
#include "address/whois_range.h"
#include "address/whois_server.h"

#define WHOISTEXT_BYTES 65536 /* bytes; the rest of an answer is ignored */

enum whoistext_result {
    WHOISTEXT_NONE,     /* the answer has no network that holds the address */
    WHOISTEXT_FOUND,    /* the answer describes the network */
    WHOISTEXT_REFERRAL, /* another server knows more; this server's data, if any, is filled in too */
    WHOISTEXT_REFUSED,  /* the server refuses to answer, mostly because of too many queries */
};

struct whoistext {
    enum whoistext_result result;
    struct address_whois whois;   /* bytes as received: not necessarily UTF-8, control characters included */
    struct whois_range range;     /* range of the data or the referral; family 0: not given */
    struct whois_server referral; /* `host` "": none */
};

/* Parses an answer. If several networks hold the address, the smallest counts. The organisation is the first of
 * these that is present:
 * 1. the name that the network's org: or OrgName: refers to,
 * 2. a name in the network itself,
 * 3. its first descr:.
 * With a referral, IANA's own text is ignored: it describes the registry, not the network. A referral by rwhois://
 * (RFC 2167) does not count: WHOIS servers alone are queried. */
void whoistext_read(const char *bytes, size_t length, const struct addr *address, struct whoistext *out);

#endif
