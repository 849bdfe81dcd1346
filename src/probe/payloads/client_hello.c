/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/payloads/client_hello.h"

#include "probe/payloads/writer.h"

#define CLIENT_HELLO 1
#define RECORD_HANDSHAKE 22
#define RECORD_HEADER 5
#define TLS_1_0 0x0301
#define TLS_1_2 0x0303
#define EXTENSION_HEADER 4

enum extension {
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_PADDING = 21,
    EXTENSION_TRANSPORT_PARAMETERS = 57,
};

/* The lists of RFC 8446 4.2 that say the same for every probe. */
static const uint8_t groups_and_signatures[] = {
    0x00, 0x0a, 0x00, 0x06, 0x00, 0x04, 0x00, 0x1d, 0x00, 0x17,                         /* groups */
    0x00, 0x0d, 0x00, 0x14, 0x00, 0x12, 0x04, 0x03, 0x08, 0x04, 0x04, 0x01, 0x05, 0x03, /* signatures */
    0x08, 0x05, 0x05, 0x01, 0x08, 0x06, 0x06, 0x01, 0x08, 0x07,                         /* ... */
    0x00, 0x2d, 0x00, 0x02, 0x01, 0x01,                                                 /* PSK modes */
};
static const uint8_t versions_quic[] = {0x00, 0x2b, 0x00, 0x03, 0x02, 0x03, 0x04};            /* 1.3 */
static const uint8_t versions_tcp[] = {0x00, 0x2b, 0x00, 0x05, 0x04, 0x03, 0x04, 0x03, 0x03}; /* 1.3, 1.2 */
static const uint8_t alpn_quic[] = {0x00, 0x10, 0x00, 0x05, 0x00, 0x03, 0x02, 0x68, 0x33};    /* h3 */
static const uint8_t alpn_tcp[] = {0x00, 0x10, 0x00, 0x0e, 0x00, 0x0c, 0x02, 0x68, 0x32,      /* h2 */
                                   0x08, 0x68, 0x74, 0x74, 0x70, 0x2f, 0x31, 0x2e, 0x31};     /* http/1.1 */
/* For TLS 1.2: RFC 7627, RFC 5746, RFC 8422 5.1.2, RFC 5077. */
static const uint8_t for_tls_1_2[] = {0x00, 0x17, 0x00, 0x00, 0xff, 0x01, 0x00, 0x01, 0x00, 0x00,
                                      0x0b, 0x00, 0x02, 0x01, 0x00, 0x00, 0x23, 0x00, 0x00};
static const uint8_t x25519_share[] = {0x00, 0x33, 0x00, 0x26, 0x00, 0x24, 0x00, 0x1d, 0x00, 0x20};
/* TLS 1.3's three; for TLS 1.2 ECDHE with AES-GCM and ChaCha20, by ECDSA and RSA (RFC 5289, RFC 7905). */
static const uint8_t ciphers_quic[] = {0x00, 0x06, 0x13, 0x01, 0x13, 0x02, 0x13, 0x03};
static const uint8_t ciphers_tcp[] = {0x00, 0x12, 0x13, 0x01, 0x13, 0x02, 0x13, 0x03, 0xc0, 0x2b,
                                      0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc, 0xa8};
static const uint8_t no_compression[] = {0x01, 0x00};

static void write_name(struct writer *w, const char *name)
{
    size_t length = strlen(name);
    write16(w, EXTENSION_SERVER_NAME);
    write16(w, length + 5);
    write16(w, length + 3);
    write8(w, 0); /* host_name */
    write16(w, length);
    write_text(w, name);
}

static void write_extensions(struct writer *w, const struct client_hello *hello)
{
    const uint8_t *parameters = hello->parameters;
    if (hello->name)
        write_name(w, hello->name);
    write_bytes(w, parameters ? versions_quic : versions_tcp, parameters ? sizeof versions_quic : sizeof versions_tcp);
    write_bytes(w, groups_and_signatures, sizeof groups_and_signatures);
    write_bytes(w, parameters ? alpn_quic : alpn_tcp, parameters ? sizeof alpn_quic : sizeof alpn_tcp);
    if (!parameters)
        write_bytes(w, for_tls_1_2, sizeof for_tls_1_2);
    write_bytes(w, x25519_share, sizeof x25519_share);
    write_bytes(w, hello->share, sizeof hello->share);
    if (!parameters)
        return;
    write16(w, EXTENSION_TRANSPORT_PARAMETERS);
    write16(w, hello->parameters_length);
    write_bytes(w, parameters, hello->parameters_length);
}

/* `padding`: bytes that an extension for it takes with its header; 0: there is none. */
static size_t write_message(const struct client_hello *hello, size_t padding, uint8_t *out)
{
    struct writer w = {.at = out}, counter = {.at = NULL};
    size_t session_id = hello->parameters ? 0 : HELLO_DRAWN_BYTES; /* RFC 9001 8.4; RFC 8446 D.4 */
    const uint8_t *ciphers = hello->parameters ? ciphers_quic : ciphers_tcp;
    size_t ciphers_length = hello->parameters ? sizeof ciphers_quic : sizeof ciphers_tcp;
    write_extensions(&counter, hello);
    size_t extensions = counter.count + padding;
    size_t body = 2 + HELLO_DRAWN_BYTES + 1 + session_id + ciphers_length + sizeof no_compression + 2 + extensions;
    write8(&w, CLIENT_HELLO);
    write8(&w, 0);
    write16(&w, body);
    write16(&w, TLS_1_2);
    write_bytes(&w, hello->random, sizeof hello->random);
    write8(&w, session_id);
    write_bytes(&w, hello->session_id, session_id);
    write_bytes(&w, ciphers, ciphers_length);
    write_bytes(&w, no_compression, sizeof no_compression);
    write16(&w, extensions);
    write_extensions(&w, hello);
    if (padding) {
        write16(&w, EXTENSION_PADDING);
        write16(&w, padding - EXTENSION_HEADER);
        write_zeros(&w, padding - EXTENSION_HEADER);
    }
    return w.count;
}

size_t client_hello_write(const struct client_hello *hello, uint8_t *out)
{
    return write_message(hello, 0, out);
}

void client_hello_write_record(const struct client_hello *hello, uint8_t *out, size_t length)
{
    struct writer w = {.at = out};
    write8(&w, RECORD_HANDSHAKE);
    write16(&w, TLS_1_0); /* RFC 8446 5.1 */
    write16(&w, length - RECORD_HEADER);
    write_message(hello, length - RECORD_HEADER - write_message(hello, 0, NULL), w.at);
}
