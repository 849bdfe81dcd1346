/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/port_lists.h"

#include <string.h>

#include "probe/type.h"
#include "strategies/strategies.h"

/* Default of --budget, and what each port of a list adds to it.
 * Unit: packets. Source: chosen; a diagnosis takes some hundred, and a port two to ten. Effect: with fewer, ports stay
 * undecided where limits hide refusals. */
#define DIAGNOSE_PACKETS 2000
#define PORTS_PACKETS 10
#define PORTS_PACKETS_MOST 1000000 /* packets; --budget takes no more */
/* Mean time between two sends to the ports of a list, without -z and --rate.
 * Unit: ns. Source: chosen: 1000 packets a second. Effect: a shorter one may overload a small firewall. */
#define PORTS_SEND_GAP NS_PER_MS

enum status port_lists_add(struct session_config *config, const struct port_list *list, struct err *err)
{
    unsigned i = 0;
    while (i < config->port_list_count && !port_list_is_alike(&config->port_lists[i], list))
        i++;
    if (i == PORT_LISTS_MOST)
        return err_set(err, STATUS_USAGE, "too many port lists (at most %d protocols and variants in one run)",
                       PORT_LISTS_MOST);
    if (i == config->port_list_count)
        config->port_lists[config->port_list_count++] = *list;
    else if (!port_list_merge(&config->port_lists[i], list))
        return err_set(err, STATUS_USAGE, "%s: too many ranges of ports in all (name longer ranges)",
                       list->spec.type->name);
    return STATUS_OK;
}

/* The list that this spec may join; NULL: none. */
static struct port_list *list_of_spec(struct session_config *config, const struct probe_spec *spec)
{
    for (unsigned i = 0; i < config->port_list_count; i++) {
        struct port_list *list = &config->port_lists[i];
        struct probe_spec same = spec->type == list->spec.type ? port_list_spec(list, spec->port) : *spec;
        if (spec->type == list->spec.type && probe_spec_equal(&same, spec))
            return list;
    }
    return NULL;
}

static uint32_t count_all(struct session_config *config)
{
    uint32_t count = 0;
    for (unsigned i = 0; i < config->port_list_count; i++)
        count += config->port_lists[i].count;
    for (unsigned i = 0; i < config->spec_count; i++) {
        const struct port_list *list = list_of_spec(config, &config->specs[i]);
        count += !list || !port_list_has(list, config->specs[i].port);
    }
    return count;
}

static bool has_spec(const struct session_config *config, const struct probe_spec *spec)
{
    for (unsigned i = 0; i < config->spec_count; i++)
        if (probe_spec_equal(&config->specs[i], spec))
            return true;
    return false;
}

static void expand(struct session_config *config)
{
    for (unsigned i = 0; i < config->port_list_count; i++)
        for (unsigned port = port_list_next(&config->port_lists[i], 1); port;
             port = port_list_next(&config->port_lists[i], port + 1)) {
            struct probe_spec spec = port_list_spec(&config->port_lists[i], (uint16_t)port);
            if (!has_spec(config, &spec))
                config->specs[config->spec_count++] = spec;
        }
    config->port_list_count = 0;
}

static enum status join_lists(struct session_config *config, struct err *err)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < config->spec_count; i++) {
        struct port_list *list = list_of_spec(config, &config->specs[i]);
        if (!list) {
            config->specs[kept++] = config->specs[i];
            continue;
        }
        port_list_add(list, config->specs[i].port);
        list->spec = port_list_spec(list, (uint16_t)port_list_next(list, 1));
    }
    config->spec_count = kept;
    if (kept >= PORT_LISTS_OVER)
        return err_set(err, STATUS_USAGE, "too many probes besides the port lists (at most %d)", PORT_LISTS_OVER - 1);
    return STATUS_OK;
}

static void take_spec(struct session_config *config)
{
    static const uint16_t preferred[] = {443, 80, 22, 53};
    struct port_list *list = &config->port_lists[0];
    unsigned port = port_list_next(list, 1);
    for (unsigned i = sizeof preferred / sizeof *preferred; i-- > 0;)
        port = port_list_has(list, preferred[i]) ? preferred[i] : port;
    config->specs[config->spec_count++] = port_list_spec(list, (uint16_t)port);
    port_list_remove(list, port);
    list->spec = port_list_spec(list, (uint16_t)port_list_next(list, 1));
}

enum status port_lists_settle(struct session_config *config, bool needs_spec, struct err *err)
{
    if (!config->port_list_count)
        return STATUS_OK;
    if (count_all(config) <= PORT_LISTS_OVER) {
        expand(config);
        return STATUS_OK;
    }
    enum status status = join_lists(config, err);
    if (status == STATUS_OK && needs_spec && !config->spec_count)
        take_spec(config);
    return status;
}

enum status port_lists_add_spec(struct session_config *config, const struct probe_spec *spec, struct err *err)
{
    struct port_list list = {.spec = *spec,
                             .variant_given = probe_type_default_variant(spec->type, spec->port) != spec->variant};
    port_list_add(&list, spec->port);
    return port_lists_add(config, &list, err);
}

static uint32_t count_ports(const struct session_config *config)
{
    uint32_t count = 0;
    for (unsigned i = 0; i < config->port_list_count; i++)
        count += config->port_lists[i].count;
    return count;
}

enum status port_lists_pace(struct options *options, struct err *err)
{
    struct session_config *config = &options->session;
    const struct pace_options *pace = &options->pace;
    uint32_t ports = count_ports(config), usual = DIAGNOSE_PACKETS + PORTS_PACKETS * ports;
    if (pace->budget && pace->budget < ports)
        return err_set(err, STATUS_USAGE,
                       "--budget %u: the port lists name %u ports (allow more packets, or name fewer ports)",
                       pace->budget, ports);
    usual = usual < PORTS_PACKETS_MOST ? usual : PORTS_PACKETS_MOST;
    config->budget = pace->budget ? pace->budget : usual;
    config->strategy = ports || session_config_is_through(config) ? &strategy_ports : &strategy_diagnose;
    config->gap_is_mean = ports && !pace->send_gap_given;
    if (config->gap_is_mean)
        config->send_gap = pace->rate_gap ? pace->rate_gap : PORTS_SEND_GAP;
    return STATUS_OK;
}
