/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/whois.h"

#include <stdlib.h>

#include "address/whois_text.h"
#include "base/array.h"
#include "lookup/whois_link.h"
#include "lookup/whois_memory.h"

struct server {
    struct whois_server name;
    struct addr address;
    enum { SERVER_NEW, SERVER_SOUGHT, SERVER_READY, SERVER_GONE } state;
    bool refuses; /* gone because it refuses to answer */
};

/* An address whose network is being looked up. */
struct job {
    struct address_facts *entry; /* borrowed from the book */
    nstime deadline;
    struct server *asked[1 + WHOIS_REFERRALS_MOST]; /* borrowed from the client */
    unsigned asked_count;
    struct server *next;       /* server of the next query; NULL: a query is in flight */
    struct whois_lesson found; /* so far */
    struct whois_link link;
};

struct whois_client {
    struct address_book *book; /* borrowed */
    struct whois_server first;
    bool follows;            /* referrals */
    struct server **servers; /* owned, each allocated by itself: callers hold their names */
    size_t server_count, server_capacity;
    struct job **jobs; /* owned, in order of arrival */
    size_t job_count, job_capacity;
    struct whois_memory memory;
    struct whois_tally tally;
};

struct whois_client *whois_client_new(struct address_book *book, const struct whois_server *first, bool follows)
{
    struct whois_client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    client->book = book;
    client->first = *first;
    client->follows = follows;
    return client;
}

static void job_free(struct job *job)
{
    whois_link_close(&job->link);
    free(job);
}

void whois_client_free(struct whois_client *client)
{
    if (!client)
        return;
    for (size_t i = 0; i < client->job_count; i++)
        job_free(client->jobs[i]);
    for (size_t i = 0; i < client->server_count; i++)
        free(client->servers[i]);
    free(client->jobs);
    free(client->servers);
    whois_memory_free(&client->memory);
    free(client);
}

/* Returns the server of this name and creates it if needed. NULL if out of memory. */
static struct server *server_of(struct whois_client *client, const struct whois_server *name)
{
    for (size_t i = 0; i < client->server_count; i++)
        if (whois_server_equal(&client->servers[i]->name, name))
            return client->servers[i];
    if (!array_reserve((void **)&client->servers, &client->server_capacity, client->server_count + 1,
                       sizeof(struct server *)))
        return NULL;
    struct server *server = calloc(1, sizeof *server);
    if (!server)
        return NULL;
    server->name = *name;
    server->state = addr_parse(name->host, &server->address) ? SERVER_READY : SERVER_NEW;
    client->servers[client->server_count++] = server;
    return server;
}

static bool is_something(const struct address_whois *whois)
{
    return whois->netname[0] || whois->organisation[0] || whois->country[0];
}

static bool is_settled(const struct whois_client *client, const struct addr *address)
{
    const struct whois_lesson *lesson = whois_memory_find(&client->memory, address);
    return lesson && addr_equal(&lesson->range.first, &lesson->range.last);
}

/* Stores the result for an address and marks the address as done. */
static void settle(struct whois_client *client, struct address_facts *entry, const struct address_whois *whois,
                   unsigned *count)
{
    struct whois_lesson lesson = {.range = {entry->address, entry->address}, .whois = *whois};
    entry->whois = *whois;
    whois_memory_add(&client->memory, &lesson);
    if (is_something(whois))
        count = &client->tally.known;
    ++*count;
}

static void end_job(struct whois_client *client, struct job *job, unsigned *count)
{
    if (is_something(&job->found.whois) && job->found.range.first.family)
        whois_memory_add(&client->memory, &job->found);
    settle(client, job->entry, &job->found.whois, count);
    size_t index = 0;
    while (client->jobs[index] != job)
        index++;
    client->job_count--;
    memmove(client->jobs + index, client->jobs + index + 1, (client->job_count - index) * sizeof(struct job *));
    job_free(job);
}

static size_t count_open(const struct whois_client *client)
{
    size_t count = 0;
    for (size_t i = 0; i < client->job_count; i++)
        count += client->jobs[i]->link.fd >= 0;
    return count;
}

static void give_up(struct whois_client *client, struct job *job, struct server *server)
{
    server->state = SERVER_GONE;
    end_job(client, job, server->refuses ? &client->tally.refused : &client->tally.failed);
}

/* Uses stored answers before the first query, which may save it. Returns false if the job has ended. */
static bool recall(struct whois_client *client, struct job *job)
{
    const struct whois_lesson *lesson = whois_memory_find(&client->memory, &job->entry->address);
    if (!lesson)
        return true;
    if (is_something(&lesson->whois)) {
        job->found = *lesson;
        job->found.range.first.family = 0; /* already stored */
        end_job(client, job, &client->tally.known);
        return false;
    }
    struct server *server = lesson->server.host[0] ? server_of(client, &lesson->server) : NULL;
    job->next = server ? server : job->next;
    return true;
}

/* Queries the next server if possible now. Returns false if the job has ended. */
static bool go_on(struct whois_client *client, struct job *job)
{
    if (job->asked_count == 0 && !recall(client, job))
        return false;
    struct server *server = job->next;
    if (server->state == SERVER_GONE) {
        give_up(client, job, server);
        return false;
    }
    if (server->state != SERVER_READY || count_open(client) == WHOIS_CONNECTIONS_MOST)
        return true;
    if (!whois_link_open(&job->link, &server->name, &server->address, &job->entry->address)) {
        give_up(client, job, server);
        return false;
    }
    job->asked[job->asked_count++] = server;
    job->next = NULL;
    return true;
}

static void go_on_all(struct whois_client *client)
{
    for (size_t i = 0; i < client->job_count;)
        if (!client->jobs[i]->next || go_on(client, client->jobs[i]))
            i++;
}

static bool add_job(struct whois_client *client, struct address_facts *entry, nstime deadline)
{
    struct server *first = server_of(client, &client->first);
    if (!first ||
        !array_reserve((void **)&client->jobs, &client->job_capacity, client->job_count + 1, sizeof(struct job *)))
        return false;
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return false;
    job->entry = entry;
    job->deadline = deadline;
    job->next = first;
    job->link.fd = -1;
    client->jobs[client->job_count++] = job;
    return true;
}

bool whois_ask(struct whois_client *client, const struct addr *address, nstime now)
{
    static const struct address_whois nothing;
    if (is_settled(client, address))
        return true;
    struct address_facts *entry = address_book_entry(client->book, address);
    if (!entry)
        return false;
    for (size_t i = 0; i < client->job_count; i++)
        if (client->jobs[i]->entry == entry)
            return true;
    if (client->follows && !whois_is_given_out(address)) {
        settle(client, entry, &nothing, &client->tally.unknown);
        return true;
    }
    if (!add_job(client, entry, now + WHOIS_LIMIT))
        return false;
    go_on_all(client);
    return true;
}

const char *whois_wanted_name(struct whois_client *client)
{
    for (size_t i = 0; i < client->server_count; i++) {
        struct server *server = client->servers[i];
        if (server->state == SERVER_NEW) {
            server->state = SERVER_SOUGHT;
            return server->name.host;
        }
    }
    return NULL;
}

void whois_server_address(struct whois_client *client, const char *name, const struct addr *address)
{
    for (size_t i = 0; i < client->server_count; i++) {
        struct server *server = client->servers[i];
        if (server->state != SERVER_SOUGHT || strcmp(server->name.host, name) != 0)
            continue;
        server->state = address ? SERVER_READY : SERVER_GONE;
        if (address)
            server->address = *address;
    }
    go_on_all(client);
}

size_t whois_poll_fds(const struct whois_client *client, struct pollfd *fds, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < client->job_count && count < most; i++) {
        const struct whois_link *link = &client->jobs[i]->link;
        if (link->fd >= 0)
            fds[count++] = (struct pollfd){.fd = link->fd, .events = whois_link_wants(link)};
    }
    return count;
}

/* Returns the server of a referral; NULL if it was queried already or the limit is reached. */
static struct server *referred(struct whois_client *client, const struct job *job, const struct whois_server *name)
{
    if (!client->follows || job->asked_count > WHOIS_REFERRALS_MOST)
        return NULL;
    struct server *server = server_of(client, name);
    for (unsigned i = 0; i < job->asked_count; i++)
        if (job->asked[i] == server)
            return NULL;
    return server;
}

/* A referring server's data stands until the next server has better data. */
static void take_answer(struct whois_client *client, struct job *job)
{
    struct whoistext text;
    struct server *server = job->asked[job->asked_count - 1];
    whoistext_read(job->link.answer, job->link.answer_bytes, &job->entry->address, &text);
    whois_link_close(&job->link);
    if (text.result == WHOISTEXT_REFUSED) {
        server->refuses = true;
        give_up(client, job, server);
        return;
    }
    if (is_something(&text.whois))
        job->found = (struct whois_lesson){.range = text.range, .whois = text.whois};
    job->next = text.result == WHOISTEXT_REFERRAL ? referred(client, job, &text.referral) : NULL;
    if (!job->next) {
        end_job(client, job, &client->tally.unknown);
    } else if (text.range.first.family && !is_something(&text.whois)) {
        struct whois_lesson lesson = {.range = text.range, .server = text.referral};
        whois_memory_add(&client->memory, &lesson);
    }
}

static void take_event(struct whois_client *client, struct job *job)
{
    switch (whois_link_event(&job->link)) {
    case WHOIS_LINK_OPEN:
        break;
    case WHOIS_LINK_ANSWERED:
        take_answer(client, job);
        break;
    case WHOIS_LINK_BROKEN:
        end_job(client, job, &client->tally.failed);
        break;
    case WHOIS_LINK_UNREACHABLE:
        give_up(client, job, job->asked[job->asked_count - 1]);
        break;
    }
}

void whois_events(struct whois_client *client, const struct pollfd *fds, size_t count, nstime now)
{
    for (size_t n = 0; n < count; n++) {
        size_t i = 0;
        while (i < client->job_count && (fds[n].fd < 0 || client->jobs[i]->link.fd != fds[n].fd))
            i++;
        if (i < client->job_count && fds[n].revents)
            take_event(client, client->jobs[i]);
    }
    for (size_t i = 0; i < client->job_count;) {
        if (client->jobs[i]->deadline <= now)
            end_job(client, client->jobs[i], &client->tally.failed);
        else
            i++;
    }
    go_on_all(client);
}

nstime whois_deadline(const struct whois_client *client)
{
    nstime first = NSTIME_NEVER;
    for (size_t i = 0; i < client->job_count; i++)
        if (client->jobs[i]->deadline < first)
            first = client->jobs[i]->deadline;
    return first;
}

size_t whois_pending(const struct whois_client *client)
{
    return client->job_count;
}

struct whois_tally whois_tally(const struct whois_client *client)
{
    return client->tally;
}
