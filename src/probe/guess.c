/* SPDX-License-Identifier: BSD-2-Clause */
/* guess: how much a forger has to guess so that a quote passes as one of our probes. A field counts if it is drawn
 * anew for each run, and if the quote shows it as it was sent. */
#include "probe/identity.h"

#define PORT_BITS 14      /* the dynamic ports, RFC 6335 6 */
#define GIVEN_PORT_BITS 8 /* a port that the user named: a forger tries the few hundred usual ones first */
#define LABEL_BITS 20     /* an IPv6 flow label, RFC 8200 3 */

unsigned identity_port_bits(const struct flow *flow)
{
    return flow->port_is_given ? GIVEN_PORT_BITS : PORT_BITS;
}

static bool ip_id_fits(const struct headers *sent, const struct headers *quoted)
{
    uint16_t swapped = (uint16_t)(quoted->ip.id << 8 | quoted->ip.id >> 8); /* by routers of the other byte order */
    return sent->ip.version == 4 && (quoted->ip.id == sent->ip.id || swapped == sent->ip.id);
}

unsigned identity_number_bits(const struct flow *flow, bool fits, const struct headers *sent,
                              const struct headers *quoted)
{
    bool same_number = flow->coding == CODING_ONE_NUMBER && ip_id_fits(sent, quoted);
    return fits && !same_number ? NUMBER_BITS : 0;
}

unsigned identity_checksum_bits(const struct flow *flow, const struct headers *sent, const struct headers *quoted)
{
    bool fits = (quoted->transport.have & HAVE_CHECKSUM) &&
                identity_untranslated_checksum(flow, quoted) == sent->transport.checksum;
    return identity_number_bits(flow, fits, sent, quoted);
}

unsigned flow_guess_bits(const struct flow *flow, const struct headers *sent, const struct headers *quoted)
{
    const struct probe_type *type = flow->spec.type;
    const struct transport *t = &quoted->transport;
    unsigned bits = type->quoted_bits(flow, sent, quoted);
    if (type->has_port && (t->have & HAVE_PORTS) && t->source_port == flow->source_port)
        bits += identity_port_bits(flow);
    if (ip_id_fits(sent, quoted))
        bits += NUMBER_BITS;
    if (sent->ip.version == 6 && !flow->label_is_given && quoted->ip.flow_label == sent->ip.flow_label)
        bits += LABEL_BITS;
    return bits;
}
