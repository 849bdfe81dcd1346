/* SPDX-License-Identifier: BSD-2-Clause */
/* target: the HOST argument, which may be a URL. Floor 6; pure. */
#ifndef HOPSONDE_CLI_TARGET_H
#define HOPSONDE_CLI_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct target_words {
    const char *protocol; /* static; what the URL's scheme speaks: "tcp" or "udp"; NULL: HOST was no URL, or the scheme
                             is unknown and there is no port */
    uint16_t port;        /* the URL's, or its scheme's; 0 where `protocol` is NULL */
};

/* Writes the host alone (no brackets, no userinfo; %zone kept) into `host`. STATUS_USAGE where there is none or it
 * doesn't fit, or for what looks like HOST:PORT, HOST/PATH or NETWORK/PREFIX. */
enum status target_parse(const char *text, char *host, size_t host_bytes, struct target_words *out, struct err *err);

#endif
