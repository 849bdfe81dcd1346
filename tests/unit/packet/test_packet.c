/* SPDX-License-Identifier: BSD-2-Clause */
/* Every vector of tests/vectors/packet.txt and tunnel.txt: decoded and opened as it is, at every length that a capture
 * may cut it to, and with each byte spoilt. Bytes are always in an allocation of their own size, for the address
 * sanitizer.
 *
 * A vector: a line `NAME LINKTYPE [cut]` (cut: the wire had 1000 bytes more), indented lines of hex, `= EXPECTATION`.
 */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>

#include "tap.h"
#include "unit/support/packet_text.h"

#define VECTOR_BYTES_MOST 4096

struct vector {
    char name[128];
    unsigned linktype;
    bool cut;
    size_t size;
    uint8_t bytes[VECTOR_BYTES_MOST];
};

static void decode(const struct vector *v, const uint8_t *bytes, size_t captured, size_t length, struct packet *out)
{
    struct frame frame = {
        .bytes = bytes,
        .captured = (uint32_t)captured,
        .length = (uint32_t)length,
        .linktype = (uint16_t)v->linktype,
    };
    packet_decode(&frame, out);
    packet_open_tunnels(out);
}

static bool span_within(const uint8_t *inner, size_t inner_size, const uint8_t *bytes, size_t size)
{
    volatile uint8_t sum = 0;
    if (inner_size == 0)
        return true;
    if (inner < bytes || inner_size > size || (size_t)(inner - bytes) > size - inner_size)
        return false;
    for (size_t i = 0; i < inner_size; i++)
        sum = (uint8_t)(sum + inner[i]);
    return true;
}

static bool headers_are_sound(const struct headers *h, const uint8_t *bytes, size_t size)
{
    const struct transport *t = &h->transport;
    if (h->ip.version == 0)
        return h->captured == 0 && t->have == 0 && t->captured == 0;
    return span_within(h->bytes, h->captured, bytes, size) &&
           span_within(t->bytes, t->captured, h->bytes, h->captured) && t->header_length <= t->captured &&
           (t->captured > 0 || t->have == 0) && t->captured <= t->size &&
           t->tcp_options.kind_count <= sizeof t->tcp_options.kinds;
}

static bool is_sound(const struct packet *p, const uint8_t *bytes, size_t size)
{
    const struct headers *outer = &p->outer;
    if (p->kind == PACKET_NOT_IP || p->kind == PACKET_MALFORMED)
        return outer->ip.version == 0 && p->quote.ip.version == 0 && (p->kind == PACKET_NOT_IP || p->malformed);
    return headers_are_sound(outer, bytes, size) &&
           headers_are_sound(&p->quote, outer->transport.bytes, outer->transport.captured) &&
           p->extension.mpls_count <= MPLS_LABELS_MOST && p->extension.interface_count <= INTERFACE_INFOS_MOST;
}

/* A source route that the cut took away does not say where the packet goes in the end. */
static bool target_agrees(const struct headers *cut, const struct headers *whole)
{
    bool route_is_cut = whole->ip.has_options && cut->captured < whole->ip.header_length;
    return route_is_cut || addr_equal(&cut->ip.target, &whole->ip.target);
}

/* Of options, those before the cut are known. */
static bool options_agree(const struct transport *cut, const struct transport *whole)
{
    const struct tcp_options *c = &cut->tcp_options, *w = &whole->tcp_options;
    if (!(cut->have & HAVE_SOME_OPTIONS))
        return true;
    return (whole->have & (HAVE_OPTIONS | HAVE_SOME_OPTIONS)) && !(cut->have & HAVE_OPTIONS) && c->kind_count == 0 &&
           (!c->has_mss || (w->has_mss && c->mss == w->mss)) &&
           (!c->has_timestamps || (w->has_timestamps && c->timestamp == w->timestamp));
}

/* Whatever is known of a cut packet must be true of the whole one. */
static bool cut_agrees(const struct headers *cut, const struct headers *whole)
{
    const struct transport *c = &cut->transport, *w = &whole->transport;
    if (cut->ip.version == 0)
        return true;
    if (cut->ip.ttl != whole->ip.ttl || !target_agrees(cut, whole) || cut->captured > whole->captured ||
        (c->have & ~w->have & ~(uint32_t)HAVE_SOME_OPTIONS) || !options_agree(c, w))
        return false;
    return (!(c->have & HAVE_PORTS) || (c->source_port == w->source_port && c->target_port == w->target_port)) &&
           (!(c->have & HAVE_SEQ) || c->seq == w->seq) && (!(c->have & HAVE_ACK) || c->ack == w->ack) &&
           (!(c->have & HAVE_CHECKSUM) || (c->checksum == w->checksum && c->crc == w->crc)) &&
           (!(c->have & HAVE_ECHO) || c->echo_seq == w->echo_seq) && (!(c->have & HAVE_TAG) || c->tag == w->tag) &&
           (!(c->have & HAVE_INIT_TAG) || c->init_tag == w->init_tag) && (!(c->have & HAVE_TYPE) || c->type == w->type);
}

/* A cut packet may be opened less far, but not otherwise. */
static bool tunnels_agree(const struct packet *cut, const struct packet *whole)
{
    bool agrees = cut->tunnels.count <= whole->tunnels.count;
    for (unsigned i = 0; agrees && i < cut->tunnels.count; i++) {
        const struct tunnel *c = &cut->tunnels.at[i], *w = &whole->tunnels.at[i];
        agrees = c->encapsulation == w->encapsulation && c->id == w->id && addr_equal(&c->source, &w->source);
    }
    return agrees;
}

static bool packets_agree(const struct packet *cut, const struct packet *whole)
{
    if (!tunnels_agree(cut, whole) || cut->tunnels.count < whole->tunnels.count)
        return tunnels_agree(cut, whole);
    bool agrees = cut_agrees(&cut->outer, &whole->outer);
    if (cut->kind == PACKET_ICMP_ERROR && !cut->extension.present == !whole->extension.present)
        agrees = agrees && cut_agrees(&cut->quote, &whole->quote);
    return agrees;
}

static void check_expectation(const struct vector *v, const char *want)
{
    struct packet p;
    struct strbuf got;
    uint8_t *bytes = malloc(v->size);
    memcpy(bytes, v->bytes, v->size);
    strbuf_init(&got);
    decode(v, bytes, v->size, v->size + (v->cut ? 1000 : 0), &p);
    packet_text(&p, &got);
    is_text(got.text, want, "%s", v->name);
    ok(is_sound(&p, bytes, v->size), "%s: sound", v->name);
    strbuf_free(&got);
    free(bytes);
}

/* `sent` short as well as cut by the capture: the first may be malformed, neither may show fields that are not there.
 */
static void check_cuts(const struct vector *v)
{
    struct packet whole, cut, sent;
    size_t bad = 0, length = v->size + (v->cut ? 1000 : 0);
    decode(v, v->bytes, v->size, length, &whole);
    for (size_t size = 0; size <= v->size; size++) {
        uint8_t *bytes = malloc(size);
        memcpy(bytes, v->bytes, size);
        decode(v, bytes, size, length, &cut);
        decode(v, bytes, size, size, &sent);
        bool good = packets_agree(&cut, &whole) && is_sound(&cut, bytes, size) && is_sound(&sent, bytes, size);
        if (!good && bad++ == 0)
            printf("# %s: bad at %zu bytes\n", v->name, size);
        free(bytes);
    }
    ok(bad == 0, "%s: every cut length", v->name);
}

static void check_spoilt_bytes(const struct vector *v)
{
    static const uint8_t values[] = {0x00, 0xff, 0x01, 0x45, 0x60};
    size_t bad = 0;
    uint8_t *bytes = malloc(v->size);
    memcpy(bytes, v->bytes, v->size);
    for (size_t i = 0; i < v->size; i++) {
        for (size_t k = 0; k < sizeof values; k++) {
            struct packet p;
            bytes[i] = values[k];
            decode(v, bytes, v->size, v->size, &p);
            if (!is_sound(&p, bytes, v->size) && bad++ == 0)
                printf("# %s: bad with byte %zu = %02x\n", v->name, i, values[k]);
        }
        bytes[i] = v->bytes[i];
    }
    free(bytes);
    ok(bad == 0, "%s: every byte spoilt", v->name);
}

static void add_hex(struct vector *v, const char *line)
{
    unsigned byte;
    int used;
    while (sscanf(line, " %2x%n", &byte, &used) == 1 && v->size < VECTOR_BYTES_MOST) {
        v->bytes[v->size++] = (uint8_t)byte;
        line += used;
    }
}

static unsigned run_vectors(FILE *file)
{
    char line[8192];
    struct vector v = {0};
    unsigned count = 0;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '=') {
            check_expectation(&v, line + 2);
            check_cuts(&v);
            check_spoilt_bytes(&v);
            count++;
        } else if (isspace((unsigned char)line[0])) {
            add_hex(&v, line);
        } else if (line[0] != '\0' && line[0] != '#') {
            char cut[8] = "";
            v = (struct vector){0};
            if (sscanf(line, "%127s %u %7s", v.name, &v.linktype, cut) < 2)
                ok(false, "vector line: %s", line);
            v.cut = strcmp(cut, "cut") == 0;
        }
    }
    return count;
}

static void test_names(void)
{
    is_text(icmp_name(4, 11, 0), "time exceeded", "11/0");
    is_text(icmp_name(4, 3, 13), "administratively prohibited", "3/13");
    is_text(icmp_name(4, 3, 99), "unreachable", "an unknown code has its type's words");
    is_text(icmp_name(6, 1, 4), "port unreachable", "v6 1/4");
    is_text(icmp_name(6, 2, 0), "packet too big", "v6 2/0");
    ok(icmp_name(4, 200, 0) == NULL, "an unknown type has none");
    ok(icmp_name(6, 11, 0) == NULL, "families are kept apart");
    is_text(ip_protocol_name(136), "udplite", "protocol 136");
    ok(ip_protocol_name(50) == NULL, "a protocol without a name");
    ok(icmp_is_error(4, 11) && icmp_is_error(6, 3) && !icmp_is_error(4, 8) && !icmp_is_error(6, 128) &&
           !icmp_is_error(6, 11),
       "which types are errors");
    ok(linktype_is_known(276) && linktype_is_known(0) && linktype_is_known(105) && linktype_is_known(127) &&
           linktype_is_known(14) && linktype_is_known(239) && !linktype_is_known(147),
       "which link types are known");
}

static void run_file(const char *name)
{
    const char *top = getenv("top_srcdir");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/tests/vectors/%s", top ? top : ".", name);
    FILE *file = fopen(path, "r");
    if (ok(file != NULL, "%s opens", path)) {
        unsigned count = run_vectors(file);
        ok(count >= 50, "%u vectors", count);
        fclose(file);
    }
}

int main(void)
{
    run_file("packet.txt");
    run_file("tunnel.txt");
    test_names();
    return tap_done();
}
