/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands/target.h"

#include <stdio.h>

#include "live/confined.h"
#include "lookup/resolve.h"

/* Checks the options that depend on the target's family. */
static enum status check_target(const struct options *options, const char *host, const struct addr *target,
                                struct err *err)
{
    const struct addr *source = &options->session.source, *gateway = &options->session.through;
    if (!addr_is_none(source) && source->family != target->family)
        return err_set(err, STATUS_USAGE, "-s: the source address is IPv%u, the target IPv%u", source->family,
                       target->family);
    if (!addr_is_none(gateway) && gateway->family != target->family)
        return err_set(err, STATUS_USAGE, "--through: the gateway's address is IPv%u, the target IPv%u",
                       gateway->family, target->family);
    if (addr_equal(gateway, target))
        return err_set(err, STATUS_USAGE, "--through: this is the target (name a gateway before it)");
    if (options->session.flow_label >= 0 && target->family != 6)
        return err_set(err, STATUS_USAGE, "--flow-label: %s is no IPv6 target", host);
    return STATUS_OK;
}

const char *target_host(const struct options *options, unsigned index)
{
    return index ? options->other_hosts[index - 1] : options->host;
}

/* All targets of a run have one wire, which sends one family. */
static enum status check_alike(const char *host, const struct addr *target, struct addr *first, struct err *err)
{
    if (!addr_is_none(first) && first->family != target->family)
        return err_set(err, STATUS_USAGE, "%s: an IPv%u address beside an IPv%u one (start a run for each family)",
                       host, target->family, first->family);
    *first = *target;
    return STATUS_OK;
}

enum status target_check_literal(const struct options *options, struct err *err)
{
    struct addr first = {0};
    enum status status = STATUS_OK;
    for (unsigned i = 0; i <= options->other_count && status == STATUS_OK; i++) {
        struct addr target;
        uint32_t zone;
        status = resolve_literal(target_host(options, i), options->family, &target, &zone, err);
        if (status == STATUS_OK && !addr_is_none(&target))
            status = check_target(options, target_host(options, i), &target, err);
        if (status == STATUS_OK && !addr_is_none(&target))
            status = check_alike(target_host(options, i), &target, &first, err);
    }
    return status;
}

uint8_t target_family(const struct options *options)
{
    for (unsigned i = 0; i <= options->other_count && !options->family; i++) {
        struct addr target;
        uint32_t zone;
        struct err ignored;
        if (resolve_literal(target_host(options, i), 0, &target, &zone, &ignored) == STATUS_OK &&
            !addr_is_none(&target))
            return target.family;
    }
    return options->family;
}

/* The name's address comes from a process that has no privileges: it parses what name servers send. */
static enum status find_address(const char *host, uint8_t family, struct addr *out, uint32_t *zone, struct err *err)
{
    const struct resolve_question question = {.host = host, .family = family};
    struct resolve_answer answer;
    enum status status = resolve_literal(host, family, out, zone, err);
    if (status != STATUS_OK || !addr_is_none(out))
        return status;
    if (confined_run(resolve_ask, &question, &answer, sizeof answer, err) == STATUS_OK)
        return resolve_take(&question, &answer, out, zone, err);
    const struct err why = *err;
    return err_set(err, STATUS_SYSTEM, "%s: cannot look up this name: %s", host, why.message);
}

enum status target_find(const struct options *options, const char *host, uint8_t family, struct session_config *config,
                        char interface[IF_NAMESIZE], struct err *err)
{
    uint32_t zone = 0;
    family = family ? family : options->family;
    family = family ? family : config->source.family;
    family = family ? family : config->through.family;
    enum status status = find_address(host, family, &config->target, &zone, err);
    if (status != STATUS_OK)
        return status;
    if (options->interface)
        snprintf(interface, IF_NAMESIZE, "%s", options->interface);
    else if (!zone || !if_indextoname(zone, interface))
        *interface = '\0';
    snprintf(config->target_name, sizeof config->target_name, "%s", host);
    return check_target(options, host, &config->target, err);
}

enum status target_route(const struct options *options, const struct session_config *config, const struct addr *source,
                         const char *interface, struct route *route, struct err *err)
{
    return route_lookup(&config->target, source, *interface ? interface : NULL, options->fwmark, route, err);
}
