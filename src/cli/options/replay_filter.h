/* SPDX-License-Identifier: BSD-2-Clause */
/* choice: which traces and which frames of a capture a replay is about. Floor 6; pure.
 *
 * Time and --bpf choose frames, before anything is recognised; addresses, family and probes choose whole traces. All
 * that were given must fit; of several probes, one. */
#ifndef HOPSONDE_CLI_OPTIONS_REPLAY_FILTER_H
#define HOPSONDE_CLI_OPTIONS_REPLAY_FILTER_H

#include "cli/options/values.h"
#include "recognise/recognise.h"

/* One -P of a replay. */
struct replay_filter_probe {
    struct probe_spec spec;
    bool any_port;    /* the protocol alone was named: every port and variant of it */
    bool any_variant; /* no variant was named */
};

struct replay_filter {
    const char *host;              /* "": any. Borrowed */
    struct network target, source; /* family 0: any */
    uint8_t family;                /* 4, 6, 0: either */
    struct replay_filter_probe probes[SPECS_MOST];
    unsigned probe_count; /* 0: any */
    struct instant since, until;
    const char *bpf; /* NULL: none. Borrowed */
};

/* Whether it may leave a part of a saved run: some of its frames, or the traces by some of its probes. */
bool replay_filter_is_of_parts(const struct replay_filter *choice);
/* Points of time from `since` on, before `until`; the first frame of the capture is at `first`. */
void replay_filter_window(const struct replay_filter *choice, nstime first, nstime *since, nstime *until);

/* Whether HOST is a name, which no other tool's capture has. */
bool replay_filter_has_name(const struct replay_filter *choice);
/* `name`: that of the target in a capture of our own; NULL: there is none. */
bool replay_filter_wants(const struct replay_filter *choice, const struct addr *source, const struct addr *target,
                         const char *name, const struct probe_spec *spec);
bool replay_filter_wants_error(const struct replay_filter *choice, const struct other_error *error);

#endif
