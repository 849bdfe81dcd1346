/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/watching.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/shared/loop.h"
#include "strategies/strategies.h"

static struct net *parse(const char *text)
{
    struct net *net = NULL;
    struct err err = {0};
    if (net_parse("watching", text, &net, &err) == STATUS_OK)
        return net;
    printf("# %s\n", err.message);
    abort();
}

void watching_init(struct watching *w, const char *text, const char *specs, uint64_t seed)
{
    watching_init_family(w, text, 4, specs, seed);
}

void watching_init_family(struct watching *w, const char *text, uint8_t family, const char *specs, uint64_t seed)
{
    *w = (struct watching){.net_count = 1};
    w->nets[0] = parse(text);
    if (drive_config(w->nets[0], family, specs, seed, &w->config, &w->err) != STATUS_OK)
        abort();
    w->config.strategy = &strategy_watch;
    w->config.interval = NS_PER_S;
    w->config.queries = 1;
}

void watching_change(struct watching *w, unsigned after, const char *text)
{
    w->nets[w->net_count] = parse(text);
    w->changes[w->net_count - 1] =
        (struct sim_change){.at = SIM_START + after * NS_PER_S, .net = w->nets[w->net_count]};
    w->net_count++;
}

void watching_run(struct watching *w, const struct session_events *events)
{
    const volatile sig_atomic_t stop = 0;
    w->session = session_new(&w->config, false, events, &w->err);
    w->sim = sim_new(w->nets[0], w->config.seed);
    if (!w->session || !w->sim)
        abort();
    sim_set_changes(w->sim, w->changes, w->net_count - 1);
    if (loop_run(w->session, sim_wire(w->sim), NULL, w->companion, &stop, &w->err) != STATUS_OK) {
        printf("# %s\n", w->err.message);
        abort();
    }
    session_finish(w->session, SESSION_COMPLETE, session_now(w->session), 0);
}

void watching_free(struct watching *w)
{
    session_free(w->session);
    sim_free(w->sim);
    for (unsigned i = 0; i < w->net_count; i++)
        free(w->nets[i]);
}

size_t watching_memory(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33) && !defined(__SANITIZE_ADDRESS__)
    return mallinfo2().uordblks + mallinfo2().hblkhd;
#else
    return 0;
#endif
}
