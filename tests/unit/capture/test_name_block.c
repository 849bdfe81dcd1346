/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of addresses, saved and read back; and the name resolution blocks of others, whole and damaged. */
#include "config.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/dump.h"
#include "capture/file.h"
#include "capture/name_block.h"
#include "capture/pcapng.h"
#include "session/state.h"
#include "strategies/strategies.h"
#include "tap.h"

static struct addr addr_of(const char *text)
{
    struct addr addr = {0};
    if (!addr_parse(text, &addr))
        abort();
    return addr;
}

static struct address_book *book_new(void)
{
    struct address_book *book = address_book_new();
    if (!book)
        abort();
    return book;
}

static struct address_facts *entry_of(struct address_book *book, const char *address)
{
    struct addr addr = addr_of(address);
    struct address_facts *about = address_book_entry(book, &addr);
    if (!about)
        abort();
    return about;
}

static const struct address_facts *find(const struct address_book *book, const char *address)
{
    struct addr addr = addr_of(address);
    return address_book_find(book, &addr);
}

/* ---- what is saved comes back ---- */

static char memory_path[64];
static int memory_fd;

static void write_book(const char *path, const struct address_book *book)
{
    struct session session = {.config = {.strategy = &strategy_trace}};
    const struct dump_run run = {.command = "trace", .linktype = LINKTYPE_RAW};
    struct dump *dump;
    struct err err = {0};
    if (dump_open(path, &dump, &err) != STATUS_OK)
        abort();
    dump_begin(dump, &run, &session);
    dump_about(dump, book);
    is_num(dump_close(dump, SESSION_COMPLETE, 1, 0, &err), STATUS_OK, "a book is written %s", err.message);
}

/* Reads a file to its end and returns the last event. */
static enum wire_event read_book(const char *path, struct address_book *book)
{
    struct err err = {0};
    struct wire *wire;
    const struct saved_run *saved;
    struct frame frame;
    struct session_claim claim;
    if (file_wire_open(path, &wire, &saved, &err) != STATUS_OK)
        return WIRE_FAILED;
    file_wire_set_book(wire, book);
    enum wire_event event;
    do
        event = wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err);
    while (event == WIRE_FRAME || event == WIRE_CLAIM);
    wire->ops->close(wire);
    return event;
}

static void check_entry(const struct address_facts *got, const struct address_facts *want)
{
    char name[ADDR_TEXT_BYTES];
    addr_format(&want->address, name);
    if (!ok(got != NULL, "%s is known", name))
        return;
    is_num(got->name_state, want->name_state, "%s: state of its name", name);
    is_text(got->name, want->name, "%s: name", name);
    is_num(got->asn, want->asn, "%s: AS number", name);
    is_text(got->as_name, want->as_name, "%s: name of the AS", name);
    is_text(got->place.country, want->place.country, "%s: country", name);
    is_text(got->place.city, want->place.city, "%s: city", name);
    is_num(got->place.has_position, want->place.has_position, "%s: has a position", name);
    ok(got->place.latitude == want->place.latitude, "%s: latitude %.9f", name, got->place.latitude);
    ok(got->place.longitude == want->place.longitude, "%s: longitude %.9f", name, got->place.longitude);
    is_text(got->whois.netname, want->whois.netname, "%s: name of the network", name);
    is_text(got->whois.organisation, want->whois.organisation, "%s: organisation", name);
    is_text(got->whois.country, want->whois.country, "%s: country of WHOIS", name);
}

static const struct address_facts entries[] = {
    {.name_state = ADDRESS_NAME_NONE},
    {.name_state = ADDRESS_NAME_KNOWN, .name = "known.example"},
    {.name_state = ADDRESS_NAME_CONFIRMED, .name = "confirmed.example"},
    {.name_state = ADDRESS_NAME_UNCONFIRMED, .name = "unconfirmed.example"},
    {.name_state = ADDRESS_NAME_KNOWN, .name = "a b%=\\\n\x1b[31m\x7f\xff\xc3\xa9 hopsonde:end"},
    {.asn = 64496},
    {.asn = UINT32_MAX, .as_name = "EXAMPLE-AS = \xc3\xa9%20"},
    {.place = {.country = "NZ"}},
    {.place = {.city = "S\xc3\xa3o Paulo"}},
    {.place = {.has_position = true}}, /* on the equator, south of Ghana */
    {.place =
         {.country = "AU", .city = "Melbourne", .has_position = true, .latitude = -37.8136, .longitude = 144.9631}},
    {.place = {.has_position = true, .latitude = 90, .longitude = -180}},
    {.place = {.has_position = true, .latitude = -0.000000001, .longitude = 0.123456789}},
    {.whois = {.netname = "EXAMPLE-NET"}},
    {.whois = {.organisation = "Example & Sons, \"Ltd\"", .country = "ZA"}},
    {.name_state = ADDRESS_NAME_CONFIRMED,
     .name = "all.example",
     .asn = 64511,
     .as_name = "ALL",
     .place = {.country = "DE", .city = "Berlin", .has_position = true, .latitude = 52.5244, .longitude = 13.4105},
     .whois = {.netname = "ALL-NET", .organisation = "All", .country = "FR"}},
};
#define ENTRIES (sizeof entries / sizeof *entries)

/* Each of them under an address of either family, with nothing known of others in between. */
static struct address_book *full_book(void)
{
    struct address_book *book = book_new();
    for (unsigned i = 0; i < 2 * ENTRIES; i++) {
        char address[ADDR_TEXT_BYTES];
        snprintf(address, sizeof address, i % 2 ? "2001:db8::%x" : "192.0.2.%u", i);
        struct address_facts *about = entry_of(book, address);
        struct addr kept = about->address;
        *about = entries[i / 2];
        about->address = kept;
        snprintf(address, sizeof address, "198.51.100.%u", i);
        entry_of(book, address);
    }
    struct address_facts *longest = entry_of(book, "203.0.113.1");
    longest->name_state = ADDRESS_NAME_KNOWN;
    memset(longest->name, '%', ADDRESS_NAME_BYTES - 1);
    longest->asn = 1;
    memset(longest->as_name, '\xff', ADDRESS_TEXT_BYTES - 1);
    return book;
}

static void test_round_trip(void)
{
    struct address_book *book = full_book(), *read = book_new();
    write_book(memory_path, book);
    is_num(read_book(memory_path, read), WIRE_END, "and read");
    for (size_t i = 0; i < address_book_count(book); i++) {
        const struct address_facts *about = address_book_at(book, i);
        check_entry(address_book_find(read, &about->address), about);
    }
    is_num(address_book_count(read), address_book_count(book), "addresses without facts among them");
    is_num(read_book(memory_path, NULL), WIRE_END, "without a book the same file is read");
    address_book_free(book);
    address_book_free(read);
}

static void test_many(void)
{
    enum { MANY = 3 * NAME_BLOCK_ENTRIES_MOST + 1 };
    struct address_book *book = book_new(), *read = book_new();
    size_t wrong = 0;
    for (unsigned i = 0; i < MANY; i++) {
        struct addr address = {.bytes = {10, 0, (uint8_t)(i >> 8), (uint8_t)i}, .family = 4};
        struct address_facts *about = address_book_entry(book, &address);
        if (!about)
            abort();
        about->name_state = ADDRESS_NAME_CONFIRMED;
        snprintf(about->name, sizeof about->name, "n%u.example", i);
    }
    write_book(memory_path, book);
    is_num(read_book(memory_path, read), WIRE_END, "a book of several blocks is read");
    is_num(address_book_count(read), MANY, "with all its addresses");
    for (size_t i = 0; i < address_book_count(read); i++)
        wrong += strcmp(address_book_at(read, i)->name, address_book_at(book, i)->name) != 0;
    is_num(wrong, 0, "and their names");
    address_book_free(book);
    address_book_free(read);
}

static off_t size_of_file(const char *path)
{
    struct stat stat_of;
    return stat(path, &stat_of) == 0 ? stat_of.st_size : -1;
}

static void test_nothing_to_tell(void)
{
    char directory[] = "/tmp/hopsonde-test-XXXXXX", path[64];
    struct address_book *blank = book_new(), *full = full_book();
    write_book(memory_path, NULL);
    off_t size = size_of_file(memory_path);
    write_book(memory_path, blank);
    is_num(size_of_file(memory_path), size, "a book without addresses adds nothing");
    write_book(memory_path, full);
    ok(size_of_file(memory_path) > size, "another does");
    if (!mkdtemp(directory))
        abort();
    snprintf(path, sizeof path, "%s/x.pcap", directory);
    write_book(path, full);
    is_num(size_of_file(path), 24, "a classic pcap has no place for it");
    unlink(path);
    rmdir(directory);
    address_book_free(blank);
    address_book_free(full);
}

/* ---- the block itself ---- */

static void test_bytes(void)
{
    static const char comment[] = "hopsonde:about address=192.0.2.1 name_state=unconfirmed name=a.example asn=64496";
    struct address_book *book = book_new();
    struct strbuf want, got, scratch;
    size_t next = 0;
    *entry_of(book, "192.0.2.1") = (struct address_facts){
        .address = addr_of("192.0.2.1"), .name_state = ADDRESS_NAME_UNCONFIRMED, .name = "a.example", .asn = 64496};
    strbuf_init(&want);
    strbuf_init(&got);
    strbuf_init(&scratch);
    pcapng_add_u32(&want, 4); /* name resolution block */
    pcapng_add_u32(&want, 124);
    pcapng_add_u16(&want, 1); /* nrb_record_ipv4 */
    pcapng_add_u16(&want, 14);
    strbuf_add_bytes(&want, "\xc0\0\2\1a.example\0\0\0", 16);
    pcapng_add_u32(&want, 0); /* nrb_record_end */
    pcapng_add_u16(&want, 1); /* opt_comment */
    pcapng_add_u16(&want, (uint16_t)strlen(comment));
    pcapng_add_padded(&want, comment, strlen(comment));
    pcapng_add_u32(&want, 0); /* opt_endofopt */
    pcapng_add_u32(&want, 124);
    ok(name_block_write(&got, &scratch, book, &next), "a block is written");
    is_num(got.length, want.length, "bytes of the block");
    ok(got.length == want.length && memcmp(got.text, want.text, want.length) == 0, "are those of the format");
    ok(!name_block_write(&got, &scratch, book, &next), "there is no second one");
    strbuf_free(&want);
    strbuf_free(&got);
    strbuf_free(&scratch);
    address_book_free(book);
}

/* ---- others' blocks ---- */

/* The body of a block of either byte order. */
struct body {
    uint8_t bytes[32768];
    size_t length;
    bool little;
};

static void put_u16(struct body *b, uint16_t value)
{
    b->bytes[b->length++] = (uint8_t)(b->little ? value : value >> 8);
    b->bytes[b->length++] = (uint8_t)(b->little ? value >> 8 : value);
}

static void put(struct body *b, uint16_t type, const void *value, size_t length)
{
    put_u16(b, type);
    put_u16(b, (uint16_t)length);
    memcpy(b->bytes + b->length, value, length);
    b->length += length + (-length & 3);
}

static void put_comment(struct body *b, const char *text)
{
    put(b, OPTION_COMMENT, text, strlen(text));
}

/* From an allocation of its own size, for the address sanitizer. */
static void read_bytes(const void *bytes, size_t length, bool little, struct address_book *book)
{
    uint8_t *copy = malloc(length ? length : 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, length);
    name_block_read(&(struct record_options){.left = cursor_init(copy, length), .little = little}, book);
    free(copy);
}

static void test_others(bool little)
{
    struct body b = {.little = little};
    struct address_book *book = book_new();
    char long_name[10004] = "\xc0\0\2\x0e";
    memset(long_name + 4, 'x', 9999);
    put(&b, 1, "\xc0\0\2\1one.example", 16);
    put(&b, 1, "\xc0\0\2\2two.example\0alias.example", 30);
    put(&b, 2, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1six.example", 28);
    put(&b, 3, "\0\1\2\3\4\5mac.example", 18); /* nrb_record_eui48 */
    put(&b, 0x8001, "private", 7);
    put(&b, 1, "\xc0\0\2\1other.example", 18); /* the first stands */
    put(&b, 1, "\xc0\0\2\3bare.example", 16);  /* no NUL */
    put(&b, 1, "\xc0\0\2\4", 5);               /* no name */
    put(&b, 1, "\xc0\0\2\5", 4);
    put(&b, 1, "\xc0\0\2", 3);
    put(&b, 1, "", 0);
    put(&b, 2, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\2", 15); /* 15 of 16 bytes */
    put(&b, 1, "\xc0\0\2\6\xff\xfe\x80.example", 16);       /* no UTF-8 */
    put(&b, 1, long_name, sizeof long_name);
    put(&b, 1, "\xc0\0\2\7last.example", 17);
    put(&b, 0, "", 0);
    put_comment(&b, "a user's own");
    put_comment(&b, "hopsonde:about address=192.0.2.2 name_state=confirmed name=better.example");
    put_comment(&b, "hopsonde:later address=192.0.2.1 asn=1");
    put(&b, 2, "ns", 2); /* ns_dnsname */
    read_bytes(b.bytes, b.length, little, book);
    is_num(address_book_count(book), 5, "%s-endian names of others", little ? "little" : "big");
    check_entry(find(book, "192.0.2.1"),
                &(struct address_facts){addr_of("192.0.2.1"), .name_state = ADDRESS_NAME_KNOWN, .name = "one.example"});
    check_entry(
        find(book, "192.0.2.2"),
        &(struct address_facts){addr_of("192.0.2.2"), .name_state = ADDRESS_NAME_CONFIRMED, .name = "better.example"});
    check_entry(
        find(book, "2001:db8::1"),
        &(struct address_facts){addr_of("2001:db8::1"), .name_state = ADDRESS_NAME_KNOWN, .name = "six.example"});
    check_entry(find(book, "192.0.2.6"), &(struct address_facts){addr_of("192.0.2.6"), .name_state = ADDRESS_NAME_KNOWN,
                                                                 .name = "\xff\xfe\x80.example"});
    check_entry(find(book, "192.0.2.7"), &(struct address_facts){addr_of("192.0.2.7"), .name_state = ADDRESS_NAME_KNOWN,
                                                                 .name = "last.example"});
    address_book_free(book);
}

static void test_comments(void)
{
    static const struct {
        const char *text;
        bool taken;
    } rows[] = {
        {"asn=64496", true},
        {"later=x asn=64496", true},
        {"name_state=none", true},
        {"name_state=known name=a%20b", true},
        {"position=1", true},
        {"position=1 latitude_billionths=-90000000000 longitude_billionths=180000000000", true},
        {"position=1 latitude_billionths=90000000001", false},
        {"position=1 longitude_billionths=-180000000001", false},
        {"position=1 longitude_billionths=99999999999999999999", false},
        {"position=2", false},
        {"name_state=known", false},
        {"name=a", false},
        {"name_state=none name=a", false},
        {"name_state=certain name=a", false},
        {"name_state=known name=%00", false},
        {"asn=4294967296", false},
        {"asn=-1", false},
        {"as_name=NOBODY", false},
        {"country=US", true},
        {"country=us", false},
        {"country=U", false},
        {"country=USA", false},
        {"whois_country=%1B%5B", false},
        {"asn=1 address=nowhere", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct body b = {.little = true};
        struct address_book *book = book_new();
        char text[256];
        snprintf(text, sizeof text, "hopsonde:about address=192.0.2.1 %s", rows[i].text);
        put(&b, 0, "", 0);
        put_comment(&b, text);
        read_bytes(b.bytes, b.length, true, book);
        is_num(address_book_count(book), rows[i].taken, "%s", rows[i].text);
        address_book_free(book);
    }
}

/* Comments of two files about the same address. */
static void test_complement(void)
{
    struct body b = {.little = true};
    struct address_book *book = book_new();
    put(&b, 0, "", 0);
    put_comment(&b, "hopsonde:about address=192.0.2.1 name_state=confirmed name=first.example asn=1");
    put_comment(&b, "hopsonde:about address=192.0.2.1 name_state=none asn=2 as_name=B country=AT city=Graz");
    put_comment(&b, "hopsonde:about address=192.0.2.1 country=CH netname=N");
    read_bytes(b.bytes, b.length, true, book);
    check_entry(find(book, "192.0.2.1"),
                &(struct address_facts){addr_of("192.0.2.1"), .name_state = ADDRESS_NAME_CONFIRMED,
                                        .name = "first.example", .asn = 1, .place = {.country = "AT", .city = "Graz"},
                                        .whois = {.netname = "N"}});
    address_book_free(book);
}

/* ---- damage ---- */

/* Whether everything in the book is also in the whole one, and the same but for what a comment adds. */
static bool is_part(const struct address_book *part, const struct address_book *whole)
{
    for (size_t i = 0; i < address_book_count(part); i++) {
        const struct address_facts *about = address_book_at(part, i),
                                   *other = address_book_find(whole, &about->address);
        if (!other || (about->asn && about->asn != other->asn))
            return false;
        if (about->name_state != ADDRESS_NAME_UNKNOWN && strcmp(about->name, other->name) != 0)
            return false;
    }
    return true;
}

static void test_cuts(void)
{
    struct body b = {.little = true};
    struct address_book *whole = book_new();
    size_t wrong = 0, last = 0, shrunk = 0;
    put(&b, 1, "\xc0\0\2\1one.example", 16);
    put(&b, 2, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1six.example", 28);
    put(&b, 0, "", 0);
    put_comment(&b, "hopsonde:about address=192.0.2.1 name_state=confirmed name=one.example asn=64496");
    put_comment(&b, "hopsonde:about address=192.0.2.2 asn=64497 as_name=B city=Graz");
    put(&b, 0, "", 0);
    read_bytes(b.bytes, b.length, true, whole);
    is_num(address_book_count(whole), 3, "a whole block");
    for (size_t length = 0; length < b.length; length++) {
        struct address_book *book = book_new();
        read_bytes(b.bytes, length, true, book);
        wrong += !is_part(book, whole);
        shrunk += address_book_count(book) < last;
        last = address_book_count(book);
        address_book_free(book);
    }
    is_num(wrong, 0, "cut at every length up to %d: nothing is made up", (int)b.length);
    is_num(shrunk, 0, "and the whole entries before the cut are read");
    address_book_free(whole);
}

/* The sanitizers watch. */
static void test_spoil_every_byte(uint8_t value)
{
    struct address_book *full = full_book();
    struct strbuf block, scratch;
    size_t next = 0, wrong = 0;
    strbuf_init(&block);
    strbuf_init(&scratch);
    name_block_write(&block, &scratch, full, &next);
    for (size_t i = 8; i < block.length - 4; i++) {
        struct address_book *book = book_new();
        char kept = block.text[i];
        block.text[i] = (char)value;
        read_bytes(block.text + 8, block.length - 12, true, book);
        wrong += address_book_count(book) > 4 * ENTRIES + 3;
        block.text[i] = kept;
        address_book_free(book);
    }
    is_num(wrong, 0, "0x%02x in place of every byte", value);
    strbuf_free(&block);
    strbuf_free(&scratch);
    address_book_free(full);
}

static void test_limit(void)
{
    struct address_book *book = book_new();
    struct body b = {.little = true};
    for (uint32_t i = 0; i <= NAME_BLOCK_ADDRESSES_MOST; i++) {
        uint8_t value[6] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i, 'x'};
        b.length = 0;
        put(&b, 1, value, sizeof value);
        read_bytes(b.bytes, b.length, true, book);
    }
    is_num(address_book_count(book), NAME_BLOCK_ADDRESSES_MOST, "a file gives so many addresses, and no more");
    b.length = 0;
    put(&b, 0, "", 0);
    put_comment(&b, "hopsonde:about address=10.0.0.1 asn=7");
    put_comment(&b, "hopsonde:about address=192.0.2.1 asn=7");
    read_bytes(b.bytes, b.length, true, book);
    is_num(find(book, "10.0.0.1")->asn, 7, "of those that are there more may be said");
    ok(!find(book, "192.0.2.1"), "others find no room");
    address_book_free(book);
}

/* ---- Wireshark ---- */

static void test_tshark(void)
{
    char path[] = "/tmp/hopsonde-test-XXXXXX", command[128], output[4096] = "";
    struct address_book *book = full_book();
    int fd = mkstemp(path);
    if (fd < 0)
        abort();
    write_book(path, book);
    snprintf(command, sizeof command, "tshark -r %s -q -z hosts 2>&1", path);
    FILE *tshark = system("command -v tshark >/dev/null") == 0 ? popen(command, "r") : NULL;
    if (tshark) {
        output[fread(output, 1, sizeof output - 1, tshark)] = '\0';
        is_num(pclose(tshark), 0, "tshark reads the file");
        ok(strstr(output, "192.0.2.4\tconfirmed.example\n"), "tshark knows a name of IPv4");
        ok(strstr(output, "2001:db8::1f\tall.example\n"), "tshark knows a name of IPv6");
        ok(!strstr(output, "\x1b"), "and is told no control characters");
    } else {
        ok(true, "tshark reads the file # SKIP needs tshark");
    }
    unlink(path);
    close(fd);
    address_book_free(book);
}

int main(void)
{
    memory_fd = memfd_create("names", MFD_CLOEXEC);
    snprintf(memory_path, sizeof memory_path, "/proc/self/fd/%d", memory_fd);
    test_round_trip();
    test_many();
    test_nothing_to_tell();
    test_bytes();
    test_others(true);
    test_others(false);
    test_comments();
    test_complement();
    test_cuts();
    test_spoil_every_byte(0x00);
    test_spoil_every_byte(0xff);
    test_spoil_every_byte(' ');
    test_limit();
    test_tshark();
    return tap_done();
}
