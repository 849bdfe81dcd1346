/* SPDX-License-Identifier: BSD-2-Clause */
/* packet_text: a decoded packet in one line, which the vectors expect. For tests only. */
#ifndef HOPSONDE_TESTS_PACKET_TEXT_H
#define HOPSONDE_TESTS_PACKET_TEXT_H

#include "base/strbuf.h"
#include "packet/packet.h"

/* Only what is known and not the default appears: `tos` 0, `id` 0 ... stay out. */
void packet_text(const struct packet *packet, struct strbuf *out);

#endif
