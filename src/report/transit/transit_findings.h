/* SPDX-License-Identifier: BSD-2-Clause */
/* transit_findings: the findings of two capture points, one of each kind, way and value, the worst first, with their
 * sentences. Floor: report; pure. */
#ifndef HOPSONDE_REPORT_TRANSIT_TRANSIT_FINDINGS_H
#define HOPSONDE_REPORT_TRANSIT_TRANSIT_FINDINGS_H

#include "report/result.h"

/* Frames that a finding shows. Unit: frames. Source: chosen. Effect: the conversations show all. */
#define TRANSIT_FRAMES_SHOWN 100

struct transit_finding_frame {
    enum transit_point point;
    struct transit_frame frame;
};

struct transit_finding {
    enum finding_kind kind;
    bool has_way;
    enum transit_way way;
    uint64_t packets, conversations;
    uint32_t first, last; /* conversations that show it; indexes */
    /* Rewrites: */
    uint8_t field;          /* enum rewrite_field */
    uint64_t before, after; /* values at the sender's point and at the receiver's */
    bool varies;            /* other packets had other values */
    uint64_t repeated;      /* lost-toward-: packets whose bytes came later */
    struct transit_finding_frame frames[TRANSIT_FRAMES_SHOWN];
    unsigned frame_count;
    struct strbuf text;
};

struct transit_findings {
    struct transit_finding *list; /* owned */
    size_t count, capacity;
};

/* False: out of memory; the list is then incomplete. */
bool transit_findings_make(const struct result *result, const struct transit_section *section,
                           struct transit_findings *out);
void transit_findings_free(struct transit_findings *findings);

#endif
