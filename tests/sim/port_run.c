/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/port_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/ports.h"

void port_run_add_links(struct strbuf *out, unsigned routers, const char *options)
{
    for (unsigned k = 0; k <= routers; k++) {
        char from[16] = "client", to[16] = "target";
        if (k > 0)
            snprintf(from, sizeof from, "r%u", k);
        if (k < routers)
            snprintf(to, sizeof to, "r%u", k + 1);
        strbuf_addf(out, "link %s %s delay 5ms %s\n", from, to, options);
    }
}

static void set_gateway(struct session_config *config, const char *through)
{
    if (through && !addr_parse(through, &config->through))
        config->through_ttl = (uint8_t)atoi(through);
}

bool port_run_through(struct drive *d, const struct net *net, const char *list, const char *through, uint8_t family,
                      uint64_t seed)
{
    struct session_config *config = calloc(1, sizeof *config);
    struct err err = {0};
    bool good = config && drive_config(net, family, "icmp", seed, config, &err) == STATUS_OK &&
                port_list_parse(list, &config->port_lists[0], &err) == STATUS_OK;
    if (good) {
        config->port_list_count = 1;
        config->strategy = &strategy_ports;
        config->queries = 1;
        config->flows = 12;
        config->confidence = 990000;
        config->budget = 20000;
        config->send_gap = NS_PER_MS;
        set_gateway(config, through);
        good = drive_live(d, net, config, NSTIME_NEVER);
    }
    free(config);
    return good;
}

bool port_run(struct drive *d, const struct net *net, const char *list, uint8_t family, uint64_t seed)
{
    return port_run_through(d, net, list, NULL, family, seed);
}
