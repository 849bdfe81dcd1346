/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options/replay_filter.h"

#include <strings.h>

#include "packet/packet.h"
#include "probe/type.h"

bool replay_filter_is_of_parts(const struct replay_filter *choice)
{
    return choice->probe_count > 0 || choice->since.kind != INSTANT_NONE || choice->until.kind != INSTANT_NONE ||
           choice->bpf;
}

static nstime later(nstime from, nstime span)
{
    return from > NSTIME_NEVER - span ? NSTIME_NEVER : from + span;
}

static nstime instant_of(const struct instant *instant, nstime first, nstime none)
{
    switch (instant->kind) {
    case INSTANT_NONE:
        break;
    case INSTANT_AT:
        return instant->time;
    case INSTANT_CLOCK:
        return later(nstime_midnight(first), instant->time);
    case INSTANT_AFTER:
        return later(first, instant->time);
    }
    return none;
}

void replay_filter_window(const struct replay_filter *choice, nstime first, nstime *since, nstime *until)
{
    *since = instant_of(&choice->since, first, INT64_MIN);
    *until = instant_of(&choice->until, first, NSTIME_NEVER);
}

bool replay_filter_has_name(const struct replay_filter *choice)
{
    struct addr ignored;
    return *choice->host && !addr_parse(choice->host, &ignored);
}

static bool is_host(const char *host, const struct addr *target, const char *name)
{
    struct addr address;
    if (!*host)
        return true;
    if (addr_parse(host, &address))
        return addr_equal(&address, target);
    return name && strcasecmp(host, name) == 0;
}

static bool fits_addresses(const struct replay_filter *choice, const struct addr *source, const struct addr *target,
                           const char *name)
{
    return is_host(choice->host, target, name) && (!choice->family || choice->family == target->family) &&
           network_has(&choice->target, target) && network_has(&choice->source, source);
}

static bool fits_probe(const struct replay_filter_probe *probe, const struct probe_spec *spec)
{
    if (probe->spec.type != spec->type || probe->spec.protocol != spec->protocol)
        return false;
    return probe->any_port ||
           (probe->spec.port == spec->port && (probe->any_variant || probe->spec.variant == spec->variant));
}

bool replay_filter_wants(const struct replay_filter *choice, const struct addr *source, const struct addr *target,
                         const char *name, const struct probe_spec *spec)
{
    bool fits = !choice->probe_count;
    for (unsigned i = 0; i < choice->probe_count; i++)
        fits = fits || fits_probe(&choice->probes[i], spec);
    return fits && fits_addresses(choice, source, target, name);
}

/* An error quotes too little to tell variants. */
static bool error_fits_probe(const struct replay_filter_probe *probe, const struct other_error *error)
{
    const struct probe_type *type = probe_type_of_protocol(error->protocol);
    if (probe->spec.type != type || (!type->protocol && probe->spec.protocol != error->protocol))
        return false;
    return probe->any_port || !probe->spec.type->has_port ||
           (error->has_ports && error->target_port == probe->spec.port);
}

bool replay_filter_wants_error(const struct replay_filter *choice, const struct other_error *error)
{
    bool fits = !choice->probe_count;
    for (unsigned i = 0; i < choice->probe_count; i++)
        fits = fits || error_fits_probe(&choice->probes[i], error);
    return fits && fits_addresses(choice, &error->source, &error->target, NULL);
}
