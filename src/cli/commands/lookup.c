/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "cli/commands/lookup.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/commands/run.h"
#include "lookup/names.h"
#include "lookup/places.h"
#include "lookup/whois.h"

#define SERVED_EVERY (5 * NS_PER_MS) /* interval of service while a lookup is pending */
/* Longest wait for names after a run. With the work left to do, the wait stays within OUTPUT_WAIT_MOST. */
#define WAIT_AT_END (OUTPUT_WAIT_MOST - 20 * NS_PER_MS)
/* Limit on addresses that are looked up: a run has hardly a hundred, but forged replies could flood it. */
#define ADDRESSES_MOST 4096
#define SOCKETS_MOST (16 + WHOIS_CONNECTIONS_MOST) /* sockets polled at once: DNS and WHOIS */

/* A database that was not found. A live run does without; a replay too, if the capture holds what a live run found. */
struct missing {
    bool is;
    struct err err;
};

struct lookup {
    const struct options *options;
    struct address_book *book;
    struct names *names;         /* NULL: no lookup over the network */
    bool wants_names;            /* false: `names` only resolves WHOIS servers */
    struct places *places;       /* NULL: not wanted, or no database */
    struct places_file files[2]; /* by db_kind: databases that are open and not yet read */
    struct missing missing[2];   /* by db_kind: wanted databases that were not found */
    struct whois_client *whois;  /* NULL: not wanted */
    struct report *report;       /* of the companion */
    nstime now;                  /* time of the last service */
};

/* --- opening --- */

static enum status open_names(struct lookup *lookup, struct err *err)
{
    const struct lookup_options *wanted = &lookup->options->lookup;
    const struct names_config config = {.dns = {.server = wanted->resolver, .timeout = wanted->dns_timeout},
                                        .verify = wanted->verify};
    return names_new(&config, lookup->book, &lookup->names, err);
}

static enum status open_whois(struct lookup *lookup, struct err *err)
{
    const char *own = lookup->options->lookup.whois_server, *first = own ? own : WHOIS_IANA;
    struct whois_server server;
    if (!whois_server_parse(first, strlen(first), &server))
        return err_set(err, STATUS_USAGE,
                       "--whois-server %s: expected a WHOIS server: HOST, HOST:PORT or [ADDRESS]:PORT", first);
    lookup->whois = whois_client_new(lookup->book, &server, !own);
    return lookup->whois ? STATUS_OK : err_set(err, STATUS_SYSTEM, "cannot look up addresses: out of memory");
}

static void warn_of_faults(const struct places *places, const char *name)
{
    const struct prefix_table_faults *faults = places_faults(places);
    struct err err;
    if (!faults->malformed)
        return;
    err_set(&err, STATUS_OK, "%s: skipped %zu malformed line%s; the first is line %zu: %s", name, faults->malformed,
            faults->malformed == 1 ? "" : "s", faults->first_line, faults->first_what);
    run_complain(&err);
}

/* A live run does without a database that no option names, and says so. */
static enum status note_missing(struct lookup *lookup, const struct places_file *file, struct err *err)
{
    struct missing *missing = &lookup->missing[file->kind];
    if (file->named)
        return err->status;
    *missing = (struct missing){.is = true, .err = *err};
    if (lookup->options->command != COMMAND_REPLAY)
        run_complain(err);
    return STATUS_OK;
}

/* Opens the wanted databases, which are read later. */
static enum status find_places(struct lookup *lookup, const struct places_paths *paths, struct err *err)
{
    const struct lookup_options *wanted = &lookup->options->lookup;
    const bool wants[] = {[DB_ASN] = wanted->networks, [DB_GEO] = wanted->places};
    enum status status = STATUS_OK;
    for (enum db_kind kind = DB_ASN; kind <= DB_GEO && status == STATUS_OK; kind++)
        if (wants[kind] && places_file_open(paths, kind, &lookup->files[kind], err) != STATUS_OK)
            status = note_missing(lookup, &lookup->files[kind], err);
    return status;
}

static enum status read_places(struct lookup *lookup, struct err *err)
{
    enum status status = STATUS_OK;
    for (enum db_kind kind = DB_ASN; kind <= DB_GEO && status == STATUS_OK; kind++) {
        struct places_file *file = &lookup->files[kind];
        if (file->fd < 0)
            continue;
        lookup->places = lookup->places ? lookup->places : places_new();
        if (!lookup->places)
            status = err_set(err, STATUS_SYSTEM, "databases: cannot open: %s", strerror(ENOMEM));
        else if (places_add(lookup->places, file, err) != STATUS_OK)
            status = note_missing(lookup, file, err);
    }
    return status;
}

static void close_files(struct lookup *lookup)
{
    places_file_close(&lookup->files[DB_ASN]);
    places_file_close(&lookup->files[DB_GEO]);
}

static bool wants_names(const struct options *options)
{
    return !options->numeric && (options->command != COMMAND_REPLAY || options->lookup.resolve);
}

enum status lookup_find(const struct options *options, const char *directories, struct lookup **out, struct err *err)
{
    const struct lookup_options *wanted = &options->lookup;
    const struct places_paths paths = {.asn_db = wanted->asn_db, .geo_db = wanted->geo_db, .directories = directories};
    bool shows_saved = options->command == COMMAND_REPLAY && !options->numeric;
    *out = NULL;
    if (!wants_names(options) && !wanted->whois && !wanted->networks && !wanted->places && !shows_saved)
        return STATUS_OK;
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup)
        lookup->book = address_book_new();
    if (!lookup || !lookup->book) {
        free(lookup);
        return err_set(err, STATUS_SYSTEM, "cannot look up addresses: out of memory");
    }
    lookup->options = options;
    lookup->files[DB_ASN].fd = lookup->files[DB_GEO].fd = -1;
    lookup->wants_names = wants_names(options);
    enum status status = find_places(lookup, &paths, err);
    if (status == STATUS_OK)
        *out = lookup;
    else
        lookup_free(lookup);
    return status;
}

enum status lookup_open(struct lookup *lookup, struct err *err)
{
    const struct lookup_options *wanted = &lookup->options->lookup;
    enum status status = read_places(lookup, err);
    close_files(lookup);
    if (lookup->places && status == STATUS_OK)
        warn_of_faults(lookup->places, wanted->asn_db);
    if (status == STATUS_OK && (lookup->wants_names || wanted->whois))
        status = open_names(lookup, err);
    if (status == STATUS_OK && wanted->whois)
        status = open_whois(lookup, err);
    return status;
}

void lookup_free(struct lookup *lookup)
{
    if (!lookup)
        return;
    close_files(lookup);
    whois_client_free(lookup->whois);
    names_free(lookup->names);
    places_free(lookup->places);
    address_book_free(lookup->book);
    free(lookup);
}

bool lookup_has_networks(const struct lookup *lookup)
{
    return lookup && lookup->options->lookup.networks && !lookup->missing[DB_ASN].is;
}

bool lookup_has_places(const struct lookup *lookup)
{
    return lookup && lookup->options->lookup.places && !lookup->missing[DB_GEO].is;
}

bool lookup_finds(const struct lookup *lookup)
{
    return lookup && (lookup->names || lookup->whois || lookup_has_networks(lookup) || lookup_has_places(lookup));
}

bool lookup_asks(const struct lookup *lookup)
{
    return lookup && lookup->names;
}

struct address_book *lookup_book(struct lookup *lookup)
{
    return lookup->book;
}

/* --- asking --- */

void lookup_ask(struct lookup *lookup, const struct addr *address, nstime now)
{
    bool is_new = !address_book_find(lookup->book, address) && address_book_count(lookup->book) < ADDRESSES_MOST;
    struct address_facts *about = is_new ? address_book_entry(lookup->book, address) : NULL;
    if (!about)
        return;
    if (lookup->places)
        places_look_up(lookup->places, address, about);
    if (lookup->wants_names)
        names_ask(lookup->names, address);
    if (lookup->whois)
        whois_ask(lookup->whois, address, now);
}

bool lookup_is_settled(void *context, const struct addr *address)
{
    struct lookup *lookup = context;
    lookup_ask(lookup, address, lookup->now);
    return !lookup->wants_names || !address_book_find(lookup->book, address) ||
           names_is_settled(lookup->names, address);
}

/* --- serving --- */

/* A lookup of a WHOIS server's address. Its name is part of the callback's context. */
struct server_question {
    struct lookup *lookup;
    char name[WHOIS_HOST_BYTES];
};

static void take_server(void *context, const struct addr *addresses, size_t count)
{
    struct server_question *question = context;
    whois_server_address(question->lookup->whois, question->name, count ? &addresses[0] : NULL);
    free(question);
}

static void ask_for_servers(struct lookup *lookup)
{
    const char *name;
    while ((name = whois_wanted_name(lookup->whois))) {
        struct server_question *question = calloc(1, sizeof *question);
        if (question) {
            question->lookup = lookup;
            address_copy(question->name, sizeof question->name, name, strlen(name));
        }
        if (!question || !names_forward(lookup->names, name, take_server, question)) {
            whois_server_address(lookup->whois, name, NULL);
            free(question);
        }
    }
}

/* Polls the sockets for at most `most` and handles their events. */
static void serve_sockets(struct lookup *lookup, nstime now, nstime most)
{
    struct pollfd fds[SOCKETS_MOST];
    if (!lookup->names)
        return;
    struct dns *dns = names_dns(lookup->names);
    size_t of_dns = dns_poll_fds(dns, fds, SOCKETS_MOST - WHOIS_CONNECTIONS_MOST), of_whois = 0;
    if (lookup->whois)
        of_whois = whois_poll_fds(lookup->whois, fds + of_dns, SOCKETS_MOST - of_dns);
    nstime wait = dns_wait(dns);
    const struct timespec span = {.tv_nsec = wait < most ? wait : most};
    if (ppoll(fds, of_dns + of_whois, &span, NULL) < 0)
        for (size_t i = 0; i < of_dns + of_whois; i++)
            fds[i].revents = 0;
    dns_events(dns, fds, of_dns);
    if (!lookup->whois)
        return;
    whois_events(lookup->whois, fds + of_dns, of_whois, now);
    ask_for_servers(lookup);
}

static bool is_pending(const struct lookup *lookup)
{
    return (lookup->names && names_pending(lookup->names)) || (lookup->whois && whois_pending(lookup->whois));
}

static void companion_heard(void *context, const struct addr *from, nstime now)
{
    lookup_ask(context, from, now);
}

static nstime companion_serve(void *context, nstime now, nstime until)
{
    struct lookup *lookup = context;
    lookup->now = now;
    if (is_pending(lookup))
        serve_sockets(lookup, now, 0);
    bool waits = report_release(lookup->report, now, false);
    return waits || is_pending(lookup) ? now + SERVED_EVERY : until;
}

struct companion lookup_companion(struct lookup *lookup, struct report *report)
{
    lookup->report = report;
    return (struct companion){.context = lookup, .heard = companion_heard, .serve = companion_serve};
}

/* --- the end --- */

static nstime wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (nstime)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void lookup_wait(struct lookup *lookup, struct report *report, const volatile sig_atomic_t *stop)
{
    nstime now = wall_clock(), begun = now;
    while (!*stop && is_pending(lookup) &&
           (now - begun < WAIT_AT_END || (lookup->whois && whois_pending(lookup->whois)))) {
        serve_sockets(lookup, now, SERVED_EVERY);
        report_release(report, now, false);
        now = wall_clock();
    }
    report_release(report, now, true);
}

/* --- replays --- */

static bool lacks_database(const struct lookup *lookup)
{
    return lookup->missing[DB_ASN].is || lookup->missing[DB_GEO].is;
}

struct address_book *lookup_book_of_capture(struct lookup *lookup)
{
    bool is_ignored = lookup->options->numeric && !lacks_database(lookup);
    return is_ignored || lookup->options->lookup.resolve ? NULL : lookup->book;
}

enum status lookup_check_capture(struct lookup *lookup, const struct saved_run *saved, struct err *err)
{
    bool is_read = lookup_book_of_capture(lookup) && saved->present;
    const bool holds[] = {is_read && saved->networks, is_read && saved->places};
    for (unsigned i = 0; i < sizeof holds / sizeof *holds; i++)
        if (lookup->missing[i].is && !holds[i]) {
            *err = lookup->missing[i].err;
            return err->status;
        }
    return STATUS_OK;
}

/* -n: of the capture's facts, only the requested networks and places are shown. */
static void forget_names(struct address_book *book)
{
    for (size_t i = 0; i < address_book_count(book); i++) {
        struct address_facts *about = address_book_entry(book, &address_book_at(book, i)->address);
        if (!about)
            continue;
        about->name_state = ADDRESS_NAME_UNKNOWN;
        about->name[0] = '\0';
        about->whois = (struct address_whois){0};
    }
}

/* No name is final before the whole file is read. */
static bool is_told_later(void *lookup, const struct addr *address)
{
    (void)lookup, (void)address;
    return false;
}

/* Uses the wall clock, because the capture's time is past. */
static void saved_heard(void *context, const struct addr *from, nstime then)
{
    struct lookup *lookup = context;
    (void)then;
    if (lookup_finds(lookup))
        lookup_ask(lookup, from, wall_clock());
}

struct companion lookup_begin_saved(struct lookup *lookup, struct report *report)
{
    report_book(report, lookup->book, is_told_later, lookup);
    return (struct companion){.context = lookup, .heard = saved_heard};
}

/* Shows the results. If nothing is looked up and the capture has no facts on addresses, the report is one without
 * names. */
static void tell(struct lookup *lookup, struct report *report, bool networks, bool places,
                 const volatile sig_atomic_t *stop)
{
    const struct lookup_options *wanted = &lookup->options->lookup;
    bool is_empty = !lookup_finds(lookup) && !address_book_count(lookup->book);
    bool is_numeric = lookup->options->numeric;
    if (is_numeric && lacks_database(lookup))
        forget_names(lookup->book);
    report_show(report, (networks && !is_numeric) || wanted->networks, (places && !is_numeric) || wanted->places);
    lookup_wait(lookup, report, stop);
    report_book(report, is_empty ? NULL : lookup->book, NULL, NULL);
}

void lookup_tell_saved(struct lookup *lookup, struct report *report, const struct saved_run *saved,
                       const volatile sig_atomic_t *stop)
{
    bool is_read = lookup_book_of_capture(lookup);
    tell(lookup, report, is_read && saved->networks, is_read && saved->places, stop);
}

void lookup_begin_found(struct lookup *lookup, struct report *report)
{
    if (lookup_finds(lookup))
        report_book(report, lookup->book, NULL, NULL);
}

static void ask_for_trace(struct lookup *lookup, const struct trace *trace, nstime now)
{
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++)
            lookup_ask(lookup, &trace->probes[i].replies[k].from, now);
}

void lookup_tell_found(struct lookup *lookup, struct report *report, const struct recognition *found,
                       const volatile sig_atomic_t *stop)
{
    bool networks = false, places = false;
    for (size_t i = 0; lookup_finds(lookup) && i < found->trace_count; i++)
        ask_for_trace(lookup, found->traces[i], wall_clock());
    for (size_t i = 0; i < address_book_count(lookup->book); i++) {
        const struct address_facts *about = address_book_at(lookup->book, i);
        networks = networks || about->asn;
        places = places || about->place.country[0] || about->place.city[0];
    }
    tell(lookup, report, networks, places, stop);
}
