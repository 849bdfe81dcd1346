/* SPDX-License-Identifier: BSD-2-Clause */
/* responder: a path behind a tun device, for measuring. Hop i answers after i steps, and the last hop is the target,
 * whatever address was asked for. The delays are this program's, since not every kernel can make them.
 *
 *   responder TUN [hops=10] [step-ms=10] [slow=1:400] [slow-on-signal=1] [silent=4,5] [wide=3x4,7x4]
 *             [silent-target=1] [no-udp-behind=4] [log=FILE]
 *
 * Hop i answers as 10.88.0.i or fd88::i; where it is wide, there are so many that share the flows, as 10.88.k.i or
 * fd88::k:i, k from 0. With `slow`, replies from behind that hop take so many milliseconds more; with
 * `slow-on-signal`, SIGUSR1 turns that on and off. `log` gets a line for each probe as it
 * comes: nanoseconds since 1970, TTL, protocol number. It runs until it is killed. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "netns/hurry.h"

enum { PACKET_BYTES = 1600, QUEUE_SLOTS = 4096, QUOTE_BYTES = 520 };
enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58 };

static volatile sig_atomic_t is_slow = 1;

static void toggle(int number)
{
    (void)number;
    is_slow = !is_slow;
}

struct plan {
    unsigned hops, step_ms, no_udp_behind;
    unsigned slow_ms[256]; /* more for replies from behind this hop */
    bool silent[256], silent_target;
    unsigned wide[256]; /* 0: as 1 */
    FILE *log;
};

struct answer {
    int64_t due_ns;
    size_t length;
    uint8_t bytes[PACKET_BYTES];
};

/* Sorted by due time, the next one last. */
struct queue {
    size_t count;
    struct answer *slots[QUEUE_SLOTS];
};

struct probe {
    const uint8_t *bytes;
    size_t length, header;
    bool six;
    uint8_t ttl, protocol;
};

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static uint32_t sum_add(uint32_t sum, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    return sum;
}

static unsigned sum_fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

/* Writes the IP header before `payload` bytes that are there already, and the transport checksum at `sum_at` in them.
 */
static void answer_seal(struct answer *answer, const struct probe *probe, const uint8_t *from, uint8_t protocol,
                        size_t payload, size_t sum_at)
{
    uint8_t *ip = answer->bytes;
    size_t header = probe->six ? 40 : 20, address = probe->six ? 16 : 4, source = probe->six ? 8 : 12;
    memset(ip, 0, header);
    answer->length = header + payload;
    if (probe->six) {
        ip[0] = 0x60;
        put16(ip + 4, (unsigned)payload);
        ip[6] = protocol;
        ip[7] = 64;
    } else {
        ip[0] = 0x45;
        put16(ip + 2, (unsigned)answer->length);
        ip[8] = 64;
        ip[9] = protocol;
    }
    memcpy(ip + source, from, address);
    memcpy(ip + source + address, probe->bytes + source, address);
    if (!probe->six)
        put16(ip + 10, sum_fold(sum_add(0, ip, 20)));
    put16(ip + header + sum_at, 0);
    uint32_t sum = sum_add(0, ip + header, payload);
    if (protocol != ICMP)
        sum = sum_add(sum, ip + source, 2 * address) + protocol + (uint32_t)payload;
    put16(ip + header + sum_at, sum_fold(sum));
}

static void answer_icmp_error(struct answer *answer, const struct probe *probe, const uint8_t *from, uint8_t type,
                              uint8_t code)
{
    uint8_t *icmp = answer->bytes + (probe->six ? 40 : 20);
    size_t quote = probe->length < QUOTE_BYTES ? probe->length : QUOTE_BYTES;
    memset(icmp, 0, 8);
    icmp[0] = type;
    icmp[1] = code;
    memcpy(icmp + 8, probe->bytes, quote);
    icmp[8 + (probe->six ? 7 : 8)] = 1; /* as it would have arrived there */
    if (!probe->six) {
        put16(icmp + 8 + 10, 0);
        put16(icmp + 8 + 10, sum_fold(sum_add(0, icmp + 8, probe->header)));
    }
    answer_seal(answer, probe, from, probe->six ? ICMP6 : ICMP, 8 + quote, 2);
}

static void answer_tcp(struct answer *answer, const struct probe *probe, const uint8_t *from)
{
    const uint8_t *asked = probe->bytes + probe->header;
    uint8_t *tcp = answer->bytes + (probe->six ? 40 : 20);
    bool syn = asked[13] & 2;
    memset(tcp, 0, 20);
    memcpy(tcp, asked + 2, 2);
    memcpy(tcp + 2, asked, 2);
    put32(tcp + 4, syn ? 0x10203040 : get32(asked + 8));
    put32(tcp + 8, syn ? get32(asked + 4) + 1 : 0);
    tcp[12] = 5 << 4;
    tcp[13] = syn ? 0x12 : 0x04;
    put16(tcp + 14, syn ? 65535 : 0);
    answer_seal(answer, probe, from, TCP, 20, 16);
}

/* What the target says. False: nothing, to a reset or to what is cut. */
static bool answer_as_target(struct answer *answer, const struct probe *probe)
{
    const uint8_t *from = probe->bytes + (probe->six ? 24 : 16), *asked = probe->bytes + probe->header;
    size_t left = probe->length - probe->header, header = probe->six ? 40 : 20;
    if (probe->protocol == (probe->six ? ICMP6 : ICMP)) {
        if (left < 8 || asked[0] != (probe->six ? 128 : 8))
            return false;
        memcpy(answer->bytes + header, asked, left);
        answer->bytes[header] = probe->six ? 129 : 0;
        answer_seal(answer, probe, from, probe->protocol, left, 2);
    } else if (probe->protocol == TCP) {
        if (left < 20 || asked[13] & 4)
            return false;
        answer_tcp(answer, probe, from);
    } else if (probe->protocol == UDP) {
        answer_icmp_error(answer, probe, from, probe->six ? 1 : 3, probe->six ? 4 : 3);
    } else {
        answer_icmp_error(answer, probe, from, probe->six ? 4 : 3, probe->six ? 1 : 2);
    }
    return true;
}

/* Which of the hop's routers the flow meets: by its ports, or what stands there in ICMP, as balancers look at it
 * (FNV-1a). */
static unsigned branch_of(const struct plan *plan, const struct probe *probe)
{
    uint32_t hash = 2166136261u ^ probe->ttl;
    for (size_t i = probe->header; i < probe->header + 4 && i < probe->length; i++)
        hash = (hash ^ probe->bytes[i]) * 16777619u;
    hash ^= hash >> 15;
    return plan->wide[probe->ttl] ? hash % plan->wide[probe->ttl] : 0;
}

static bool answer_as_hop(const struct plan *plan, struct answer *answer, const struct probe *probe)
{
    uint8_t branch = (uint8_t)branch_of(plan, probe);
    uint8_t from[16] = {10, 88, branch, probe->ttl};
    if (probe->six) {
        memset(from, 0, sizeof from);
        from[0] = 0xfd;
        from[1] = 0x88;
        from[13] = branch;
        from[15] = probe->ttl;
    }
    answer_icmp_error(answer, probe, from, probe->six ? 3 : 11, 0);
    return true;
}

/* False: no IP packet that a host sends on its way. */
static bool probe_read(struct probe *probe, const uint8_t *bytes, size_t length)
{
    *probe = (struct probe){.bytes = bytes, .length = length, .six = length > 0 && bytes[0] >> 4 == 6};
    if (length < (probe->six ? 40 : 20))
        return false;
    probe->header = probe->six ? 40 : (size_t)(bytes[0] & 15) * 4;
    probe->ttl = bytes[probe->six ? 7 : 8];
    probe->protocol = bytes[probe->six ? 6 : 9];
    bool multicast = probe->six ? bytes[24] == 0xff : bytes[16] >= 224;
    return probe->header <= length && !multicast && probe->ttl > 0;
}

static bool plan_answers(const struct plan *plan, const struct probe *probe, struct answer *answer)
{
    bool target = probe->ttl >= plan->hops;
    if (probe->protocol == UDP && plan->no_udp_behind && probe->ttl > plan->no_udp_behind)
        return false;
    if (target)
        return !plan->silent_target && answer_as_target(answer, probe);
    return !plan->silent[probe->ttl] && answer_as_hop(plan, answer, probe);
}

static void queue_add(struct queue *queue, struct answer *answer)
{
    size_t at = queue->count;
    if (at == QUEUE_SLOTS) {
        free(answer);
        return;
    }
    for (; at > 0 && queue->slots[at - 1]->due_ns <= answer->due_ns; at--)
        queue->slots[at] = queue->slots[at - 1];
    queue->slots[at] = answer;
    queue->count++;
}

static void take_probe(const struct plan *plan, struct queue *queue, const uint8_t *bytes, size_t length)
{
    struct probe probe;
    if (!probe_read(&probe, bytes, length))
        return;
    if (plan->log)
        fprintf(plan->log, "%lld %u %u\n", (long long)now_ns(CLOCK_REALTIME), probe.ttl, probe.protocol);
    struct answer *answer = calloc(1, sizeof *answer);
    if (!answer)
        exit(1);
    unsigned steps = probe.ttl < plan->hops ? probe.ttl : plan->hops, ms = steps * plan->step_ms;
    for (unsigned hop = 1; hop < steps; hop++)
        ms += is_slow ? plan->slow_ms[hop] : 0;
    answer->due_ns = now_ns(CLOCK_MONOTONIC) + (int64_t)ms * 1000000;
    if (plan_answers(plan, &probe, answer))
        queue_add(queue, answer);
    else
        free(answer);
}

static void send_due(struct queue *queue, int tun)
{
    while (queue->count && queue->slots[queue->count - 1]->due_ns <= now_ns(CLOCK_MONOTONIC)) {
        struct answer *answer = queue->slots[--queue->count];
        if (write(tun, answer->bytes, answer->length) < 0)
            perror("responder: cannot write to the tun device");
        free(answer);
    }
}

static void serve(const struct plan *plan, int tun)
{
    static struct queue queue;
    for (;;) {
        uint8_t bytes[PACKET_BYTES];
        int64_t wait = queue.count ? queue.slots[queue.count - 1]->due_ns - now_ns(CLOCK_MONOTONIC) : 0;
        struct timespec timeout = {.tv_sec = wait > 0 ? wait / 1000000000 : 0,
                                   .tv_nsec = wait > 0 ? wait % 1000000000 : 0};
        struct pollfd poller = {.fd = tun, .events = POLLIN};
        if (ppoll(&poller, 1, queue.count ? &timeout : NULL, NULL) > 0) {
            ssize_t length = read(tun, bytes, sizeof bytes);
            if (length > 0)
                take_probe(plan, &queue, bytes, (size_t)length);
        }
        send_due(&queue, tun);
    }
}

static int tun_open(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (tun < 0 || ioctl(tun, TUNSETIFF, &request) < 0) {
        fprintf(stderr, "responder: %s: cannot make a tun device: %s\n", name, strerror(errno));
        exit(1);
    }
    return tun;
}

static void plan_silence(struct plan *plan, char *list)
{
    for (char *item = strtok(list, ","); item; item = strtok(NULL, ","))
        plan->silent[strtoul(item, NULL, 10) & 255] = true;
}

static void plan_width(struct plan *plan, char *list)
{
    for (char *item = strtok(list, ","); item; item = strtok(NULL, ",")) {
        char *end;
        unsigned long hop = strtoul(item, &end, 10);
        plan->wide[hop & 255] = *end == 'x' ? (unsigned)strtoul(end + 1, NULL, 10) & 255 : 0;
    }
}

static void plan_slowness(struct plan *plan, char *list)
{
    for (char *item = strtok(list, ","); item; item = strtok(NULL, ",")) {
        char *end;
        unsigned long hop = strtoul(item, &end, 10);
        plan->slow_ms[hop & 255] = *end == ':' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
    }
}

static bool plan_take(struct plan *plan, char *word)
{
    char *value = strchr(word, '=');
    if (!value)
        return false;
    *value++ = 0;
    unsigned number = (unsigned)strtoul(value, NULL, 10);
    if (!strcmp(word, "hops"))
        plan->hops = number;
    else if (!strcmp(word, "step-ms"))
        plan->step_ms = number;
    else if (!strcmp(word, "no-udp-behind"))
        plan->no_udp_behind = number;
    else if (!strcmp(word, "silent-target"))
        plan->silent_target = number != 0;
    else if (!strcmp(word, "silent"))
        plan_silence(plan, value);
    else if (!strcmp(word, "wide"))
        plan_width(plan, value);
    else if (!strcmp(word, "slow"))
        plan_slowness(plan, value);
    else if (!strcmp(word, "slow-on-signal"))
        is_slow = 0;
    else if (!strcmp(word, "log"))
        plan->log = fopen(value, "we");
    else
        return false;
    return true;
}

int main(int argc, char *argv[])
{
    struct plan plan = {.hops = 10, .step_ms = 10};
    for (int i = 2; i < argc; i++) {
        if (!plan_take(&plan, argv[i])) {
            fprintf(stderr, "responder: %s: no such word\n", argv[i]);
            return 2;
        }
    }
    if (argc < 2) {
        fprintf(stderr, "usage: responder TUN [WORD=VALUE...]\n");
        return 2;
    }
    signal(SIGUSR1, toggle);
    hurry();
    if (plan.log)
        setvbuf(plan.log, NULL, _IOLBF, 0);
    serve(&plan, tun_open(argv[1]));
    return 0;
}
