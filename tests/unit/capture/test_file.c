/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures made by hand: pcapng of every shape in both byte orders, classic pcap of every kind, and what is neither. */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "capture/file.h"
#include "capture/pcapng.h"
#include "tap.h"
#include "unit/support/packing.h"

/* ---- bytes in a chosen order ---- */

struct bytes {
    uint8_t data[8192];
    size_t length;
    bool big;
    size_t block; /* start of the block under way */
};

static void put(struct bytes *b, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        b->data[b->length++] = (uint8_t)(value >> 8 * (b->big ? count - 1 - i : i));
}

static void put_data(struct bytes *b, const void *data, size_t count)
{
    memcpy(b->data + b->length, data, count);
    memset(b->data + b->length + count, 0, 4);
    b->length += count + (-count & 3);
}

static void put_option(struct bytes *b, uint16_t code, uint16_t count, uint64_t value)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < count; i++)
        bytes[i] = (uint8_t)(value >> 8 * (b->big ? count - 1u - i : i));
    put(b, code, 2);
    put(b, count, 2);
    put_data(b, bytes, count);
}

static void block_begin(struct bytes *b, uint32_t type)
{
    b->block = b->length;
    put(b, type, 4);
    put(b, 0, 4);
}

static void block_end(struct bytes *b)
{
    size_t length = b->length + 4 - b->block, end = b->length + 4;
    put(b, length, 4);
    b->length = b->block + 4;
    put(b, length, 4);
    b->length = end;
}

static void put_section(struct bytes *b, uint16_t major)
{
    block_begin(b, BLOCK_SECTION);
    put(b, PCAPNG_BYTE_ORDER, 4);
    put(b, major, 2);
    put(b, 2, 2);
    put(b, UINT64_MAX, 8);
    block_end(b);
}

static void interface_begin(struct bytes *b, uint16_t linktype, uint32_t snaplen)
{
    block_begin(b, BLOCK_INTERFACE);
    put(b, linktype, 2);
    put(b, 0, 2);
    put(b, snaplen, 4);
}

static void put_interface(struct bytes *b, uint16_t linktype, int resolution)
{
    interface_begin(b, linktype, 0);
    if (resolution >= 0)
        put_option(b, OPTION_INTERFACE_RESOLUTION, 1, (uint64_t)resolution);
    block_end(b);
}

static void packet_begin(struct bytes *b, uint32_t interface, uint64_t stamp, uint32_t captured, uint32_t length)
{
    block_begin(b, BLOCK_PACKET);
    put(b, interface, 4);
    put(b, stamp >> 32, 4);
    put(b, stamp & UINT32_MAX, 4);
    put(b, captured, 4);
    put(b, length, 4);
    put_data(b, "packetpacket", captured);
}

static void put_packet(struct bytes *b, uint32_t interface, uint64_t stamp)
{
    packet_begin(b, interface, stamp, 5, 9);
    block_end(b);
}

/* ---- the file ---- */

static int memory_fd;
static char memory_path[64];

static void memory_set(const void *bytes, size_t count)
{
    if (ftruncate(memory_fd, 0) != 0 || pwrite(memory_fd, bytes, count, 0) != (ssize_t)count)
        abort();
}

static struct wire *open_path(const char *path, struct err *err)
{
    struct wire *wire;
    const struct saved_run *saved;
    *err = (struct err){0};
    return file_wire_open(path, &wire, &saved, err) == STATUS_OK ? wire : NULL;
}

static struct wire *open_bytes(const struct bytes *b, struct err *err)
{
    memory_set(b->data, b->length);
    return open_path(memory_path, err);
}

static enum wire_event next(struct wire *wire, struct frame *frame, struct err *err)
{
    struct session_claim claim;
    return wire->ops->receive(wire, NSTIME_NEVER, frame, &claim, err);
}

/* Whether the frame was clamped. */
static bool check_frame(struct wire *wire, nstime time, uint16_t linktype, uint32_t captured, uint8_t direction,
                        const char *name)
{
    struct frame frame = {0};
    struct err err = {0};
    is_num(next(wire, &frame, &err), WIRE_FRAME, "%s %s", name, err.message);
    is_num(frame.time, time, "%s: time", name);
    is_num(frame.linktype, linktype, "%s: link type", name);
    is_num(frame.captured, captured, "%s: captured bytes", name);
    ok(frame.length >= frame.captured, "%s: length", name);
    is_num(frame.direction, direction, "%s: direction", name);
    ok(frame.bytes && memcmp(frame.bytes, "packetpacket", frame.captured) == 0, "%s: bytes", name);
    is_num(frame.number, file_wire_frames(wire), "%s: number", name);
    return frame.clamped;
}

static void check_end(struct wire *wire, enum wire_event want, bool truncated, const char *message)
{
    struct frame frame;
    struct err err = {0};
    is_num(next(wire, &frame, &err), want, "end %s", message);
    is_num(file_wire_truncated(wire), truncated, "truncated");
    ok(strstr(err.message, message) != NULL, "\"%s\" says \"%s\"", err.message, message);
    is_num(next(wire, &frame, &err), WIRE_END, "nothing after it");
    wire->ops->close(wire);
}

/* Two sections of different byte order, four interfaces of different link types and resolutions, all packet blocks. */
static void test_mixed(bool big)
{
    struct bytes b = {.big = big};
    struct err err;
    put_section(&b, 1);
    put_interface(&b, LINKTYPE_ETHERNET, -1); /* microseconds */
    put_interface(&b, LINKTYPE_LINUX_SLL2, 9);
    put_interface(&b, LINKTYPE_RAW, 0x80 | 10); /* 1/1024 s */
    interface_begin(&b, LINKTYPE_IPV4, 0);
    put_option(&b, OPTION_COMMENT, 3, 0x616263);
    put_option(&b, OPTION_INTERFACE_RESOLUTION, 1, 3);
    put_option(&b, OPTION_INTERFACE_OFFSET, 8, 1000);
    put_option(&b, OPTION_END, 0, 0);
    block_end(&b);
    put_packet(&b, 0, 1000001);
    block_begin(&b, 0x0bad); /* an unknown block type */
    put_data(&b, "????", 4);
    block_end(&b);
    packet_begin(&b, 1, UINT64_C(1767323045123456789), 7, 7);
    put_option(&b, OPTION_PACKET_FLAGS, 4, 0x22);
    put_option(&b, OPTION_END, 0, 0);
    block_end(&b);
    put_packet(&b, 2, 1024 * 3 + 512);
    packet_begin(&b, 3, 5001, 5, 9);
    put_option(&b, OPTION_COMMENT, 5, 0x6162636465);
    put_option(&b, OPTION_PACKET_FLAGS, 4, 1);
    block_end(&b); /* options without their end */
    block_begin(&b, BLOCK_SIMPLE_PACKET);
    put(&b, 6, 4);
    put_data(&b, "packet", 6);
    block_end(&b);
    block_begin(&b, BLOCK_OLD_PACKET);
    put(&b, 1, 2);
    put(&b, 7, 2);
    put(&b, 0, 4);
    put(&b, 77, 4);
    put(&b, 6, 4);
    put(&b, 6, 4);
    put_data(&b, "packet", 6);
    put_option(&b, OPTION_PACKET_FLAGS, 4, 2);
    block_end(&b);
    b.big = !big;
    put_section(&b, 1);
    interface_begin(&b, LINKTYPE_IPV6, 3);
    block_end(&b);
    put_packet(&b, 0, 2000000);
    block_begin(&b, BLOCK_SIMPLE_PACKET);
    put(&b, 6, 4);
    put_data(&b, "pac", 3); /* cut at the interface's snaplen */
    block_end(&b);

    struct wire *wire = open_bytes(&b, &err);
    if (!ok(wire != NULL, "%s-endian capture opens %s", big ? "big" : "little", err.message))
        return;
    check_frame(wire, 1000001000, LINKTYPE_ETHERNET, 5, FRAME_DIRECTION_UNKNOWN, "microseconds");
    check_frame(wire, INT64_C(1767323045123456789), LINKTYPE_LINUX_SLL2, 7, FRAME_OUT, "nanoseconds");
    check_frame(wire, 3500000000, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "a power of two");
    check_frame(wire, 1005001000000, LINKTYPE_IPV4, 5, FRAME_IN, "milliseconds and an offset");
    check_frame(wire, 1005001000000, LINKTYPE_ETHERNET, 6, FRAME_DIRECTION_UNKNOWN, "simple packet block");
    check_frame(wire, 77, LINKTYPE_LINUX_SLL2, 6, FRAME_OUT, "obsolete packet block");
    check_frame(wire, 2000000000, LINKTYPE_IPV6, 5, FRAME_DIRECTION_UNKNOWN, "second section");
    check_frame(wire, 2000000000, LINKTYPE_IPV6, 3, FRAME_DIRECTION_UNKNOWN, "simple packet beyond the snaplen");
    check_end(wire, WIRE_END, false, "");
}

static void put_name(struct bytes *b, uint8_t last_byte, const char *name)
{
    const uint8_t address[] = {192, 0, 2, last_byte};
    block_begin(b, BLOCK_NAMES);
    put(b, 1, 2); /* nrb_record_ipv4 */
    put(b, sizeof address + strlen(name) + 1, 2);
    put_data(b, address, sizeof address);
    put_data(b, name, strlen(name) + 1);
    put(b, 0, 4); /* nrb_record_end */
    block_end(b);
}

static void check_name(const struct address_book *book, uint8_t last_byte, const char *name)
{
    const struct addr address = {.bytes = {192, 0, 2, last_byte}, .family = 4};
    const struct address_facts *about = address_book_find(book, &address);
    is_text(about ? about->name : NULL, name, "name of 192.0.2.%d", last_byte);
}

/* Before, between and after the packets, in sections of either byte order; a block that is cut gives nothing. */
static void test_names(bool big)
{
    struct bytes b = {.big = big};
    struct err err;
    struct address_book *book = address_book_new();
    put_section(&b, 1);
    put_name(&b, 1, "before.example");
    put_interface(&b, LINKTYPE_RAW, 9);
    put_packet(&b, 0, 1);
    put_name(&b, 2, "between.example");
    put_packet(&b, 0, 2);
    b.big = !big;
    put_section(&b, 1);
    put_name(&b, 3, "after.example");
    put_name(&b, 4, "cut.example");
    b.length--;
    struct wire *wire = open_bytes(&b, &err);
    if (!ok(wire && book, "a capture with names opens"))
        return;
    file_wire_set_book(wire, book);
    check_frame(wire, 1, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "after a name");
    is_num(address_book_count(book), 1, "a name is known when its block has been read");
    check_frame(wire, 2, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "between names");
    check_end(wire, WIRE_END, true, "");
    is_num(address_book_count(book), 3, "three names");
    check_name(book, 1, "before.example");
    check_name(book, 2, "between.example");
    check_name(book, 3, "after.example");
    address_book_free(book);
}

static void test_times(void)
{
    static const nstime latest = INT64_MAX - INT64_C(366) * 86400 * NS_PER_S;
    static const struct {
        uint64_t stamp;
        uint8_t resolution;
        int64_t offset_s;
        nstime want;
    } rows[] = {
        {1, 6, 0, 1000},
        {1999999, 6, 0, 1999999000},
        {5, 0, 0, 5 * NS_PER_S},
        {1234567890123, 12, 0, 1234567890},
        {UINT64_MAX, 127, 0, 0},
        {UINT64_MAX, 0xff, 0, 0},
        {3, 0x81, 0, 1500000000},
        {UINT64_C(1) << 62, 0x80 | 63, 0, 500000000},
        {UINT64_MAX, 0x80 | 63, 0, 1999999999},
        {UINT64_C(3) << 31, 0x80 | 32, 0, 1500000000},
        {7, 0x80, 0, 7 * NS_PER_S},
        {0, 9, 3, 3 * NS_PER_S},
        {5000000000, 9, -3, 2 * NS_PER_S},
        {5000000000, 9, -6, 0},
        {0, 9, INT64_MIN, 0},
        {0, 9, INT64_MAX, latest},
        {UINT64_MAX, 0, 0, latest},
        {UINT64_MAX, 6, INT64_MAX, latest},
        {UINT64_MAX, 9, 0, latest},
        {INT64_MAX, 9, 0, latest},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_num(pcapng_time(rows[i].stamp, rows[i].resolution, rows[i].offset_s), rows[i].want,
               "stamp %llu of resolution 0x%02x and offset %lld", (unsigned long long)rows[i].stamp, rows[i].resolution,
               (long long)rows[i].offset_s);
}

/* Each makes a second block that cannot be, after one good packet. */
static void block_too_short(struct bytes *b)
{
    put(b, BLOCK_PACKET, 4);
    put(b, 8, 4);
}

static void block_too_long(struct bytes *b)
{
    put(b, BLOCK_PACKET, 4);
    put(b, PCAPNG_BLOCK_MOST + 4, 4);
}

static void block_not_aligned(struct bytes *b)
{
    put(b, BLOCK_PACKET, 4);
    put(b, 33, 4);
}

static void block_of_zeros(struct bytes *b)
{
    put(b, 0, 8);
}

static void block_tail_differs(struct bytes *b)
{
    put_packet(b, 0, 2);
    b->data[b->length - (b->big ? 1 : 4)] ^= 4;
}

static void packet_of_no_interface(struct bytes *b)
{
    put_packet(b, 1, 2);
}

static void packet_longer_than_block(struct bytes *b)
{
    size_t start = b->length;
    put_packet(b, 0, 2);
    size_t end = b->length;
    b->length = start + 20;
    put(b, 9, 4); /* 8 are there, padding included */
    b->length = end;
}

static void packet_block_too_short(struct bytes *b)
{
    block_begin(b, BLOCK_PACKET);
    put(b, 0, 4);
    block_end(b);
}

static void section_of_version_2(struct bytes *b)
{
    put_section(b, 2);
}

static void section_without_magic(struct bytes *b)
{
    put_section(b, 1);
    b->data[b->block + 8] ^= 1;
}

static void section_forgets_interfaces(struct bytes *b)
{
    put_section(b, 1);
    put_packet(b, 0, 2);
}

static void interface_too_short(struct bytes *b)
{
    block_begin(b, BLOCK_INTERFACE);
    put(b, 1, 4);
    block_end(b);
}

static void nothing_amiss(struct bytes *b)
{
    (void)b;
}

static void block_cut(struct bytes *b)
{
    put_packet(b, 0, 2);
    b->length -= 1;
}

static void test_damage(bool big)
{
    static const struct {
        void (*make)(struct bytes *b);
        enum wire_event want;
        bool truncated;
        const char *message;
    } rows[] = {
        {nothing_amiss, WIRE_END, false, ""},
        {block_cut, WIRE_END, true, ""},
        {block_too_short, WIRE_FAILED, false, "cannot read beyond frame 1: a block of an impossible length"},
        {block_not_aligned, WIRE_FAILED, false, "a block of an impossible length"},
        {block_of_zeros, WIRE_FAILED, false, "a block of an impossible length"},
        {block_too_long, WIRE_FAILED, false, "a block longer than 16 MiB (what came before is reported)"},
        {block_tail_differs, WIRE_FAILED, false, "a block whose two lengths differ"},
        {packet_of_no_interface, WIRE_FAILED, false, "a packet of an interface that no block describes"},
        {packet_longer_than_block, WIRE_FAILED, false, "a packet block that is too short for its packet"},
        {packet_block_too_short, WIRE_FAILED, false, "a packet block that is too short for its packet"},
        {section_of_version_2, WIRE_FAILED, false, "a pcapng version other than 1"},
        {section_without_magic, WIRE_FAILED, false, "a section header without a byte-order magic"},
        {section_forgets_interfaces, WIRE_FAILED, false, "a packet of an interface that no block describes"},
        {interface_too_short, WIRE_FAILED, false, "an interface description that is too short"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes b = {.big = big};
        struct err err;
        put_section(&b, 1);
        put_interface(&b, LINKTYPE_RAW, 9);
        put_packet(&b, 0, 1);
        rows[i].make(&b);
        struct wire *wire = open_bytes(&b, &err);
        if (!ok(wire != NULL, "damage %d opens", (int)i))
            continue;
        check_frame(wire, 1, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "before the damage");
        check_end(wire, rows[i].want, rows[i].truncated, rows[i].message);
    }
}

static void test_clamped(void)
{
    struct bytes b = {0};
    struct err err;
    put_section(&b, 1);
    put_interface(&b, LINKTYPE_RAW, 9);
    packet_begin(&b, 0, 1, 9, 4);
    block_end(&b);
    struct wire *wire = open_bytes(&b, &err);
    if (!ok(wire != NULL, "a packet with more captured than sent"))
        return;
    ok(check_frame(wire, 1, LINKTYPE_RAW, 4, FRAME_DIRECTION_UNKNOWN, "clamped"), "and marked so");
    check_end(wire, WIRE_END, false, "");
}

static void test_foreign_linktype(void)
{
    struct bytes b = {0};
    struct err err;
    put_section(&b, 1);
    put_interface(&b, 189, 9);
    put_packet(&b, 0, 1);
    struct wire *wire = open_bytes(&b, &err);
    if (!ok(wire != NULL, "a capture of a foreign link type"))
        return;
    check_frame(wire, 1, 189, 5, FRAME_DIRECTION_UNKNOWN, "foreign");
    check_end(
        wire, WIRE_FAILED, false,
        "cannot decode its frames: link type 189 (USB_LINUX) is not supported (record on an Ethernet, tun or Linux "
        "cooked interface)");
}

/* ---- classic pcap ---- */

static void put_classic(struct bytes *b, uint32_t magic, uint16_t major, uint32_t linktype)
{
    put(b, magic, 4);
    put(b, major, 2);
    put(b, 4, 2);
    put(b, 0, 8);
    put(b, 65535, 4);
    put(b, linktype, 4);
}

static void put_classic_packet(struct bytes *b, uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t length)
{
    put(b, seconds, 4);
    put(b, fraction, 4);
    put(b, captured, 4);
    put(b, length, 4);
    memcpy(b->data + b->length, "packetpacket", captured);
    b->length += captured;
}

static void test_classic(bool big)
{
    struct bytes b = {.big = big};
    struct err err;
    put_classic(&b, 0xa1b2c3d4, 2, LINKTYPE_RAW);
    put_classic_packet(&b, 1, 999999, 5, 9);
    put_classic_packet(&b, 1, 4000000001, 5, 9); /* a fraction of 4000 seconds and more */
    put_classic_packet(&b, 0x80000001, 1, 9, 5); /* after 2038, and more captured than sent */
    put_classic_packet(&b, 2, 0, 12, 12);
    b.length--;
    struct wire *wire = open_bytes(&b, &err);
    if (!ok(wire != NULL, "classic pcap opens %s", err.message))
        return;
    ok(!check_frame(wire, 1999999000, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "classic"), "not clamped");
    check_frame(wire, INT64_C(4001000001000), LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "fraction beyond a second");
    ok(check_frame(wire, INT64_C(0x80000001) * NS_PER_S + 1000, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "after 2038"),
       "clamped");
    check_end(wire, WIRE_END, true, "");
}

static void test_classic_nanoseconds(void)
{
    struct bytes b = {.big = true};
    struct err err;
    put_classic(&b, 0xa1b23c4d, 2, LINKTYPE_LINUX_SLL2);
    put_classic_packet(&b, 1, 999999999, 5, 9);
    struct wire *wire = open_bytes(&b, &err);
    if (!ok(wire != NULL, "classic pcap of nanoseconds opens"))
        return;
    check_frame(wire, 1999999999, LINKTYPE_LINUX_SLL2, 5, FRAME_DIRECTION_UNKNOWN, "nanoseconds");
    check_end(wire, WIRE_END, false, "");
}

/* Neither format needs a file that can be wound back. */
static void test_pipe(bool classic, bool standard_input)
{
    struct bytes b = {0};
    struct err err;
    int ends[2];
    char path[64];
    if (classic) {
        put_classic(&b, 0xa1b2c3d4, 2, 12); /* DLT_RAW, as written by old programs */
        put_classic_packet(&b, 0, 7, 5, 9);
    } else {
        put_section(&b, 1);
        put_interface(&b, LINKTYPE_RAW, -1);
        put_packet(&b, 0, 7);
    }
    if (pipe(ends) != 0 || write(ends[1], b.data, b.length) != (ssize_t)b.length)
        abort();
    close(ends[1]);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    if (standard_input)
        dup2(ends[0], STDIN_FILENO);
    struct wire *wire = open_path(standard_input ? "-" : path, &err);
    close(ends[0]);
    if (!ok(wire != NULL, "%s from %s %s", classic ? "pcap" : "pcapng", standard_input ? "standard input" : "a pipe",
            err.message))
        return;
    check_frame(wire, 7000, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "piped");
    check_end(wire, WIRE_END, false, "");
}

static void on_alarm(int number)
{
    (void)number;
}

/* A signal while a pipe gives nothing: the wire says that it is quiet, so that the caller can look why, and ends. */
static void test_interrupted(bool classic, enum packing packing)
{
    struct bytes b = {0};
    static struct packed_bytes packed;
    struct err err;
    struct frame frame;
    int ends[2];
    char path[64];
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval often = {.it_interval = {.tv_usec = 1000}, .it_value = {.tv_usec = 1000}}, never = {0};
    if (classic)
        put_classic(&b, 0xa1b2c3d4, 2, LINKTYPE_RAW);
    else
        put_section(&b, 1);
    packed.length = 0;
    if (packing)
        packing_add(&packed, packing, b.data, b.length);
    else
        packing_add_plain(&packed, b.data, b.length);
    size_t length = packing ? packed.length - 1 : b.length;
    if (pipe(ends) != 0 || write(ends[1], packed.bytes, length) != (ssize_t)length)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    struct wire *wire = open_path(path, &err);
    if (!ok(wire != NULL, "a pipe that has only a header yet"))
        return;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    is_num(next(wire, &frame, &err), WIRE_QUIET, "a signal interrupts the wait");
    setitimer(ITIMER_REAL, &never, NULL);
    check_end(wire, WIRE_END, true, "");
    close(ends[0]);
    close(ends[1]);
}

/* ---- compressed ---- */

static struct wire *open_packed(const struct packed_bytes *p, struct err *err)
{
    memory_set(p->bytes, p->length);
    return open_path(memory_path, err);
}

static void check_packed(const struct packed_bytes *p, enum wire_event want, bool truncated, const char *message)
{
    struct err err;
    struct wire *wire = open_packed(p, &err);
    if (!ok(wire != NULL, "a packed capture opens %s", err.message))
        return;
    check_frame(wire, 7000, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "packed");
    check_frame(wire, 8000, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "packed");
    check_end(wire, want, truncated, message);
}

static void test_packed(bool classic, enum packing packing, const char *name)
{
    static struct packed_bytes packed;
    struct bytes b = {0};
    char message[64];
    if (classic) {
        put_classic(&b, 0xa1b2c3d4, 2, LINKTYPE_RAW);
        put_classic_packet(&b, 0, 7, 5, 9);
        put_classic_packet(&b, 0, 8, 5, 9);
    } else {
        put_section(&b, 1);
        put_interface(&b, LINKTYPE_RAW, -1);
        put_packet(&b, 0, 7);
        put_packet(&b, 0, 8);
    }
    packed.length = 0;
    packing_add(&packed, packing, b.data, 2);
    packing_add(&packed, packing, b.data + 2, b.length - 2);
    check_packed(&packed, WIRE_END, false, "");
    size_t length = packed.length--;
    check_packed(&packed, WIRE_END, true, "");
    packed.length = length;
    packed.bytes[length - (packing == PACKING_GZIP ? 8 : 4)] ^= 1;
    snprintf(message, sizeof message, "cannot read beyond frame 2: its %s data are damaged: ", name);
    check_packed(&packed, WIRE_FAILED, false, message);
}

static void test_packed_errors(enum packing packing)
{
    static const struct {
        const char *bytes;
        size_t count;
        const char *message;
    } rows[] = {
        {"", 0, "it is empty (a capture that was stopped too early? tcpdump: --immediate-mode -U)"},
        {"hello", 5, "it is neither pcap nor pcapng (hopsonde reads what tcpdump, Wireshark or --write saved)"},
        {"\x1f\x8b\x08\x00", 4, "it is compressed more than once; unpack it first"},
        {"\x28\xb5\x2f\xfd", 4, "it is compressed more than once; unpack it first"},
        {"BZh91", 5, "it is bzip2-compressed; unpack it first (bunzip2)"},
        {"\n\r\r\n", 4, "it is cut within its header (record or copy it anew)"},
    };
    static struct packed_bytes packed;
    struct err err;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char want[256];
        packed.length = 0;
        packing_add(&packed, packing, rows[i].bytes, rows[i].count);
        ok(!open_packed(&packed, &err), "packed file %d cannot be read", (int)i);
        snprintf(want, sizeof want, "%s: cannot read the capture: %s", memory_path, rows[i].message);
        is_text(err.message, want, "which is told");
    }
}

/* ---- what cannot be read ---- */

static void test_errors(void)
{
    static const struct {
        const char *bytes;
        size_t count;
        const char *message;
    } rows[] = {
        {"", 0, "it is empty (a capture that was stopped too early? tcpdump: --immediate-mode -U)"},
        {"hello, world\n", 13,
         "it is neither pcap nor pcapng (hopsonde reads what tcpdump, Wireshark or --write saved)"},
        {"\n\r\r", 3, "it is neither pcap nor pcapng (hopsonde reads what tcpdump, Wireshark or --write saved)"},
        {"\x1f\x8b\x08\x00", 4, "it is cut within its header (record or copy it anew)"},
        {"\x1f\x8b", 2, "it is cut within its header (record or copy it anew)"},
        {"\x28\xb5\x2f\xfd", 4, "it is cut within its header (record or copy it anew)"},
        {"\x1f\x8b\x07\x00", 4,
         "its gzip data are damaged: unknown compression method (unpack it first, or copy it anew)"},
        {"\x28\xb5\x2f\xfd\x00\x89\x01\x00\x00", 9,
         "its zstd window is larger than 128 MiB (unpack it first, or copy it anew)"},
        {"BZh91", 5, "it is bzip2-compressed; unpack it first (bunzip2)"},
        {"\n\r\r\n", 4, "it is cut within its header (record or copy it anew)"},
        {"\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0", 14, "it is cut within its header (record or copy it anew)"},
        {"\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1b\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0", 28,
         "a section header without a byte-order magic (record or copy it anew)"},
        {"\xd4\xc3\xb2\xa1\2\0", 6, "it is cut within its header (record or copy it anew)"},
        {"\xd4\xc3\xb2\xa1\1\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\1\0\0\0", 24,
         "archaic pcap savefile format (record or copy it anew)"},
    };
    struct err err;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char want[256];
        memory_set(rows[i].bytes, rows[i].count);
        ok(!open_path(memory_path, &err), "file %d cannot be read", (int)i);
        snprintf(want, sizeof want, "%s: cannot read the capture: %s", memory_path, rows[i].message);
        is_text(err.message, want, "which is told");
        is_num(err.status, STATUS_SYSTEM, "as a failure of the system");
    }
    ok(!open_path("/", &err), "a directory");
    is_text(err.message, "/: cannot read the capture: Is a directory (give a capture file, or - for standard input)",
            "is told");
    ok(!open_path("/nowhere/x\n.pcap", &err), "a file that is not there");
    is_text(err.message, "/nowhere/x\\x0a.pcap: cannot read the capture: No such file or directory (check the name)",
            "is told in one line");
}

/* ---- files that are open ---- */

/* Opens memory_path as a command does. */
static struct wire *begin(const struct capture_file *file)
{
    struct wire *wire = NULL;
    const struct saved_run *saved;
    struct err err = {0};
    ok(file_wire_begin(file, &wire, &saved, &err) == STATUS_OK, "a file that is open can be read %s", err.message);
    return wire;
}

/* Blocks of no interest fill the capture: none of them is an event, and yet a signal is heard. */
static void test_stop(enum packing packing)
{
    static struct packed_bytes packed;
    static struct bytes b;
    volatile sig_atomic_t stop = 0;
    struct capture_file file;
    struct frame frame;
    struct err err = {0};
    b.length = 0;
    put_section(&b, 1);
    packed.length = 0;
    for (unsigned i = 0; i < 100; i++) {
        block_begin(&b, (enum pcapng_block)0x0bad);
        put(&b, 0, 4);
        block_end(&b);
    }
    if (packing)
        packing_add(&packed, packing, b.data, b.length);
    else
        packing_add_plain(&packed, b.data, b.length);
    memory_set(packed.bytes, packed.length);
    capture_file_open(&file, memory_path, &stop);
    struct wire *wire = begin(&file);
    if (!wire)
        return;
    stop = 1;
    is_num(next(wire, &frame, &err), WIRE_QUIET, "packing %d: the stop flag ends the wait for a frame", (int)packing);
    check_end(wire, WIRE_END, true, "");
    capture_file_close(&file);
}

/* Each wire is at a place of its own in the file. */
static void test_side_by_side(void)
{
    struct capture_file file;
    struct bytes b = {0};
    put_section(&b, 1);
    put_interface(&b, LINKTYPE_RAW, -1);
    put_packet(&b, 0, 7);
    put_packet(&b, 0, 8);
    memory_set(b.data, b.length);
    capture_file_open(&file, memory_path, NULL);
    struct wire *first = begin(&file), *second = begin(&file);
    check_frame(first, 7000, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "the first wire");
    check_frame(second, 7000, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "the second wire");
    check_frame(second, 8000, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "the second wire goes on");
    check_end(second, WIRE_END, false, "");
    check_frame(first, 8000, LINKTYPE_RAW, 5, FRAME_DIRECTION_UNKNOWN, "so does the first");
    check_end(first, WIRE_END, false, "");
    capture_file_close(&file);
}

int main(void)
{
    memory_fd = memfd_create("capture", MFD_CLOEXEC);
    snprintf(memory_path, sizeof memory_path, "/proc/self/fd/%d", memory_fd);
    for (int big = 0; big < 2; big++) {
        test_names(false);
        test_names(true);
        test_mixed(big);
        test_damage(big);
        test_classic(big);
        test_pipe(big, false);
        test_pipe(big, true);
        for (int packing = PACKING_NONE; packing <= PACKING_ZSTD; packing++)
            test_interrupted(big, (enum packing)packing);
        test_packed(big, PACKING_GZIP, "gzip");
        test_packed(big, PACKING_ZSTD, "zstd");
    }
    test_times();
    test_clamped();
    test_foreign_linktype();
    test_classic_nanoseconds();
    test_packed_errors(PACKING_GZIP);
    test_packed_errors(PACKING_ZSTD);
    test_errors();
    test_side_by_side();
    for (int packing = PACKING_NONE; packing <= PACKING_ZSTD; packing++)
        test_stop((enum packing)packing);
    return tap_done();
}
