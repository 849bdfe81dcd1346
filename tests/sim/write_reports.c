/* SPDX-License-Identifier: BSD-2-Clause */
/* write_reports: writes the reports of simulated runs into a folder, for tests/schema/sim.test.
 *
 *   tests/sim/write_reports DIRECTORY
 *
 * Each scenario is traced, diagnosed and searched for all paths: over IPv4 as json, over IPv6 as jsonl. Diagnoses of
 * random worlds follow. The book has names, networks, places and WHOIS answers for some addresses. */
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cli/shared/report.h"
#include "multipath/graph.h"
#include "sim/world.h"
#include "strategies/strategies.h"
#include "unit/support/books.h"

#define WORLDS 4 /* networks drawn for each kind of ills */

static const struct {
    const char *name, *specs;
    const struct strategy *strategy;
} strategy_commands[] = {
    {"trace", "auto", &strategy_trace},
    {"diagnose", WORLD_SPEC_LIST, &strategy_diagnose},
    {"paths", "udp", &strategy_paths},
};

static const char *directory;

static void fail(const char *name, const char *message)
{
    fprintf(stderr, "write_reports: %s: %s\n", name, message);
    exit(1);
}

/* --- what is known of addresses --- */

static void fill_entry(struct address_facts *entry, unsigned number)
{
    static const char *const plain[] = {"ae-1.r02.frankfurt05.de.example.net", "target.example"};
    unsigned count = 0;
    while (hostile_names[count])
        count++;
    const char *name = number % 2 ? plain[number / 2 % 2] : hostile_names[number / 2 % count];
    entry->name_state = (enum address_name)(number % (ADDRESS_NAME_UNCONFIRMED + 1));
    address_copy(entry->name, sizeof entry->name, name, strlen(name));
    if (number % 3 == 0) {
        entry->asn = UINT32_MAX - number;
        address_copy(entry->as_name, sizeof entry->as_name, name, strlen(name));
    }
    if (number % 4 == 0)
        entry->place = (struct address_place){.country = "DE",
                                              .city = "K\xc3\xb6ln",
                                              .has_position = number % 8 == 0,
                                              .latitude = 50.94,
                                              .longitude = 6.96};
    if (number % 5 == 0)
        entry->whois = (struct address_whois){.netname = "EXAMPLE-NET", .country = "DE"};
}

static void fill_book(const struct session *session, struct address_book *book)
{
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        for (size_t k = 0; k < trace->probe_count; k++)
            for (unsigned r = 0; r < trace->probes[k].reply_count; r++) {
                const struct addr *from = &trace->probes[k].replies[r].from;
                if (address_book_find(book, from))
                    continue;
                struct address_facts *entry = address_book_entry(book, from);
                if (entry)
                    fill_entry(entry, (unsigned)address_book_count(book));
            }
    }
}

/* --- reports --- */

static void open_report(struct report *report, const char *name, const char *format, struct address_book *book)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.%s", directory, name, format);
    *report = (struct report){.count = 1};
    report->outputs[0] = (struct output){.format = output_format_find(format),
                                         .file = fopen(path, "w"),
                                         .options = {.width = 80, .networks = true, .places = true}};
    if (!report->outputs[0].format || !report->outputs[0].file || !book)
        fail(path, "cannot be written");
    report_book(report, book, NULL, NULL);
}

static void tell_probes(struct report *report, const struct session *session)
{
    struct session_events events = report_session_events(report);
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        for (size_t k = 0; k < trace->probe_count; k++)
            events.probe_settled(report, session, trace, &trace->probes[k]);
    }
}

static void write_report(struct report *report, const char *command, const struct session *session)
{
    struct result_source source = {.command = command, .live = true, .interface = "any"};
    struct graph graph = {0};
    struct judgement *judgement = calloc(1, sizeof *judgement);
    report_begin(report, &source, session);
    tell_probes(report, session);
    report_take_session(report, session);
    const struct result *result = &report->first.result;
    if (!judgement || (result->config->strategy->finds_graph && !graph_build(result->traces, 1, 0.95, false, &graph)))
        fail(command, "out of memory");
    verdict_judge(session, judgement);
    if (result->config->strategy->finds_graph)
        report_graphs(report, &graph, 1, judgement->verdicts[0].text);
    report_judged(report, &(struct judged_group){result->traces, result->trace_count, judgement, false});
    report_end(report);
    graph_free(&graph);
    free(judgement);
}

static void run(const char *name, const char *command, const char *format, const struct net *net,
                const struct session_config *config)
{
    struct drive d;
    struct report report;
    struct address_book *book = address_book_new();
    if (!drive_live(&d, net, config, NSTIME_NEVER))
        fail(name, d.err.message);
    open_report(&report, name, format, book);
    fill_book(d.session, book);
    write_report(&report, command, d.session);
    if (fclose(report.outputs[0].file))
        fail(name, "cannot be written");
    address_book_free(book);
    drive_free(&d);
}

/* --- networks --- */

static void run_scenario(const struct net *net, const char *scenario, uint8_t family)
{
    for (size_t i = 0; i < sizeof strategy_commands / sizeof *strategy_commands; i++) {
        char name[300];
        struct session_config config;
        struct err err = {0};
        snprintf(name, sizeof name, "%s-%u-%s", scenario, family, strategy_commands[i].name);
        if (world_config(net, family, strategy_commands[i].specs, 1, &config, &err))
            fail(name, err.message);
        config.strategy = strategy_commands[i].strategy;
        run(name, strategy_commands[i].name, family == 4 ? "json" : "jsonl", net, &config);
    }
}

static void run_world(unsigned ills_number, const struct world_ills *ills, uint64_t seed)
{
    char name[64];
    struct world world;
    struct session_config config;
    struct err err = {0};
    snprintf(name, sizeof name, "world-%u-%" PRIu64, ills_number, seed);
    if (!world_draw(ills, seed, &world, &err) ||
        world_config(world.net, world.family, WORLD_SPEC_LIST, seed, &config, &err))
        fail(name, err.message);
    run(name, "diagnose", seed % 2 ? "json" : "jsonl", world.net, &config);
    world_free(&world);
}

static int is_network(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".net") == 0;
}

static void run_scenarios(void)
{
    struct dirent **entries = NULL;
    const char *top = getenv("top_srcdir");
    char folder[400], path[700];
    snprintf(folder, sizeof folder, "%s/tests/sim/scenarios", top ? top : ".");
    int count = scandir(folder, &entries, is_network, alphasort);
    if (count < 1)
        fail(folder, "no scenarios");
    for (int i = 0; i < count; i++) {
        struct net *net = NULL;
        struct err err;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (net_read(path, &net, &err))
            fail(path, err.message);
        entries[i]->d_name[strlen(entries[i]->d_name) - 4] = '\0';
        for (uint8_t family = 4; family <= 6; family += 2)
            if (!addr_is_none(&net->target[family == 6]))
                run_scenario(net, entries[i]->d_name, family);
        free(net);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    static const struct world_ills ills[] = {{0, false}, {0.1, false}, {0.3, false}, {0, true}};
    if (argc != 2)
        fail("usage", "tests/sim/write_reports DIRECTORY");
    directory = argv[1];
    run_scenarios();
    for (unsigned i = 0; i < sizeof ills / sizeof *ills; i++)
        for (uint64_t seed = 1; seed <= WORLDS; seed++)
            run_world(i, &ills[i], seed);
    return 0;
}
