#include "out/rowbuf.h"

#include <stdlib.h>

#define SECOND_BYTES 19 /* "2026-01-02T03:04:05" */

static struct rowbuf_byte make_byte(unsigned byte)
{
    struct rowbuf_byte made = {{0}, 0};
    made.length = (uint8_t)(put_char(put_number(made.text, byte), '.') - made.text);
    return made;
}

struct rowbuf *rowbuf_new(FILE *file)
{
    struct rowbuf *rows = malloc(sizeof *rows);
    if (!rows)
        return NULL;
    rows->file = file;
    rows->used = 0;
    for (unsigned i = 0; i < ROWBUF_SECONDS; i++) /* one that does not belong there */
        rows->seconds[i].second = i + 1;
    memset(rows->addresses, 0, sizeof rows->addresses);
    for (unsigned byte = 0; byte < 256; byte++)
        rows->bytes_of_v4[byte] = make_byte(byte);
    return rows;
}

void rowbuf_free(struct rowbuf *rows)
{
    free(rows);
}

void rowbuf_flush(struct rowbuf *rows)
{
    fwrite(rows->bytes, 1, rows->used, rows->file);
    rows->used = 0;
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                            "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

static unsigned count_digits(uint64_t number)
{
    unsigned count = 1;
    for (; number >= 10000; number /= 10000)
        count += 4;
    return count + (number >= 10) + (number >= 100) + (number >= 1000);
}

/* `count` digits, as many as it has or with leading zeros; two at a time: divisions are what such a loop costs. */
static inline char *put_digits(char *at, uint64_t number, unsigned count)
{
    char *end = at + count, *from = end;
    for (; from - at >= 2; number /= 100)
        from = memcpy(from - 2, pairs + number % 100 * 2, 2);
    if (from > at)
        *at = (char)('0' + number % 10);
    return end;
}

char *put_large_number(char *at, uint64_t number)
{
    return put_digits(at, number, count_digits(number));
}

char *put_blanks(char *at, const char *start, size_t columns)
{
    size_t used = (size_t)(at - start);
    if (used >= columns)
        return at;
    memset(at, ' ', columns - used);
    return at + columns - used;
}

char *put_number_right(char *at, uint64_t number, size_t columns)
{
    char digits[20];
    size_t length = (size_t)(put_number(digits, number) - digits);
    if (length < columns)
        at = put_blanks(at, at, columns - length);
    return put_bytes(at, digits, length);
}

char *put_ms(char *at, nstime span)
{
    at = put_number(at, (uint64_t)(span / NS_PER_MS));
    *at++ = '.';
    at = put_digits(at, (uint64_t)(span % NS_PER_MS), 6);
    while (at[-1] == '0' && at[-2] != '.')
        at--;
    return at;
}

static int64_t second_of(nstime time)
{
    return time / NS_PER_S - (time % NS_PER_S < 0);
}

static char *put_second_text(struct rowbuf *rows, char *at, nstime time)
{
    int64_t second = second_of(time);
    struct rowbuf_second *known = &rows->seconds[(uint64_t)second % ROWBUF_SECONDS];
    if (known->second != second) {
        nstime_format(time, known->text);
        known->second = second;
    }
    return put_over(at, known->text, sizeof known->text, SECOND_BYTES);
}

char *put_time(struct rowbuf *rows, char *at, nstime time)
{
    if (time == NSTIME_NONE)
        return at;
    nstime fraction = time % NS_PER_S;
    at = put_second_text(rows, at, time);
    *at++ = '.';
    at = put_digits(at, (uint64_t)(fraction < 0 ? fraction + NS_PER_S : fraction), 9);
    *at++ = 'Z';
    return at;
}

char *put_second(struct rowbuf *rows, char *at, nstime time)
{
    return time == NSTIME_NONE ? at : put_char(put_second_text(rows, at, time), 'Z');
}

/* Routers of one site differ in few bits, anywhere in the address. */
static unsigned slot_of(const struct addr *address)
{
    uint64_t halves[2];
    memcpy(halves, address->bytes, sizeof halves);
    return (unsigned)((halves[0] ^ halves[1] * 31) * UINT64_C(0x9e3779b97f4a7c15) >> 56) % ROWBUF_ADDRESSES;
}

static char *put_v4(const struct rowbuf *rows, char *at, const uint8_t bytes[4])
{
    for (unsigned i = 0; i < 4; i++) {
        const struct rowbuf_byte *byte = &rows->bytes_of_v4[bytes[i]];
        at = put_over(at, byte->text, sizeof byte->text, byte->length);
    }
    return at - 1;
}

char *put_address(struct rowbuf *rows, char *at, const struct addr *address)
{
    if (address->family == 4)
        return put_v4(rows, at, address->bytes);
    if (address->family != 6)
        return at;
    struct rowbuf_address *known = &rows->addresses[slot_of(address)];
    if (!addr_equal(&known->address, address)) {
        known->address = *address;
        known->length = (uint8_t)addr_format(address, known->text);
    }
    return put_over(at, known->text, sizeof known->text, known->length);
}
