/* SPDX-License-Identifier: BSD-2-Clause */
/* identity: how a probe's serial is coded into its bytes, and the arithmetic that keeps the checksums right.
 * Floor 2; internal to probe/.
 *
 * A flow has any number of tags, each a hash of its nonce, its ports, its spec and a purpose: constants that set this
 * flow's packets apart from those of any other flow and run. A serial is coded as
 *   - the IPv4 id; a steered transport checksum; an echo sequence number: identity_code();
 *   - fields of the protocol that the target echoes (sequence numbers, SCTP tags, DNS ids ...), by each type;
 *   - a mark in the payload, where there is room: word that steers the checksum, serial, tag. */
#ifndef HOPSONDE_PROBE_IDENTITY_H
#define HOPSONDE_PROBE_IDENTITY_H

#include "base/cursor.h"
#include "probe/type.h"

/* What the tags are for. */
enum tag_use {
    TAG_IP_ID,
    TAG_MARK,
    TAG_ECHO_CHECKSUM,
    TAG_SEQ,
    TAG_TIMESTAMP,
    TAG_SCTP,
    TAG_QUIC_SOURCE,
    TAG_QUIC_TARGET,
    TAG_QUIC_HELLO,
    TAG_CHECKSUM, /* steered, to be told apart by serial */
    TAG_ECHO_SEQ,
    TAG_TLS_HELLO,
};

uint32_t flow_tag(const struct flow *flow, enum tag_use use);
/* A tag for each serial (or any other number) of the flow. */
uint32_t flow_tag_of(const struct flow *flow, enum tag_use use, uint32_t number);
/* Fills `out` with bytes that look random; `number` (up to 2^28) sets one such text apart from others, of up to 64
 * bytes. `count` is a multiple of 4. */
void flow_draw(const struct flow *flow, enum tag_use use, uint32_t number, uint8_t *out, size_t count);

/* The serial as one of the ids 1 .. 65534, by the tag of this use: IPv4 ids, checksums, echo sequence numbers. */
uint16_t identity_code(const struct flow *flow, enum tag_use use, uint16_t serial);
/* Its inverse; 0 where no serial up to FLOW_SERIALS_MOST has that id. */
uint16_t identity_decode(const struct flow *flow, enum tag_use use, uint16_t id);

/* Bytes of the IP header that we build: 20 or 40. */
uint16_t flow_ip_header_size(uint8_t family);
static inline bool serial_is_valid(uint32_t serial)
{
    return serial >= 1 && serial <= FLOW_SERIALS_MOST;
}

/* Big-endian fields of packets that we write ourselves. */
uint16_t get16(const uint8_t *at);
void put16(uint8_t *at, uint16_t value);
void put32(uint8_t *at, uint32_t value);

/* The Internet checksum of `length` transport bytes with their pseudo-header; the first `covered` count, and the field
 * itself is 0. */
uint16_t identity_checksum(const struct flow *flow, const uint8_t *transport, size_t length, size_t covered);
/* Sets the aligned 16-bit field at `offset` and keeps the checksum at `checksum_offset` right (RFC 1624). */
void identity_patch16(uint8_t *transport, size_t checksum_offset, size_t offset, uint16_t value);
void identity_patch32(uint8_t *transport, size_t checksum_offset, size_t offset, uint32_t value);
/* Makes the checksum `wanted`, by changing the word at `word_offset` that it covers. */
void identity_steer(uint8_t *transport, size_t checksum_offset, size_t word_offset, uint16_t wanted);
/* The word that identity_steer() leaves for `wanted`, where `word` and `checksum` are those of the template. */
uint16_t identity_steered_word(uint16_t word, uint16_t checksum, uint16_t wanted);
/* Its inverse: the checksum that goes with `steered`. */
uint16_t identity_checksum_of_word(uint16_t word, uint16_t checksum, uint16_t steered);

/* The mark: 2 bytes that steer the checksum, the serial, the tag. */
#define MARK_BYTES 8
#define MARK_SERIAL 2

/* Fills a payload: the mark with serial 0, then the program's name, repeated. */
void identity_fill(const struct flow *flow, uint8_t *payload, size_t length);

/* What a packet says of its serial, besides the IPv4 id. */
struct mark {
    bool present;    /* it has a mark, or an echoed field with a flow's tag ... */
    uint16_t serial; /* ... and this is its serial; 0: it is another flow's */
    uint16_t by_sum; /* by a steered checksum, address translation undone; 0: none */
    bool untagged; /* the mark says which probe, but not that it is this run's: valid only if addresses and ports fit */
};

/* Reads serial and tag as they stand in a mark. All zeros (a quote that was blanked) count as no mark. */
struct mark identity_read(uint16_t serial, uint32_t tag, uint32_t own_tag);
/* Reads the mark at the start of `payload`. */
struct mark identity_read_mark(const struct flow *flow, struct cursor payload);
/* Whether `word` is what identity_steer() left at `word_offset` for `serial`, where the probe bears its serial as a
 * word of its own and is otherwise the template. */
bool identity_steer_fits(const struct flow *flow, size_t checksum_offset, size_t word_offset, uint16_t serial,
                         uint16_t word);
/* The serial of our mark where it begins an answer's `payload` just as we sent it at `mark_offset` of the transport
 * header; 0: there is none, or it was damaged. */
uint16_t identity_read_echo(const struct flow *flow, struct cursor payload, size_t checksum_offset, size_t mark_offset);
/* What follows the first `skip` bytes of the transport header. */
struct cursor transport_after(const struct transport *transport, size_t skip);

/* Which parts of a packet's flow key are the flow's own. Where the protocol has no ports, both ports fit. */
enum fit {
    FIT_SOURCE = 1 << 0,
    FIT_TARGET = 1 << 1,
    FIT_SOURCE_PORT = 1 << 2,
    FIT_TARGET_PORT = 1 << 3,
    FIT_SENDER = FIT_SOURCE | FIT_SOURCE_PORT,
    FIT_RECEIVER = FIT_TARGET | FIT_TARGET_PORT,
    FIT_ALL = FIT_SENDER | FIT_RECEIVER,
};

unsigned identity_fit(const struct flow *flow, const struct headers *seen);
/* The serial of the IPv4 id; 0 for IPv6 and for other ids. */
uint16_t identity_by_ip_id(const struct flow *flow, const struct headers *seen);
/* The checksum in `seen` before any translation of addresses and ports. */
uint16_t identity_untranslated_checksum(const struct flow *flow, const struct headers *seen);
/* The serial of a steered checksum. */
uint16_t identity_by_sum(const struct flow *flow, const struct headers *seen);

/* The rules for protocols that have no sequence number in their first 8 bytes, strong ones first. */
struct flow_match identity_match(const struct flow *flow, const struct headers *seen, const struct mark *mark);
/* The last resort: IPv4 id and half of the addresses. */
struct flow_match identity_match_by_ip_id(const struct flow *flow, const struct headers *seen);

/* Unknown bits of the fields that flows have in common. */
#define NUMBER_BITS 16 /* an id of identity_code() */
#define MARK_BITS 32   /* the tag of a mark */
/* Of the source port, or the echo id; fewer if the user named it. */
unsigned identity_port_bits(const struct flow *flow);
/* Of a 16-bit field that bears the serial, besides the IPv4 id; `fits`: it is quoted as it was sent. */
unsigned identity_number_bits(const struct flow *flow, bool fits, const struct headers *sent,
                              const struct headers *quoted);
/* Of a checksum that the forger cannot compute. */
unsigned identity_checksum_bits(const struct flow *flow, const struct headers *sent, const struct headers *quoted);

static inline struct flow_match match_make(enum match match, uint16_t serial, const char *rule)
{
    return (struct flow_match){.match = match, .serial = serial, .rule = rule};
}
/* `bits`: what a forger has to guess besides the ports. */
static inline struct flow_match answer_make(const struct flow *flow, enum reply_kind kind, uint16_t serial,
                                            unsigned bits, const char *rule)
{
    unsigned ports = flow_has_port(flow) ? identity_port_bits(flow) : 0;
    return (struct flow_match){
        .match = MATCH_EXACT, .serial = serial, .rule = rule, .kind = kind, .bits = (uint8_t)(bits + ports)};
}
static inline struct flow_match match_none(void)
{
    return (struct flow_match){.match = MATCH_NONE, .rule = ""};
}

/* Whether the answer's ports are the flow's, swapped. */
bool identity_answer_ports_fit(const struct flow *flow, const struct transport *transport);

/* BPF text: "(PROTOCOL and src host S and dst host T and ...)" for both directions: with ports, for types whose name
 * is a word of pcap's that knows them; and without. */
void filter_with_ports(const struct flow *flow, struct strbuf *out);
void filter_bare(const struct flow *flow, struct strbuf *out);

#endif
