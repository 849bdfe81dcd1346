/* SPDX-License-Identifier: BSD-2-Clause */
#include "hostile/forge.h"

#include <string.h>

#include "packet/checksum.h"
#include "probe/type.h"

#define DYNAMIC_FIRST 49152
#define DYNAMIC_COUNT 16384
#define HOPS 8           /* probes that it imagines */
#define QUOTED_SIZE 60   /* IPv4 probes by default */
#define QUOTED_SIZE_6 80 /* IPv6 */

/* One packet under construction. */
struct made {
    uint8_t *bytes;
    size_t length;
};

static void add8(struct made *m, unsigned value)
{
    m->bytes[m->length++] = (uint8_t)value;
}

static void add16(struct made *m, unsigned value)
{
    add8(m, value >> 8);
    add8(m, value & 0xff);
}

static void add32(struct made *m, uint32_t value)
{
    add16(m, value >> 16);
    add16(m, value & 0xffff);
}

static void set16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void add_bytes(struct made *m, const void *bytes, size_t count)
{
    memcpy(m->bytes + m->length, bytes, count);
    m->length += count;
}

static bool is_6(const struct forger *f)
{
    return f->target.family == 6;
}

static uint8_t protocol_of(const struct forger *f)
{
    return probe_type_protocol(f->spec.type, f->target.family, f->spec.protocol);
}

/* An IP header for `size` bytes in all; over IPv6 the id is the flow label. */
static void add_ip(struct made *m, const struct addr *from, const struct addr *to, uint8_t protocol, uint8_t ttl,
                   uint32_t id, size_t size)
{
    uint8_t *start = m->bytes + m->length;
    if (to->family == 6) {
        add32(m, UINT32_C(6) << 28 | (id & 0xfffff));
        add16(m, (unsigned)size - 40);
        add8(m, protocol);
        add8(m, ttl);
    } else {
        add16(m, 0x4500);
        add16(m, (unsigned)size);
        add16(m, id & 0xffff);
        add16(m, 0x4000);
        add8(m, ttl);
        add8(m, protocol);
        add16(m, 0);
    }
    add_bytes(m, from->bytes, addr_length(from));
    add_bytes(m, to->bytes, addr_length(to));
    if (to->family != 6)
        set16(start + 10, checksum_finish(checksum_add(0, start, 20)));
}

static unsigned swept_port(const struct forger *f, uint64_t n)
{
    (void)f;
    return DYNAMIC_FIRST + (unsigned)(n % DYNAMIC_COUNT);
}

/* The first 8 bytes of a probe, guessed. An id, as 0.1.0 sent them, is the checksum as well. */
static void add_quoted_transport(struct forger *f, struct made *m, uint64_t n, unsigned id)
{
    unsigned port = swept_port(f, n), guess = n & 1 ? id : rng_below(&f->rng, 65536);
    if (f->spec.type->identity == IDENTITY_ECHO) {
        add16(m, is_6(f) ? 0x8000 : 0x0800);
        add16(m, rng_below(&f->rng, 65536));
        add16(m, port);
        add16(m, guess);
        return;
    }
    add16(m, port);
    add16(m, f->spec.port);
    if (f->spec.type->identity == IDENTITY_SEQ) {
        add32(m, rng_u32(&f->rng));
        return;
    }
    add16(m, QUOTED_SIZE - 20); /* over IPv6 as well */
    add16(m, guess);
}

/* Type and code of the error, and who sends it. */
struct lie {
    uint8_t type_4, code_4, type_6, code_6;
    bool by_target;
};

static const struct lie lies[] = {
    {11, 0, 3, 0, false}, {3, 13, 1, 1, false}, {11, 0, 3, 0, false}, {3, 10, 1, 3, false},
    {3, 9, 1, 0, false},  {3, 3, 1, 4, true},   {11, 0, 3, 0, true},  {3, 1, 1, 3, false},
};

static void add_error(struct forger *f, struct made *m, uint64_t n, bool has_transport)
{
    const struct lie *lie = &lies[n % (sizeof lies / sizeof *lies)];
    const struct addr *from = lie->by_target ? &f->target : &f->sender;
    bool six = is_6(f);
    size_t header = six ? 40 : 20, quote = header + (has_transport ? 8 : 0), size = header + 8 + quote;
    unsigned id = six ? rng_u32(&f->rng) & 0xfffff : has_transport ? rng_below(&f->rng, 65536) : (unsigned)n & 0xffff;
    add_ip(m, from, &f->source, six ? IP_ICMP6 : IP_ICMP, 60, 0, size);
    size_t icmp = m->length;
    add8(m, six ? lie->type_6 : lie->type_4);
    add8(m, six ? lie->code_6 : lie->code_4);
    add16(m, 0);
    add32(m, 0);
    add_ip(m, &f->source, &f->target, protocol_of(f), 1, id, six ? QUOTED_SIZE_6 : QUOTED_SIZE);
    if (has_transport)
        add_quoted_transport(f, m, n, id);
    uint32_t sum = six ? checksum_pseudo(from, &f->source, IP_ICMP6, (uint32_t)(m->length - icmp)) : 0;
    set16(m->bytes + icmp + 2, checksum_finish(checksum_add(sum, m->bytes + icmp, m->length - icmp)));
}

/* SYN/ACK and RST by turns, with a guessed acknowledgement. */
static void add_tcp(struct forger *f, struct made *m, uint64_t n)
{
    uint32_t guess = rng_u32(&f->rng);
    bool rst = n & 1;
    add16(m, f->spec.port);
    add16(m, swept_port(f, n));
    add32(m, guess);
    add32(m, guess);
    add16(m, 0x5000 | (rst ? TCP_RST | TCP_ACK : TCP_SYN | TCP_ACK));
    add16(m, rst ? 0 : 64240);
    add32(m, 0);
}

/* What answers a probe of this protocol, as far as it can be guessed. */
static void add_answer_transport(struct forger *f, struct made *m, uint64_t n)
{
    uint8_t protocol = protocol_of(f);
    if (protocol == IP_TCP) {
        add_tcp(f, m, n);
        return;
    }
    if (f->spec.type->identity == IDENTITY_ECHO) {
        add16(m, is_6(f) ? 0x8100 : 0);
        add16(m, 0);
        add16(m, swept_port(f, n));
        add16(m, rng_below(&f->rng, 65536));
        for (unsigned i = 0; i < 32; i++)
            add8(m, 0);
        return;
    }
    add16(m, f->spec.port);
    add16(m, swept_port(f, n));
    if (protocol == IP_SCTP) { /* an ABORT with the T bit: its tag is that of the INIT, 0 */
        add32(m, n & 1 ? 0 : rng_u32(&f->rng));
        add32(m, 0);
        add32(m, UINT32_C(0x06010004));
        return;
    }
    add16(m, 8 + 12); /* UDP, and a DNS answer */
    add16(m, 0);
    add16(m, rng_below(&f->rng, 65536));
    add16(m, 0x8180);
    add32(m, UINT32_C(0x00010000));
    add32(m, 0);
}

static void add_answer(struct forger *f, struct made *m, uint64_t n)
{
    uint8_t transport[64];
    struct made t = {.bytes = transport};
    add_answer_transport(f, &t, n);
    uint8_t protocol = protocol_of(f);
    add_ip(m, &f->target, &f->source, protocol, 60, 0, (is_6(f) ? 40U : 20U) + t.length);
    size_t at = protocol == IP_TCP ? 16 : f->spec.type->identity == IDENTITY_ECHO ? 2 : 6;
    uint32_t sum = protocol == IP_ICMP ? 0 : checksum_pseudo(&f->target, &f->source, protocol, (uint32_t)t.length);
    if (protocol != IP_SCTP)
        set16(transport + at, checksum_finish(checksum_add(sum, transport, t.length)));
    add_bytes(m, transport, t.length);
}

size_t forge_next(struct forger *f, uint8_t bytes[FORGE_BYTES])
{
    struct made m = {.bytes = bytes};
    uint64_t n = f->count++;
    enum forge_kind kind = f->kind;
    if (kind == FORGE_ALL) {
        kind = (enum forge_kind)(n % FORGE_ALL);
        n /= FORGE_ALL;
    }
    if (kind == FORGE_ANSWERS)
        add_answer(f, &m, n);
    else
        add_error(f, &m, n, kind == FORGE_PORTS);
    return m.length;
}

enum forge_kind forge_kind_of(const char *word)
{
    static const char *const words[] = {"ids", "ports", "answers", "all"};
    unsigned kind = 0;
    while (kind < FORGE_KINDS && strcmp(word, words[kind]) != 0)
        kind++;
    return (enum forge_kind)kind;
}
