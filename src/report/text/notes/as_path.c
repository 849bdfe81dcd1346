/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/notes/as_path.h"

#include <string.h>

#include "address/special.h"

#define NETWORKS_MOST 256 /* of a path: at most one per TTL */

/* One network on a path: an AS or a special range. */
struct network {
    uint32_t asn; /* 0: none */
    const struct special *special;
    const struct path_hop *first;
};

struct as_path {
    struct network list[NETWORKS_MOST];
    size_t count;
};

/* The peering LAN of an exchange belongs to the exchange, whichever AS announces it. */
static struct network network_of(const struct path_hop *hop)
{
    const struct special *special = addr_is_none(&hop->address) ? NULL : special_find(&hop->address);
    bool is_ixp = special && special->is_ixp;
    uint32_t asn = hop->facts && !is_ixp ? hop->facts->asn : 0;
    return (struct network){.asn = asn, .special = asn ? NULL : special, .first = hop};
}

/* True: an AS may use the addresses of this network inside. */
static bool may_be_within(const struct network *network)
{
    return !network->asn && !network->special->is_ixp;
}

static bool is_same(const struct network *a, const struct network *b)
{
    if (a->asn || b->asn)
        return a->asn == b->asn;
    return strcmp(a->special->name, b->special->name) == 0;
}

static void pass(struct as_path *path, const struct network *network)
{
    size_t left = path->count;
    while (network->asn && left > 0 && may_be_within(&path->list[left - 1]))
        left--;
    if (left > 0 && is_same(&path->list[left - 1], network))
        path->count = left;
    else if (path->count < NETWORKS_MOST)
        path->list[path->count++] = *network;
}

static void add_network(struct strbuf *line, const struct network *network)
{
    if (network->asn) {
        const char *purpose = special_asn(network->asn), *name = network->first->facts->as_name;
        strbuf_addf(line, "AS%lu", (unsigned long)network->asn);
        strbuf_add(line, *name || purpose ? " " : "");
        name = *name || !purpose ? name : purpose;
        strbuf_add_foreign(line, name);
    } else {
        strbuf_add(line, network->special->name);
    }
    strbuf_addf(line, " (hop %u)", network->first->ttl);
}

static void add_networks(struct strbuf *line, const struct as_path *path)
{
    bool has_asn = false;
    for (size_t i = 0; i < path->count; i++)
        has_asn = has_asn || path->list[i].asn;
    if (!has_asn)
        strbuf_add(line, "no AS number is known for these hops");
    for (size_t i = 0; has_asn && i < path->count; i++) {
        strbuf_add(line, i ? " > " : "");
        add_network(line, &path->list[i]);
    }
}

void as_path_add(struct strbuf *line, const struct hops *hops)
{
    struct as_path path = {.count = 0};
    for (size_t i = 0; i < hops->count; i++) {
        struct network network = network_of(&hops->list[i]);
        if (network.asn || network.special)
            pass(&path, &network);
    }
    add_networks(line, &path);
}
