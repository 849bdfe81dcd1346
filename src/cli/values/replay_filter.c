/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/values/replay_filter.h"

#include <strings.h>

#include "packet/packet.h"
#include "probe/type.h"

bool replay_filter_is_of_parts(const struct replay_filter *filter)
{
    return filter->probe_count > 0 || filter->since.kind != INSTANT_NONE || filter->until.kind != INSTANT_NONE ||
           filter->bpf;
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

void replay_filter_window(const struct replay_filter *filter, nstime first, nstime *since, nstime *until)
{
    *since = instant_of(&filter->since, first, INT64_MIN);
    *until = instant_of(&filter->until, first, NSTIME_NEVER);
}

bool replay_filter_has_name(const struct replay_filter *filter)
{
    struct addr ignored;
    return *filter->host && !addr_parse(filter->host, &ignored);
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

static bool fits_addresses(const struct replay_filter *filter, const struct addr *source, const struct addr *target,
                           const char *name)
{
    return is_host(filter->host, target, name) && (!filter->family || filter->family == target->family) &&
           network_has(&filter->target, target) && network_has(&filter->source, source);
}

static bool fits_probe(const struct replay_filter_probe *probe, const struct probe_spec *spec)
{
    if (probe->spec.type != spec->type || probe->spec.protocol != spec->protocol)
        return false;
    return probe->any_port ||
           (probe->spec.port == spec->port && (probe->any_variant || probe->spec.variant == spec->variant));
}

bool replay_filter_wants(const struct replay_filter *filter, const struct addr *source, const struct addr *target,
                         const char *name, const struct probe_spec *spec)
{
    bool fits = !filter->probe_count;
    for (unsigned i = 0; i < filter->probe_count; i++)
        fits = fits || fits_probe(&filter->probes[i], spec);
    return fits && fits_addresses(filter, source, target, name);
}

/* An error quotes too little to tell variants apart. */
static bool error_fits_probe(const struct replay_filter_probe *probe, const struct other_error *error)
{
    const struct probe_type *type = probe_type_of_protocol(error->protocol);
    if (probe->spec.type != type || (!type->protocol && probe->spec.protocol != error->protocol))
        return false;
    return probe->any_port || !probe->spec.type->has_port ||
           (error->has_ports && error->target_port == probe->spec.port);
}

bool replay_filter_wants_error(const struct replay_filter *filter, const struct other_error *error)
{
    bool fits = !filter->probe_count;
    for (unsigned i = 0; i < filter->probe_count; i++)
        fits = fits || error_fits_probe(&filter->probes[i], error);
    return fits && fits_addresses(filter, &error->source, &error->target, NULL);
}
