/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/type.h"

#include "base/strbuf.h"

const struct probe_type *probe_type_of_protocol(uint8_t protocol)
{
    const struct probe_type *bare = NULL;
    for (unsigned i = 0; probe_types[i]; i++) {
        const struct probe_type *type = probe_types[i];
        if (!type->protocol)
            bare = type;
        else if (type->protocol == protocol || (type->protocol_ipv6 && type->protocol_ipv6 == protocol))
            return type;
    }
    return bare;
}

uint8_t probe_type_protocol(const struct probe_type *type, uint8_t family, uint8_t number)
{
    return family == 6 && type->protocol_ipv6 ? type->protocol_ipv6 : number;
}

void probe_type_help(const struct probe_type *type, struct strbuf *out)
{
    strbuf_add(out, type->help);
    for (const struct probe_variant_row *const *row = type->variants; *row; row++)
        if ((*row)->help)
            strbuf_addf(out, "; %s", (*row)->help);
}

const struct probe_variant_row *probe_variant_seen(const struct probe_type *type, enum probe_shape shape, int port,
                                                   struct cursor payload, size_t size)
{
    const struct probe_variant_row *const *row = type->variants;
    for (; row[1]; row++) {
        bool fits = (!(*row)->shapes || (*row)->shapes >> shape & 1) && (!(*row)->port || (*row)->port == port);
        if (fits && (port < 0 || !(*row)->is_carried || (*row)->is_carried(payload, size)))
            break;
    }
    return *row;
}

const struct probe_variant_row *probe_name_seen(const struct probe_type *type, uint16_t port, struct cursor payload,
                                                char name[PROBE_NAME_MOST + 1])
{
    for (const struct probe_variant_row *const *row = type->variants; *row; row++) {
        bool fits = (*row)->read_name && (!(*row)->payload || (*row)->port == port); /* TCP carries them to any port */
        if (fits && (*row)->read_name(payload, name))
            return *row;
    }
    return NULL;
}
