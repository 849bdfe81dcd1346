/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/net.h"

#include <string.h>

static unsigned slot(uint8_t family)
{
    return family == 6;
}

int net_find(const struct net *net, const char *name)
{
    for (unsigned i = 0; i < net->node_count; i++)
        if (strcmp(net->nodes[i].name, name) == 0)
            return (int)i;
    return -1;
}

const struct addr *net_address(const struct net *net, unsigned node, uint8_t family)
{
    return &net->nodes[node].addresses[slot(family)];
}

static bool owns_by_link(const struct net *net, unsigned node, const struct addr *address)
{
    for (unsigned i = 0; i < net->link_count; i++)
        for (unsigned end = 0; end < 2; end++)
            if (net->links[i].ends[end] == node &&
                addr_equal(&net->links[i].addresses[end][slot(address->family)], address))
                return true;
    return false;
}

static bool owns_by_nat(const struct net *net, unsigned node, const struct addr *address)
{
    for (unsigned i = 0; i < net->nat_count; i++)
        if (net->nats[i].node == node && addr_equal(&net->nats[i].addresses[slot(address->family)], address))
            return true;
    return false;
}

int net_owner(const struct net *net, const struct addr *address)
{
    for (unsigned i = 0; i < net->node_count && !net->nat_count; i++) /* most packets, and quick */
        if (addr_equal(net_address(net, i, address->family), address))
            return (int)i;
    for (unsigned i = 0; i < net->node_count; i++)
        if (addr_equal(net_address(net, i, address->family), address) || owns_by_link(net, i, address) ||
            owns_by_nat(net, i, address))
            return (int)i;
    return -1;
}
