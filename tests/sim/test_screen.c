/* SPDX-License-Identifier: BSD-2-Clause */
/* The full screen of `watch` at two sizes, after keys, over a simulated run: as tests/sim/screens/ has it.
 * HOPSONDE_UPDATE_GOLDEN=1 makes these files anew. */
#include <stdlib.h>

#include "report/screen_view.h"
#include "sim/heard.h"
#include "tap.h"

#define NETWORK                                                                                                        \
    "client client 10.9.0.2\nchain r 6\nhost target 192.0.2.80 open tcp/80,tcp/443\n"                                  \
    "links 5ms client r1 r2\nlink r2 r3 delay 5ms jitter 4ms\nlinks 5ms r3 r4 r5 r6 target\n"                          \
    "set r2 limit 3 0.5\n"
#define CHANGED NETWORK "filter r4 forward tcp port 443 drop\n"

static struct result result;
static struct output out = {.result = &result};

/* Each line is no wider than the screen: bytes of colours and the further bytes of UTF-8 take no column. */
static unsigned widest(const char *text)
{
    unsigned most = 0, columns = 0;
    for (; *text; text++) {
        if (*text == '\033')
            text += strcspn(text, "m");
        else
            columns = *text == '\n' ? 0 : columns + (((unsigned char)*text & 0xc0) != 0x80);
        most = columns > most ? columns : most;
    }
    return most;
}

static unsigned count_lines(const char *text)
{
    unsigned lines = 1;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void path_of(const char *name, char path[512])
{
    const char *top = getenv("top_srcdir");
    snprintf(path, 512, "%s/tests/sim/screens/%s", top ? top : ".", name);
}

static void compare(const char *name, const struct strbuf *text)
{
    char path[512], *kept = calloc(1, 65536);
    path_of(name, path);
    if (getenv("HOPSONDE_UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "w");
        if (!file || fputs(text->text, file) < 0 || fclose(file))
            abort();
    }
    FILE *file = fopen(path, "r");
    if (file && kept && fread(kept, 1, 65535, file) > 0)
        is_text(text->text, kept, "%s: the screen", name);
    else
        ok(false, "%s: cannot be read", path);
    if (file)
        fclose(file);
    free(kept);
}

/* The screen after these keys. */
static void show(const char *name, struct screen_view view, const char *keys)
{
    struct strbuf text;
    strbuf_init(&text);
    for (const char *key = keys; *key; key++)
        screen_view_press(&view, &result, *key == 'v' ? SCREEN_KEY_DOWN : (unsigned)*key);
    screen_view_render(&view, &out, SIM_START, &text);
    compare(name, &text);
    is_num(count_lines(text.text), view.lines, "%s: it fills the screen", name);
    ok(widest(text.text) <= view.columns, "%s: no line is wider", name);
    strbuf_free(&text);
}

static void test_sizes(void)
{
    const struct screen_view small = {.columns = 80, .lines = 24}, large = {.columns = 200, .lines = 60, .utf8 = true};
    show("small", small, "");
    show("small-tcp", small, "\t");
    show("small-numbers", small, "d");
    show("small-times", small, "dd");
    show("small-percentiles", small, "dj");
    show("small-detail", small, "vvv\r");
    show("small-help", small, "?");
    show("large", large, "");
    show("large-color", (struct screen_view){.columns = 200, .lines = 60, .utf8 = true, .color = true}, "\tvvv");
    show("tiny", (struct screen_view){.columns = 40, .lines = 5}, "");
    show("low", (struct screen_view){.columns = 60, .lines = 10}, "vvvvvv");
    show("low-detail", (struct screen_view){.columns = 60, .lines = 20}, "\tvvvv\r");
    show("large-detail", large, "\tvvv\r");
    show("large-help", large, "?");
}

static void render(struct screen_view *view, struct strbuf *text)
{
    strbuf_clear(text);
    screen_view_render(view, &out, SIM_START, text);
}

/* Each page fits each size, and the table shows the selected row. */
static void test_all_sizes(void)
{
    static const char *const pages[] = {"vvvvv", "vvvvv\r", "?", "dd", "jvvvvvvv"};
    struct strbuf text;
    strbuf_init(&text);
    for (unsigned page = 0; page < sizeof pages / sizeof *pages; page++) {
        unsigned wrong = 0, hidden = 0;
        struct screen_view view = {.columns = 80, .lines = 24, .utf8 = true, .color = true};
        for (const char *key = pages[page]; *key; key++)
            screen_view_press(&view, &result, *key == 'v' ? SCREEN_KEY_DOWN : (unsigned)*key);
        for (view.columns = 1; view.columns <= 230; view.columns += 7)
            for (view.lines = 1; view.lines <= 70; view.lines++) {
                bool is_table = view.columns >= SCREEN_COLUMNS_LEAST && view.lines >= SCREEN_LINES_LEAST &&
                                !view.help && !view.detail && view.selected;
                render(&view, &text);
                wrong += count_lines(text.text) != view.lines || widest(text.text) > view.columns;
                hidden += is_table && !strstr(text.text, ">");
            }
        is_num(wrong, 0, "page %u fills each size, and no line is wider", page);
        is_num(hidden, 0, "and the selected row is on it");
    }
    strbuf_free(&text);
}

static void resize(struct screen_view *view, unsigned columns, unsigned lines, struct strbuf *text)
{
    view->columns = columns;
    view->lines = lines;
    render(view, text);
}

/* A terminal that becomes smaller, then larger, and has its first size again shows its first page. */
static void test_resize(void)
{
    struct screen_view view = {.selected = 5};
    struct strbuf first, text;
    strbuf_init(&first);
    strbuf_init(&text);
    resize(&view, 80, 24, &first);
    resize(&view, 60, 12, &text);
    compare("resized-small", &text);
    resize(&view, 10, 2, &text);
    resize(&view, 200, 50, &text);
    compare("resized-large", &text);
    resize(&view, 80, 24, &text);
    is_text(text.text, first.text, "a terminal that has its first size again shows its first page");
    strbuf_free(&text);
    strbuf_free(&first);
}

/* A view that selects what is no more is corrected. */
static void test_corrections(void)
{
    struct screen_view view = {.columns = 80, .lines = 24, .spec = 77, .selected = 200, .detail = true};
    struct strbuf text;
    strbuf_init(&text);
    screen_view_render(&view, &out, SIM_START, &text);
    is_num(view.spec, 0, "a spec that there is not");
    is_num(view.selected, 7, "a hop behind the target");
    strbuf_free(&text);
    screen_view_press(&view, &result, SCREEN_KEY_LEFT);
    is_num(view.spec, 1, "left of the first spec is the last");
    screen_view_press(&view, &result, SCREEN_KEY_RIGHT);
    is_num(view.spec, 0, "and right of that the first");
}

static const struct result *several[12];

/* The same run as if it were that of several targets. */
static void test_targets(void)
{
    static struct result results[12];
    static struct session_config configs[12];
    for (unsigned i = 0; i < 12; i++) {
        configs[i] = *result.config;
        configs[i].target.bytes[3] = (uint8_t)(80 + i);
        configs[i].target_name[0] = '\0';
        if (i % 3 == 0)
            snprintf(configs[i].target_name, sizeof configs[i].target_name, "host-%u.example", i + 1);
        results[i] = result;
        results[i].config = &configs[i];
        results[i].targets = several;
        results[i].target_count = 12;
        several[i] = &results[i];
    }
    const struct screen_view small = {.columns = 80, .lines = 24}, large = {.columns = 200, .lines = 60, .utf8 = true};
    result.targets = several;
    result.target_count = 12;
    out.result = &results[0];
    show("targets-small", small, "vvv");
    show("targets-large", large, "");
    show("targets-low", (struct screen_view){.columns = 60, .lines = 10}, "vvvvvvv");
    show("targets-one", small, "12");
    struct screen_view view = small;
    const struct result *first = several[0];
    screen_view_press(&view, first, '3');
    ok(view.one_target && view.target == 2, "a number opens a target");
    screen_view_press(&view, first, SCREEN_KEY_BACK);
    ok(!view.one_target && view.target == 2, "escape goes back");
    screen_view_press(&view, first, SCREEN_KEY_ENTER);
    ok(view.one_target && view.target == 2, "enter opens the selected one");
    screen_view_press(&view, first, '1');
    screen_view_press(&view, first, '1');
    is_num(view.target, 10, "two digits are one number");
    screen_view_press(&view, first, '1');
    is_num(view.target, 0, "a third one begins another");
    screen_view_press(&view, first, '\t');
    screen_view_press(&view, first, '2');
    is_num(view.target, 1, "so does one behind another key");
    screen_view_press(&view, first, SCREEN_KEY_BACK);
    screen_view_press(&view, first, '\t');
    ok(!view.one_target && view.target == 2, "tab selects the next target");
    screen_view_press(&view, first, SCREEN_KEY_UP);
    is_num(view.target, 1, "up the one before");
    out.result = &result;
}

int main(void)
{
    struct watching w;
    struct heard heard;
    watching_init(&w, NETWORK, "icmp,tcp/443", 1);
    watching_change(&w, 60, CHANGED);
    w.config.rounds = 90;
    snprintf(w.config.target_name, sizeof w.config.target_name, "web.example");
    heard_run(&heard, &w);
    result_of_session(&result, w.session);
    result.monitor = heard.monitor;
    test_sizes();
    test_all_sizes();
    test_resize();
    test_corrections();
    test_targets();
    heard_free(&heard, &w);
    return tap_done();
}
