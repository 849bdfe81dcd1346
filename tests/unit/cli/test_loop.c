/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop hears its stop flag between the deadlines of a session, however many are due at one time. */
#include "config.h"

#include "cli/shared/loop.h"

#include "tap.h"
#include "unit/support/handmade.h"

#define PROBES 16

/* Gives one frame, or none, much later than all deadlines. */
struct late_wire {
    struct wire wire; /* first: a struct wire * is one of these */
    enum wire_event event;
    bool over;
};

static const uint8_t stray[20];

static enum wire_event late_receive(struct wire *wire, nstime until, struct frame *frame, struct session_claim *claim,
                                    struct err *err)
{
    struct late_wire *late = (struct late_wire *)wire;
    (void)until, (void)claim, (void)err;
    if (late->over)
        return WIRE_END;
    late->over = true;
    *frame = (struct frame){.bytes = stray,
                            .captured = sizeof stray,
                            .length = sizeof stray,
                            .linktype = LINKTYPE_RAW,
                            .time = START + 100 * NS_PER_S};
    return late->event;
}

static nstime late_now(struct wire *wire)
{
    (void)wire;
    return START + 100 * NS_PER_S;
}

static const struct wire_ops late_ops = {.receive = late_receive, .now = late_now, .drained = late_now};

struct settled {
    volatile sig_atomic_t stop;
    int stop_at; /* so many probes */
    unsigned count;
};

static void note_settled(void *context, const struct session *session, const struct trace *trace,
                         const struct probe *probe)
{
    struct settled *settled = context;
    (void)session, (void)trace, (void)probe;
    settled->stop = (int)++settled->count == settled->stop_at;
}

static void test_stop(enum wire_event event, int stop_at, unsigned want, unsigned want_frames, const char *name)
{
    static const char *const udp[] = {"udp", NULL};
    struct settled settled = {.stop_at = stop_at};
    struct session_events events = {.context = &settled, .probe_settled = note_settled};
    struct session_config config = handmade_config(udp);
    struct late_wire late = {.wire.ops = &late_ops, .event = event};
    struct err err = {0};
    struct session *session = session_new(&config, true, &events, &err);
    if (!ok(session != NULL, "%s: a session %s", name, err.message))
        return;
    for (uint8_t ttl = 1; ttl <= PROBES; ttl++)
        see_probe(session, 0, ttl, ttl, ttl * MS);
    is_num(loop_run(session, &late.wire, NULL, NULL, &settled.stop, &err), STATUS_OK, "%s: the loop ends", name);
    is_num(settled.count, want, "%s: probes settled", name);
    is_num(session_counters(session)->frames, want_frames, "%s: frames taken", name);
    session_free(session);
}

int main(void)
{
    test_stop(WIRE_FRAME, 0, PROBES, PROBES + 1, "no signal, a late frame");
    test_stop(WIRE_FRAME, 3, 3, PROBES, "a signal while deadlines before a frame run");
    test_stop(WIRE_QUIET, 0, PROBES, PROBES, "no signal, a quiet wire");
    test_stop(WIRE_QUIET, 3, 3, PROBES, "a signal while deadlines run");
    return tap_done();
}
