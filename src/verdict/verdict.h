/* SPDX-License-Identifier: BSD-2-Clause */
/* verdict: what became of each probe spec, where, how sure, and on which frames that rests. Floor 4; pure.
 *
 * Rules are rows of a table, tried in order; the first that holds decides (verdict/rules.c). */
#ifndef HOPSONDE_VERDICT_VERDICT_H
#define HOPSONDE_VERDICT_VERDICT_H

#include "session/session.h"

enum verdict_state {
    VERDICT_OPEN,
    VERDICT_CLOSED,
    VERDICT_REJECTED,
    VERDICT_DROPPED,
    VERDICT_INTERCEPTED,
    VERDICT_UNREACHABLE,
    VERDICT_LOOPING,
    VERDICT_UNANSWERED,
    VERDICT_INCONCLUSIVE,
};

struct place {
    bool known;
    uint8_t ttl;         /* 0: not known */
    struct addr address; /* may be none: the hop is known, its address is not */
};

#define VERDICT_FRAMES_MOST 32
#define SENTENCE_BYTES 512

/* A frame of the capture. */
struct frame_number {
    uint64_t number; /* in its file, from 1 */
    uint8_t file;    /* which of the capture's files, from 0 */
};

struct verdict {
    const struct trace *trace; /* whose spec is judged */
    enum verdict_state state;
    const char *how; /* constant: "admin-prohibited", "tcp-reset", "silent" ...; NULL where none makes sense */
    struct place at, after, before;
    double confidence;                               /* 0 to 0.999 */
    char text[SENTENCE_BYTES];                       /* one sentence; network names in it are escaped already */
    struct frame_number frames[VERDICT_FRAMES_MOST]; /* that show it; none are kept without a capture file */
    unsigned frame_count;
};

struct finding {
    const char *kind;          /* constant: "local-drop", "nat" ... */
    const struct trace *trace; /* NULL: of the whole path */
    struct place at, after;
    struct {
        const char *name; /* constant; NULL ends */
        double number;
        const char *text; /* constant, or in `addresses`; NULL: `number` counts */
    } detail[6];
    char addresses[2][ADDR_TEXT_BYTES]; /* of a detail: a finding is not to be copied */
    char text[SENTENCE_BYTES];
    struct frame_number frames[VERDICT_FRAMES_MOST];
    unsigned frame_count;
};

#define FINDINGS_MOST 64 /* beyond that the least important kinds are left out */

struct judgement {
    const struct trace *of; /* one of those that were judged: all have its source and target; NULL: none was */
    struct verdict verdicts[SPECS_MOST];
    unsigned verdict_count;
    struct finding findings[FINDINGS_MOST];
    unsigned finding_count;
};

/* Judges every trace that sent something, in their order; of a search for all paths nothing. */
void verdict_judge(const struct session *session, struct judgement *out);
/* The same of traces by whatever tools, all from one source to one target: what each shows of its spec, against what
 * the others show. Of several that ask the same spec the one that got furthest is judged, for all of them; of more
 * specs than SPECS_MOST the first are. The traces must outlive `out`. `ends`: by the numbers of the capture's files,
 * the last stamp of each. */
void verdict_judge_traces(const struct trace *const *traces, size_t count, const nstime *ends, struct judgement *out);
/* Whether both are the same, or both unknown. */
bool place_equal(const struct place *a, const struct place *b);
const char *verdict_state_name(enum verdict_state state); /* "open" ... */
/* Whether the target itself answered: open or closed. */
bool verdict_reaches(const struct verdict *verdict);

#endif
