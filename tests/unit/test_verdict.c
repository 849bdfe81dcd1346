/* The table of rules, a row of frames at a time: what the target, routers and others in its name said, and the verdict.
 */
#include <stdlib.h>

#include "handmade.h"
#include "tap.h"
#include "verdict/verdict.h"

enum { EXCEEDED, UNREACHABLE, SYN_ACK, RST, SILENT };

/* One probe of a spec and what it drew. */
struct event {
    unsigned trace;
    uint8_t ttl;
    int what;
    const char *from; /* ICMP */
    uint8_t code;     /* of UNREACHABLE */
};

struct row {
    const char *name;
    const char *specs[4];
    struct event events[24]; /* ends with ttl 0 */
    struct {
        enum verdict_state state;
        const char *how;
        uint8_t at, after, before; /* TTLs; 0: none */
    } want[3];
};

#define R1 "10.0.0.1"
#define R2 "10.0.1.1"
#define R3 "10.0.2.1"
#define R4 "10.0.3.1"
#define TARGET "10.0.9.9"

static const struct row rows[] = {
    {"a SYN/ACK is open",
     {"tcp/443"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SYN_ACK, NULL, 0}},
     {{VERDICT_OPEN, NULL, 2, 0, 0}}},
    {"a RST at the target's own hop is closed",
     {"tcp/443"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, RST, NULL, 0}},
     {{VERDICT_CLOSED, "tcp-reset", 2, 0, 0}}},
    {"the target's port unreachable is closed",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, UNREACHABLE, TARGET, 3}},
     {{VERDICT_CLOSED, "port-unreachable", 2, 0, 0}}},
    {"a router's prohibition is a rejection, placed where that router answers",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, EXCEEDED, R2, 0}, {0, 3, UNREACHABLE, R2, 13}},
     {{VERDICT_REJECTED, "admin-prohibited", 2, 0, 0}}},
    {"a RST from where a router answers another spec is forged",
     {"udp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 3, EXCEEDED, R3, 0},
      {0, 4, UNREACHABLE, TARGET, 3},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, RST, NULL, 0}},
     {{VERDICT_CLOSED, "port-unreachable", 4, 0, 0}, {VERDICT_REJECTED, "tcp-reset", 0, 2, 3}}},
    {"a SYN/ACK from where a router answers another spec is intercepted",
     {"udp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 3, UNREACHABLE, TARGET, 3},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, SYN_ACK, NULL, 0}},
     {{VERDICT_CLOSED, "port-unreachable", 3, 0, 0}, {VERDICT_INTERCEPTED, NULL, 2, 0, 0}}},
    {"no route, for every spec, is unreachable",
     {"udp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, UNREACHABLE, R2, 0}, {1, 1, EXCEEDED, R1, 0}, {1, 2, UNREACHABLE, R2, 0}},
     {{VERDICT_UNREACHABLE, "net-unreachable", 2, 0, 0}, {VERDICT_UNREACHABLE, "net-unreachable", 2, 0, 0}}},
    {"no route that another spec gets past is a rejection",
     {"udp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, UNREACHABLE, R2, 0},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, SYN_ACK, NULL, 0}},
     {{VERDICT_REJECTED, "net-unreachable", 2, 0, 0}, {VERDICT_OPEN, NULL, 3, 0, 0}}},
    {"routers that recur are a loop",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 3, EXCEEDED, R3, 0},
      {0, 4, EXCEEDED, R2, 0},
      {0, 5, EXCEEDED, R3, 0}},
     {{VERDICT_LOOPING, NULL, 2, 0, 0}}},
    {"silence where another spec goes on at three hops is dropped",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, SILENT, NULL, 0},
      {0, 3, SILENT, NULL, 0},
      {0, 4, SILENT, NULL, 0},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, EXCEEDED, R3, 0},
      {1, 4, EXCEEDED, R4, 0}},
     {{VERDICT_DROPPED, "silent", 0, 1, 2}, {VERDICT_UNANSWERED, NULL, 0, 4, 0}}},
    {"by one probe at one hop it is inconclusive",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SILENT, NULL, 0}, {1, 1, EXCEEDED, R1, 0}, {1, 2, EXCEEDED, R2, 0}},
     {{VERDICT_INCONCLUSIVE, NULL, 0, 1, 2}, {VERDICT_UNANSWERED, NULL, 0, 2, 0}}},
    {"silence behind the last router that any spec saw is unanswered, not dropped",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SILENT, NULL, 0}, {1, 1, EXCEEDED, R1, 0}, {1, 2, SILENT, NULL, 0}},
     {{VERDICT_UNANSWERED, NULL, 0, 1, 0}, {VERDICT_UNANSWERED, NULL, 0, 1, 0}}},
    {"time exceeded in the target's name is no arrival",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, EXCEEDED, TARGET, 0}, {0, 3, EXCEEDED, TARGET, 0}},
     {{VERDICT_UNANSWERED, NULL, 0, 3, 0}}},
};

static void play(struct session *session, const struct event *event, uint16_t serial, nstime at)
{
    see_probe(session, event->trace, serial, event->ttl, at);
    switch (event->what) {
    case EXCEEDED:
        see_error(session, event->from, 11, 0, event->trace, serial, NULL, at + MS);
        break;
    case UNREACHABLE:
        see_error(session, event->from, 3, event->code, event->trace, serial, NULL, at + MS);
        break;
    case SYN_ACK:
        see_tcp(session, TCP_SYN | TCP_ACK, 60, event->trace, serial, at + MS);
        break;
    case RST:
        see_tcp(session, TCP_RST | TCP_ACK, 60, event->trace, serial, at + MS);
        break;
    default:
        break;
    }
}

static void check_row(const struct row *row)
{
    struct err err = {0};
    struct session_config config = handmade_config(row->specs);
    struct session *session = session_new(&config, true, NULL, &err);
    struct judgement *judgement = malloc(sizeof *judgement);
    if (!session || !judgement) {
        ok(false, "%s: %s", row->name, err.message);
        return;
    }
    uint16_t serials[4] = {0};
    for (unsigned i = 0; row->events[i].ttl; i++)
        play(session, &row->events[i], ++serials[row->events[i].trace], 5 * MS * (i + 1));
    session_finish(session, SESSION_COMPLETE, 0);
    verdict_judge(session, judgement);
    for (unsigned i = 0; row->specs[i]; i++) {
        const struct verdict *verdict = &judgement->verdicts[i];
        is_text(verdict_state_name(verdict->state), verdict_state_name(row->want[i].state), "%s: %s", row->name,
                row->specs[i]);
        is_text(verdict->how ? verdict->how : "", row->want[i].how ? row->want[i].how : "", "  how");
        is_num(verdict->at.ttl, row->want[i].at, "  at: %s", verdict->text);
        is_num(verdict->after.ttl, row->want[i].after, "  after");
        is_num(verdict->before.ttl, row->want[i].before, "  before");
        ok(verdict->confidence > 0 && verdict->confidence <= 0.999, "  confidence %.3f", verdict->confidence);
        ok(!verdict->frame_count || verdict->frames[0], "  frames are numbers");
    }
    free(judgement);
    session_free(session);
}

int main(void)
{
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
    return tap_done();
}
