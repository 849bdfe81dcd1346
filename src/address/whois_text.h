/* SPDX-License-Identifier: BSD-2-Clause */
/* whois_text: reads the network of an address from a WHOIS answer. Floor 1; pure.
 *
 * RFC 3912 leaves the answer to the server, so this knows the layouts of the registries: RPSL of RIPE NCC, APNIC and
 * AFRINIC (RFC 2622 2), ARIN, LACNIC and registro.br, JPNIC, KRNIC, and IANA, which only refers to one of them. Any
 * bytes may come; what is no known key counts for nothing, nor does a last line without its end, which may be cut. */
#ifndef HOPSONDE_ADDRESS_WHOIS_TEXT_H
#define HOPSONDE_ADDRESS_WHOIS_TEXT_H

#include "address/address_book.h"
#include "address/whois_range.h"
#include "address/whois_server.h"

#define WHOISTEXT_BYTES 65536 /* what is looked at of an answer */

enum whoistext_result {
    WHOISTEXT_NONE,     /* it knows of no network that holds the address */
    WHOISTEXT_FOUND,    /* something is known */
    WHOISTEXT_REFERRAL, /* another server knows more; what this one knows is there all the same, if anything */
    WHOISTEXT_REFUSED,  /* the server does not want to answer, mostly because it was asked too often */
};

struct whoistext {
    enum whoistext_result result;
    struct address_whois whois;   /* bytes as they came, UTF-8 or not, control characters included */
    struct whois_range range;     /* of what is known or referred; of family 0: not said */
    struct whois_server referral; /* `host` "": none */
};

/* Of several networks that hold the address the smallest counts. The organisation is, in this order, what the network's
 * org: or OrgName: names, what the network itself says, and its first descr:. IANA's words are of the registry and not
 * of the network, so where it refers they are left out. A referral by rwhois:// is none (RFC 2167 is not spoken). */
void whoistext_read(const char *bytes, size_t length, const struct addr *address, struct whoistext *out);

#endif
