/* SPDX-License-Identifier: BSD-2-Clause */
/* Serials of a run without end: each is found as long as it is held, and the room stays small. */
#include "trace/serial_index.h"

#include "probe/flow.h"
#include "tap.h"

#define HELD 700 /* serials at a time */
#define SENT (3 * FLOW_SERIALS_MOST)

static uint16_t serial_of(uint32_t sent)
{
    return (uint16_t)(sent % FLOW_SERIALS_MOST + 1);
}

static void test_few(void)
{
    struct serial_index index = {0};
    uint32_t number = 0;
    ok(!serial_index_find(&index, 7, &number), "an empty index holds nothing");
    serial_index_drop(&index, 7);
    ok(serial_index_set(&index, 7, 70) && serial_index_find(&index, 7, &number) && number == 70, "a serial is found");
    ok(!serial_index_find(&index, 15, &number) && !serial_index_find(&index, 0, &number), "another one is not");
    ok(serial_index_set(&index, 7, 71) && serial_index_find(&index, 7, &number) && number == 71,
       "it can get another number");
    ok(serial_index_set(&index, 60000, 1) && serial_index_find(&index, 7, &number) && number == 71,
       "and is found beside one that is far from it");
    serial_index_drop(&index, 60000);
    ok(!serial_index_find(&index, 60000, &number) && serial_index_find(&index, 7, &number),
       "one is dropped, one stays");
    serial_index_clear(&index);
    ok(!serial_index_find(&index, 7, &number), "none is left");
    serial_index_free(&index);
}

static void test_endless(void)
{
    struct serial_index index = {0};
    unsigned wrong = 0;
    for (uint32_t sent = 0; sent < SENT; sent++) {
        uint32_t number = 0;
        wrong += !serial_index_set(&index, serial_of(sent), sent);
        if (sent < HELD)
            continue;
        wrong += !serial_index_find(&index, serial_of(sent - HELD), &number) || number != sent - HELD;
        serial_index_drop(&index, serial_of(sent - HELD));
        wrong += serial_index_find(&index, serial_of(sent - HELD), &number);
    }
    is_num(wrong, 0, "each serial is found until it is dropped, however often they start again");
    ok(index.size <= 8 * 1024, "%u serials take %zu cells", HELD, index.size);
    serial_index_free(&index);
}

static void test_all(void)
{
    struct serial_index index = {0};
    unsigned wrong = 0;
    for (uint32_t serial = 1; serial <= UINT16_MAX; serial++)
        wrong += !serial_index_set(&index, (uint16_t)serial, serial);
    for (uint32_t serial = 1; serial <= UINT16_MAX; serial++) {
        uint32_t number;
        wrong += !serial_index_find(&index, (uint16_t)serial, &number) || number != serial;
    }
    is_num(wrong, 0, "all serials at once");
    is_num((unsigned)index.size, UINT16_MAX + 1, "have a cell each");
    serial_index_free(&index);
}

int main(void)
{
    test_few();
    test_endless();
    test_all();
    return tap_done();
}
