/* SPDX-License-Identifier: BSD-2-Clause */
/* The finding idle-timeout, from what became of sessions that were left alone; and look-alikes that yield none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/fake_session.h"
#include "verdict/verdict.h"

#define TARGET "192.0.2.80"
#define ROUTER "10.0.1.1"
#define SPECS "icmp tcp/80:data tcp/80:data@10s tcp/80:data@60s tcp/80:data@300s"
#define SESSIONS 3 /* that are left alone: the traces from 2 on */
#define REPLY_TTL 63
#define OTHER_TTL 64

/* What becomes of a session. */
enum fate {
    UNUSED,       /* it still waits */
    ALIVE,        /* the target answers the probe */
    RESET_THERE,  /* it resets the connection */
    SILENT,       /* the router forwards, and nothing answers behind */
    FIN_BEFORE,   /* the target closes it before any probe */
    RST_BEFORE,   /* it resets it before */
    DEVICE_BEFORE /* a device does so */
};

static const struct row {
    const char *name;
    enum fate fresh, fates[SESSIONS];
    nstime idle[SESSIONS]; /* 0: the time that was asked for */
    const char *want;      /* alive, dead, how and the hop at; "": no finding */
    const char *says;      /* a part of the sentence */
} rows[] = {
    {"all are alive", ALIVE, {ALIVE, ALIVE, ALIVE}, {0}, "", ""},
    {"one is reset", ALIVE, {ALIVE, ALIVE, RESET_THERE}, {0}, "60 300 tcp-reset 2", "between 60 s and 300 s"},
    {"all are reset", ALIVE, {RESET_THERE, RESET_THERE, RESET_THERE}, {0}, "0 10 tcp-reset 2", "within 10 s"},
    {"the others still wait", ALIVE, {ALIVE, RESET_THERE, UNUSED}, {0}, "10 60 tcp-reset 2", "between 10 s and 60 s"},
    {"one that waited longer is alive", ALIVE, {ALIVE, RESET_THERE, ALIVE}, {0}, "", ""},
    {"the target closes one that was probed later",
     ALIVE,
     {ALIVE, FIN_BEFORE, FIN_BEFORE},
     {0, 30 * NS_PER_S, 30 * NS_PER_S},
     "10 30 fin 2",
     "the target closes sessions"},
    {"the target resets them",
     ALIVE,
     {ALIVE, RST_BEFORE, RST_BEFORE},
     {0, 30 * NS_PER_S, 30 * NS_PER_S},
     "10 30 tcp-reset 2",
     "the target resets sessions"},
    {"a device resets them",
     ALIVE,
     {ALIVE, DEVICE_BEFORE, DEVICE_BEFORE},
     {0, 30 * NS_PER_S, 30 * NS_PER_S},
     "10 30 tcp-reset 0",
     "a device on the path resets sessions"},
    {"a server that closes each at once", ALIVE, {FIN_BEFORE, FIN_BEFORE, FIN_BEFORE}, {1, 1, 1}, "", ""},
    {"two samples of silence are too few", ALIVE, {ALIVE, SILENT, SILENT}, {0}, "", ""},
    {"the spec itself is reset", RESET_THERE, {RESET_THERE, RESET_THERE, RESET_THERE}, {0}, "", ""},
    {"the target talked every 7 s", ALIVE, {ALIVE, ALIVE, RESET_THERE}, {0, 7 * NS_PER_S, 7 * NS_PER_S}, "", ""},
};

static void answer(struct fake *fake, unsigned index, enum reply_kind kind)
{
    uint16_t serial = fake_send(fake, index, 2);
    fake_answer(fake, index, serial,
                &(struct fake_reply){.from = TARGET, .ms = 2, .kind = kind, .reply_ttl = REPLY_TTL});
}

static void probe(struct fake *fake, unsigned index, enum fate fate)
{
    fake_hop(fake, index, 1, ROUTER, 1);
    if (fate == ALIVE)
        answer(fake, index, index ? REPLY_TCP : REPLY_ECHO);
    else if (fate == RESET_THERE)
        answer(fake, index, REPLY_RST);
    else
        fake_silence(fake, index, 2);
}

static void end_before(struct fake *fake, struct connection *connection, enum fate fate)
{
    connection->is_used = true;
    connection->end_frame = fake->frame++;
    connection->end_ttl = fate == DEVICE_BEFORE ? OTHER_TTL : REPLY_TTL;
    if (fate == FIN_BEFORE)
        connection->fin_at = fake->now;
    else
        connection->state = CONNECTION_RESET;
}

static void play(struct fake *fake, unsigned index, enum fate fate, nstime idle)
{
    struct connection *connection = malloc(sizeof *connection);
    if (!connection)
        abort();
    fake_trace(fake, index)->flow.connection = connection; /* which owns it */
    connection_init(connection);
    connection->state = CONNECTION_ESTABLISHED;
    connection->syn_ack_ttl = REPLY_TTL;
    connection->answer_frame = fake->frame++;
    connection->idle = idle;
    if (fate >= FIN_BEFORE)
        end_before(fake, connection, fate);
    else if (fate != UNUSED)
        probe(fake, index, fate);
}

static void check(const struct row *row)
{
    static struct judgement judgement;
    struct fake fake;
    char got[128] = "";
    const char *text = "";
    fake_init(&fake, "", TARGET, SPECS);
    fake.session.config.strategy = &strategy_diagnose;
    fake.session.config.confidence = 990000;
    fake.frame = 1;
    probe(&fake, 0, ALIVE);
    play(&fake, 1, row->fresh, 0);
    for (unsigned i = 0; i < SESSIONS; i++) {
        nstime asked = fake_trace(&fake, i + 2)->flow.spec.idle_s * NS_PER_S;
        play(&fake, i + 2, row->fates[i], row->idle[i] ? row->idle[i] : asked);
    }
    verdict_judge(&fake.session, &judgement);
    for (unsigned i = 0; i < judgement.finding_count; i++) {
        const struct finding *f = &judgement.findings[i];
        if (f->kind != FINDING_IDLE_TIMEOUT)
            continue;
        snprintf(got, sizeof got, "%g %g %s %u", f->detail[0].number, f->detail[1].number, f->detail[2].text,
                 f->at.ttl);
        text = f->text;
        ok(f->frame_count > 0, "%s: frames show it", row->name);
    }
    is_text(got, row->want, "%s: what is found", row->name);
    ok(strstr(text, row->says) != NULL, "%s: its sentence: %s", row->name, text);
    verdict_release(&judgement);
    fake_free(&fake);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(&rows[i]);
    return tap_done();
}
