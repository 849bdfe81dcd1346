/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/terminal/fullscreen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/terminal/screen.h"

/* Time between two looks for keys; between two drawings without a key.
 * Unit: ns. Source: chosen. Effect: longer ones feel slow; shorter ones cost time. */
#define KEYS_EVERY (100 * NS_PER_MS)
#define DRAW_EVERY (500 * NS_PER_MS)

#define ENTER "\033[?1049h\033[?25l\033[2J" /* the other screen, no cursor */
#define LEAVE "\033[0m\033[?25h\033[?1049l"

/* What signal handlers need: whether the terminal is ours, whether it shows nothing yet, and how it was before. */
static volatile sig_atomic_t is_entered, is_empty;
static struct termios usual, ours;

static void put(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, text, length);
        if (written <= 0)
            return;
        text += written;
        length -= (size_t)written;
    }
}

/* --- entering and leaving --- */

static void enter(void)
{
    is_entered = 1;
    tcsetattr(STDIN_FILENO, TCSANOW, &ours);
    put(ENTER, strlen(ENTER));
    is_empty = 1;
}

void fullscreen_restore(void)
{
    if (!is_entered)
        return;
    is_entered = 0;
    put(LEAVE, strlen(LEAVE));
    tcsetattr(STDIN_FILENO, TCSANOW, &usual);
}

/* Ctrl-Z: the shell gets its terminal back until it continues us. */
static void on_stop(int number)
{
    (void)number;
    fullscreen_restore();
    raise(SIGSTOP);
    enter();
}

/* The default action follows, as SA_RESETHAND has it, once the handler has returned. */
static void on_crash(int number)
{
    fullscreen_restore();
    raise(number);
}

static void catch_signals(void)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
    struct sigaction stop = {.sa_handler = on_stop}, crash = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&stop.sa_mask);
    sigemptyset(&crash.sa_mask);
    sigaction(SIGTSTP, &stop, NULL);
    for (unsigned i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &crash, NULL);
}

bool fullscreen_is_possible(void)
{
    return isatty(STDIN_FILENO) && screen_has_escapes(STDOUT_FILENO) && tcgetattr(STDIN_FILENO, &usual) == 0;
}

/* Whether the terminal shows UTF-8, as the locale says. The Linux console has few such characters. */
static bool has_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *term = getenv("TERM"), *value = NULL;
    for (unsigned i = 0; i < sizeof names / sizeof *names && !(value && *value); i++)
        value = getenv(names[i]);
    bool is_utf8 = value && (strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "UTF8"));
    return is_utf8 && !(term && strcmp(term, "linux") == 0);
}

/* --- drawing --- */

/* True: it is another one than before. */
static bool find_size(struct screen_view *view)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row;
    unsigned columns = known ? size.ws_col : 80, lines = known ? size.ws_row : 24;
    bool is_other = columns != view->columns || lines != view->lines;
    view->columns = columns;
    view->lines = lines;
    return is_other;
}

/* The lines of the page that differ from those that the terminal shows. */
static void add_changes(struct strbuf *bytes, const char *page, const char *shown)
{
    for (unsigned number = 1; *page; number++) {
        size_t length = strcspn(page, "\n"), before = strcspn(shown, "\n");
        if (length != before || memcmp(page, shown, length) != 0) {
            strbuf_addf(bytes, "\033[%u;1H", number);
            strbuf_add_bytes(bytes, page, length);
            strbuf_add(bytes, "\033[K");
        }
        page += length + (page[length] == '\n');
        shown += before + (shown[before] == '\n');
    }
}

static void show_fresh(struct fullscreen *screen, bool fresh)
{
    for (unsigned i = 0; i < screen->monitor_count; i++)
        monitor_show_fresh(screen->monitors[i], fresh);
}

static void draw(struct fullscreen *screen, nstime now)
{
    struct strbuf page, bytes;
    strbuf_init(&page);
    strbuf_init(&bytes);
    bool is_fresh = is_empty;
    is_empty = 0; /* a stop from here on asks for a whole page again */
    is_fresh = find_size(&screen->view) || is_fresh;
    show_fresh(screen, true);
    struct output out = *screen->out; /* which may be told of another target at present */
    out.result = screen->result;
    screen_view_render(&screen->view, &out, now, &page);
    show_fresh(screen, false);
    if (is_fresh) {
        strbuf_add(&bytes, "\033[2J");
        strbuf_clear(&screen->shown);
    }
    add_changes(&bytes, page.text, screen->shown.text);
    put(bytes.text, bytes.length);
    strbuf_free(&bytes);
    strbuf_free(&screen->shown);
    screen->shown = page;
}

/* --- keys --- */

/* The key at the start of the bytes, and how many it takes. An arrow is ESC [ A to D, or ESC O A to D. */
static unsigned key_of(const unsigned char *bytes, size_t count, size_t *taken)
{
    static const unsigned arrows[] = {SCREEN_KEY_UP, SCREEN_KEY_DOWN, SCREEN_KEY_RIGHT, SCREEN_KEY_LEFT};
    bool is_sequence = bytes[0] == 27 && count >= 3 && (bytes[1] == '[' || bytes[1] == 'O');
    *taken = is_sequence ? 3 : 1;
    if (!is_sequence)
        return bytes[0];
    return bytes[2] >= 'A' && bytes[2] <= 'D' ? arrows[bytes[2] - 'A'] : 0;
}

static void press(struct fullscreen *screen, unsigned key)
{
    if (key == SCREEN_KEY_QUIT) {
        screen->quits = true;
        *screen->stop = 1;
    } else if (key == SCREEN_KEY_RESET) {
        for (unsigned i = 0; i < screen->monitor_count; i++)
            monitor_reset(screen->monitors[i]);
    } else {
        screen_view_press(&screen->view, screen->result, key);
    }
}

/* True: there were keys. */
static bool take_keys(struct fullscreen *screen)
{
    unsigned char bytes[64];
    ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    size_t taken = 0;
    for (ssize_t at = 0; at < count; at += (ssize_t)taken)
        press(screen, key_of(bytes + at, (size_t)(count - at), &taken));
    return count > 0;
}

/* --- the wire --- */

static struct fullscreen *screen_of(struct wire *wire)
{
    return (struct fullscreen *)wire;
}

static enum wire_event receive(struct wire *wire, nstime until, struct frame *frame, struct session_claim *claim,
                               struct err *err)
{
    struct fullscreen *screen = screen_of(wire);
    nstime now = screen->inner->ops->now(screen->inner), soon = now + KEYS_EVERY;
    bool pressed = take_keys(screen);
    if (pressed || (now >= screen->next_draw && !screen->view.paused)) {
        draw(screen, now);
        screen->next_draw = now + DRAW_EVERY;
    }
    return screen->inner->ops->receive(screen->inner, until < soon ? until : soon, frame, claim, err);
}

static int send_packet(struct wire *wire, const struct addr *target, const uint8_t *bytes, size_t length)
{
    struct wire *inner = screen_of(wire)->inner;
    return inner->ops->send(inner, target, bytes, length);
}

static nstime now_of(struct wire *wire)
{
    struct wire *inner = screen_of(wire)->inner;
    return inner->ops->now(inner);
}

static nstime drained(struct wire *wire)
{
    struct wire *inner = screen_of(wire)->inner;
    return inner->ops->drained(inner);
}

static uint64_t dropped(struct wire *wire)
{
    struct wire *inner = screen_of(wire)->inner;
    return inner->ops->dropped(inner);
}

static void close_wire(struct wire *wire)
{
    fullscreen_end(screen_of(wire)); /* the inner wire is borrowed */
}

void fullscreen_start(struct fullscreen *screen, struct wire *inner, const struct output *out,
                      struct monitor *const *monitors, unsigned monitor_count, volatile sig_atomic_t *stop)
{
    static const struct wire_ops ops = {.receive = receive,
                                        .send = send_packet,
                                        .now = now_of,
                                        .drained = drained,
                                        .dropped = dropped,
                                        .close = close_wire};
    *screen = (struct fullscreen){.wire.ops = &ops,
                                  .inner = inner,
                                  .out = out,
                                  .result = out->result,
                                  .monitor_count = monitor_count,
                                  .stop = stop,
                                  .is_on = true};
    memcpy(screen->monitors, monitors, monitor_count * sizeof *monitors);
    strbuf_init(&screen->shown);
    screen->view.color = out->options.color;
    screen->view.utf8 = has_utf8();
    ours = usual;
    ours.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    ours.c_cc[VMIN] = ours.c_cc[VTIME] = 0;
    catch_signals();
    enter();
}

void fullscreen_end(struct fullscreen *screen)
{
    if (!screen->is_on)
        return;
    fullscreen_restore();
    strbuf_free(&screen->shown);
    screen->is_on = false;
}
