/* SPDX-License-Identifier: BSD-2-Clause */
/* target: the HOST argument, which may be a URL. Top floor; pure. */
#ifndef HOPSONDE_CLI_VALUES_TARGET_H
#define HOPSONDE_CLI_VALUES_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct url_parts {
    const char *protocol; /* static; of the URL's scheme: "tcp" or "udp"; NULL: HOST is not a URL, or it has neither a
                             known scheme nor a port */
    uint16_t port;        /* the URL's, or its scheme's; 0 where `protocol` is NULL */
};

/* Writes the host alone (no brackets, no userinfo; %zone kept) into `host`. STATUS_USAGE where there is none or it
 * doesn't fit, or for what looks like HOST:PORT, HOST/PATH or NETWORK/PREFIX. */
enum status target_parse(const char *text, char *host, size_t host_bytes, struct url_parts *out, struct err *err);

#endif
