/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/shared/refresh.h"

#include "lookup/resolve.h"

static const struct addr *target_address(const struct targets *targets, unsigned index)
{
    return &session_config(targets_session(targets, index))->target;
}

/* --- the other process --- */

static void look_up(const void *context, unsigned request, void *answer)
{
    struct session *const *sessions = context;
    const struct session_config *config = session_config(sessions[request]);
    const struct resolve_question question = {.host = config->target_name, .family = config->target.family};
    resolve_ask_all(&question, answer);
}

static bool is_name(const struct session_config *config)
{
    struct addr address;
    uint32_t zone;
    struct err ignored;
    return resolve_literal(config->target_name, 0, &address, &zone, &ignored) == STATUS_OK && addr_is_none(&address);
}

enum status refresh_start(struct refresh *refresh, nstime every, struct session *const *sessions, unsigned count,
                          struct err *err)
{
    bool any = false;
    *refresh = (struct refresh){.every = every};
    for (unsigned i = 0; i < count; i++) {
        bool has_name = is_name(session_config(sessions[i]));
        refresh->next[i] = has_name ? NSTIME_NONE : NSTIME_NEVER;
        any = any || has_name;
    }
    return any ? confined_start(look_up, sessions, sizeof(struct resolve_addresses), &refresh->confined, err)
               : STATUS_OK;
}

bool refresh_is_on(const struct refresh *refresh)
{
    return refresh->confined != NULL;
}

void refresh_end(struct refresh *refresh)
{
    confined_end(refresh->confined);
    refresh->confined = NULL;
}

/* --- answers --- */

static bool is_of_other(const struct targets *targets, unsigned index, const struct addr *address)
{
    for (unsigned i = 0; i < targets->count; i++)
        if (i != index && addr_equal(target_address(targets, i), address))
            return true;
    return false;
}

static const struct addr *find(const struct addr *list, unsigned count, const struct addr *address)
{
    for (unsigned i = 0; i < count; i++)
        if (addr_equal(&list[i], address))
            return &list[i];
    return NULL;
}

static const struct addr *first_free(const struct targets *targets, unsigned index, const struct addr *list,
                                     unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!is_of_other(targets, index, &list[i]))
            return &list[i];
    return NULL;
}

/* Whether the target answered any spec in the rounds that its session keeps. */
static bool replies(const struct session *session)
{
    for (unsigned i = 0; i < session_trace_count(session); i++)
        if (session_trace(session, i)->reached_ttl)
            return true;
    return false;
}

const struct addr *refresh_choose(struct refresh_memory *memory, const struct targets *targets, unsigned index,
                                  const struct addr *list, unsigned count)
{
    bool now_replies = replies(targets_session(targets, index));
    const struct addr *kept = memory->lookups ? find(list, count, &memory->other) : NULL;
    const struct addr *other = kept ? kept : first_free(targets, index, list, count);
    memory->has_replied = memory->has_replied || now_replies;
    if (!other || find(list, count, target_address(targets, index))) {
        memory->lookups = 0;
        return NULL;
    }
    memory->lookups = kept ? memory->lookups + 1 : 1;
    memory->other = *other;
    bool is_gone = memory->has_replied && !now_replies;
    return is_gone || memory->lookups >= REFRESH_LOOKUPS ? other : NULL;
}

static void take_answer(struct refresh *refresh, unsigned index, const struct resolve_addresses *answer)
{
    const struct targets *targets = refresh->happenings->targets;
    if (!resolve_check_all(answer, target_address(targets, index)->family))
        return;
    const struct addr *to = refresh_choose(&refresh->memory[index], targets, index, answer->list, answer->count);
    if (!to)
        return;
    refresh->memory[index] = (struct refresh_memory){0};
    happenings_tell(refresh->happenings, (struct session_claim){.kind = CLAIM_MOVED, .target = index, .moved_to = *to});
}

static void take_answers(struct refresh *refresh, nstime now)
{
    unsigned index;
    struct resolve_addresses answer;
    while (confined_take(refresh->confined, &index, &answer))
        if (index < refresh->happenings->targets->count && refresh->next[index] == NSTIME_NEVER) {
            refresh->next[index] = now + refresh->every;
            take_answer(refresh, index, &answer);
        }
}

/* The first lookups are spread over the time between two. */
static void ask(struct refresh *refresh, nstime now)
{
    unsigned count = refresh->happenings->targets->count;
    for (unsigned i = 0; i < count; i++)
        if (refresh->next[i] == NSTIME_NONE)
            refresh->next[i] = now + refresh->every + refresh->every / count * i;
        else if (now >= refresh->next[i])
            refresh->next[i] = confined_ask(refresh->confined, i) ? NSTIME_NEVER : now + refresh->every;
}

/* --- the companion --- */

/* The wire wakes often enough for answers. */
static nstime serve(void *context, nstime now, nstime until)
{
    struct refresh *refresh = context;
    take_answers(refresh, now);
    ask(refresh, now);
    return until;
}

struct companion refresh_companion(struct refresh *refresh)
{
    return (struct companion){.context = refresh, .serve = serve};
}
