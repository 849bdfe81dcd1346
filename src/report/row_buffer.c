/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/row_buffer.h"

#include <stdlib.h>

#define SECOND_BYTES 19 /* "2026-01-02T03:04:05" */

/* By hand, because each buffer makes 256 of them. */
static struct row_buffer_byte make_byte(unsigned byte)
{
    struct row_buffer_byte made = {{0}, 0};
    char *at = made.text;
    if (byte >= 100)
        *at++ = (char)('0' + byte / 100);
    if (byte >= 10)
        *at++ = (char)('0' + byte / 10 % 10);
    *at++ = (char)('0' + byte % 10);
    made.length = (uint8_t)(at - made.text);
    made.text[made.length] = '.';
    return made;
}

struct row_buffer *row_buffer_new(FILE *file)
{
    struct row_buffer *rows = malloc(sizeof *rows);
    if (!rows)
        return NULL;
    rows->file = file;
    rows->used = 0;
    for (unsigned i = 0; i < ROW_BUFFER_SECONDS; i++) /* a second that does not belong in this slot */
        rows->seconds[i].second = i + 1;
    memset(rows->addresses, 0, sizeof rows->addresses);
    for (unsigned byte = 0; byte < 256; byte++)
        rows->small[byte] = make_byte(byte);
    return rows;
}

void row_buffer_free(struct row_buffer *rows)
{
    free(rows);
}

void row_buffer_flush(struct row_buffer *rows)
{
    fwrite(rows->bytes, 1, rows->used, rows->file);
    rows->used = 0;
}

#define ASCII_ZEROS UINT64_C(0x3030303030303030)

/* The eight digits of a number below 100000000, one byte each, the first digit in the lowest byte. Halves are split
 * into halves in parallel; a multiplication and a shift divide exactly for the range of each part. */
static uint64_t eight_digits(uint32_t number)
{
    uint64_t fours = number / 10000 | (uint64_t)(number % 10000) << 32;
    uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x7f0000007f);
    uint64_t pairs = hundreds | (fours - 100 * hundreds) << 16;
    uint64_t tens = (pairs * 103 >> 10) & UINT64_C(0x000f000f000f000f);
    return tens | (pairs - 10 * tens) << 8;
}

/* Writes eight bytes; only the first `count` digits are valid. */
static char *put_digits(char *at, uint64_t digits, unsigned count)
{
    digits += ASCII_ZEROS;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    digits = __builtin_bswap64(digits);
#endif
    return put_over(at, (const char *)&digits, sizeof digits, count);
}

static char *put_below_100000000(char *at, uint32_t number)
{
    uint64_t digits = eight_digits(number);
    unsigned zeros = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;
    return put_digits(at, digits >> 8 * zeros, 8 - zeros);
}

char *put_large_number(char *at, uint64_t number)
{
    const uint32_t eight = 100000000;
    if (number < eight)
        return put_below_100000000(at, (uint32_t)number);
    return put_digits(put_large_number(at, number / eight), eight_digits((uint32_t)(number % eight)), 8);
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
    char digits[20 + sizeof(uint64_t)];
    size_t length = (size_t)(put_number(digits, number) - digits);
    if (length < columns)
        at = put_blanks(at, at, columns - length);
    return put_bytes(at, digits, length);
}

char *put_ms(char *at, nstime span)
{
    at = put_char(put_number(at, (uint64_t)(span / NS_PER_MS)), '.');
    uint64_t digits = eight_digits((uint32_t)(span % NS_PER_MS) * 100);
    return put_digits(at, digits, digits ? 8 - (unsigned)__builtin_clzll(digits) / 8 : 1);
}

static int64_t second_of(nstime time)
{
    return time / NS_PER_S - (time % NS_PER_S < 0);
}

static char *put_second_text(struct row_buffer *rows, char *at, nstime time)
{
    int64_t second = second_of(time);
    struct row_buffer_second *known = &rows->seconds[(uint64_t)second % ROW_BUFFER_SECONDS];
    if (known->second != second) {
        nstime_format(time, known->text);
        known->second = second;
    }
    return put_over(at, known->text, sizeof known->text, SECOND_BYTES);
}

char *put_time(struct row_buffer *rows, char *at, nstime time)
{
    if (time == NSTIME_NONE)
        return at;
    nstime fraction = time % NS_PER_S;
    uint32_t nanoseconds = (uint32_t)(fraction < 0 ? fraction + NS_PER_S : fraction);
    at = put_char(put_second_text(rows, at, time), '.');
    at = put_digits(at, eight_digits(nanoseconds / 10), 8);
    return put_char(put_char(at, (char)('0' + nanoseconds % 10)), 'Z');
}

char *put_second(struct row_buffer *rows, char *at, nstime time)
{
    return time == NSTIME_NONE ? at : put_char(put_second_text(rows, at, time), 'Z');
}

/* The addresses of one site's routers differ in few bits, which may be anywhere in the address. */
static unsigned slot_of(const struct addr *address)
{
    uint64_t halves[2];
    memcpy(halves, address->bytes, sizeof halves);
    return (unsigned)((halves[0] ^ halves[1] * 31) * UINT64_C(0x9e3779b97f4a7c15) >> 56) % ROW_BUFFER_ADDRESSES;
}

static char *put_v4(const struct row_buffer *rows, char *at, const uint8_t bytes[4])
{
    for (unsigned i = 0; i < 4; i++) {
        const struct row_buffer_byte *byte = &rows->small[bytes[i]];
        at = put_over(at, byte->text, sizeof byte->text, byte->length + 1U);
    }
    return at - 1;
}

char *put_address(struct row_buffer *rows, char *at, const struct addr *address)
{
    if (address->family == 4)
        return put_v4(rows, at, address->bytes);
    if (address->family != 6)
        return at;
    struct row_buffer_address *known = &rows->addresses[slot_of(address)];
    if (!addr_equal(&known->address, address)) {
        known->address = *address;
        known->length = (uint8_t)addr_format(address, known->text);
    }
    return put_over(at, known->text, sizeof known->text, known->length);
}
