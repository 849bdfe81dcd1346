/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/transit/transit_words.h"

const char *transit_way_name(enum transit_way way)
{
    return way == TRANSIT_TOWARD_FAR ? "toward-far" : "toward-near";
}

const char *transit_fate_name(enum transit_fate fate)
{
    static const char *const names[TRANSIT_FATES] = {
        [TRANSIT_LOST] = "lost",
        [TRANSIT_FORGED] = "forged",
        [TRANSIT_MIDWAY] = "midway",
        [TRANSIT_UNJUDGED] = "unjudged",
    };
    return names[fate];
}

const char *transit_reason_name(enum transit_reason reason)
{
    static const char *const names[TRANSIT_REASONS] = {
        [TRANSIT_JUDGED] = "",
        [TRANSIT_NOT_COVERED] = "not-covered",
        [TRANSIT_SILENT] = "silent",
        [TRANSIT_MISSED] = "missed",
        [TRANSIT_CAPTURE_DROPS] = "capture-drops",
        [TRANSIT_UNPAIRED] = "unpaired",
        [TRANSIT_PROXIED] = "proxied",
        [TRANSIT_AMBIGUOUS] = "ambiguous",
        [TRANSIT_WAY_UNKNOWN] = "way-unknown",
        [TRANSIT_FRAGMENTED] = "fragmented",
    };
    return names[reason];
}
