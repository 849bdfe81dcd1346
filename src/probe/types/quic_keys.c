/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/types/quic_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define SECRET_BYTES 32

void quic_keys_start(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

/* HMAC-SHA-256 of one message; RFC 5869 2.2 with it as extract. */
static bool hmac(const uint8_t *key, size_t key_length, const uint8_t *text, size_t length, uint8_t out[SECRET_BYTES])
{
    unsigned size = SECRET_BYTES;
    return HMAC(EVP_sha256(), key, (int)key_length, text, length, out, &size) != NULL;
}

/* HKDF-Expand-Label of RFC 8446 7.1 with an empty context, for outputs of one block. */
static bool expand_label(const uint8_t secret[SECRET_BYTES], const char *label, uint8_t *out, size_t length)
{
    uint8_t info[40] = {0}, block[SECRET_BYTES];
    size_t label_length = strlen(label);
    info[1] = (uint8_t)length;
    info[2] = (uint8_t)(6 + label_length);
    memcpy(info + 3, "tls13 ", 6);
    memcpy(info + 9, label, label_length);
    size_t end = 9 + label_length;
    info[end] = 0;     /* no context */
    info[end + 1] = 1; /* the first block */
    if (!hmac(secret, SECRET_BYTES, info, end + 2, block))
        return false;
    memcpy(out, block, length);
    return true;
}

bool quic_keys_client(const uint8_t *target_id, size_t length, struct quic_keys *out)
{
    static const uint8_t salt[] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                   0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
    uint8_t initial[SECRET_BYTES], client[SECRET_BYTES];
    return hmac(salt, sizeof salt, target_id, length, initial) &&
           expand_label(initial, "client in", client, sizeof client) &&
           expand_label(client, "quic key", out->key, sizeof out->key) &&
           expand_label(client, "quic iv", out->iv, sizeof out->iv) &&
           expand_label(client, "quic hp", out->header, sizeof out->header);
}

static bool encrypt_payload(EVP_CIPHER_CTX *context, const struct quic_keys *keys, const struct quic_packet *packet)
{
    uint8_t *payload = packet->bytes + packet->header_length, nonce[sizeof keys->iv];
    int length = (int)packet->payload_length, done = 0, last = 0;
    memcpy(nonce, keys->iv, sizeof nonce);
    nonce[sizeof nonce - 1] ^= packet->bytes[packet->header_length - 1];
    return EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, keys->key, nonce) == 1 &&
           EVP_EncryptUpdate(context, NULL, &done, packet->bytes, (int)packet->header_length) == 1 &&
           EVP_EncryptUpdate(context, payload, &done, payload, length) == 1 && done == length &&
           EVP_EncryptFinal_ex(context, payload + length, &last) == 1 && last == 0 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, QUIC_TAG_BYTES, payload + length) == 1;
}

/* RFC 9001 5.4: the mask comes from the 16 bytes that start 4 after the start of the packet number. */
static bool mask_header(EVP_CIPHER_CTX *context, const struct quic_keys *keys, const struct quic_packet *packet)
{
    uint8_t mask[16];
    int done = 0;
    size_t number = packet->header_length - 1;
    if (EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, keys->header, NULL) != 1 ||
        EVP_EncryptUpdate(context, mask, &done, packet->bytes + number + 4, sizeof mask) != 1 || done != sizeof mask)
        return false;
    packet->bytes[0] ^= mask[0] & 0x0f;
    packet->bytes[number] ^= mask[1];
    return true;
}

bool quic_protect(const struct quic_keys *keys, const struct quic_packet *packet)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good = context && encrypt_payload(context, keys, packet) && EVP_CIPHER_CTX_reset(context) == 1 &&
                mask_header(context, keys, packet);
    EVP_CIPHER_CTX_free(context);
    return good;
}

/* Room for the header of a client's Initial: RFC 9000 17.2.2, with a token of a retry. */
#define HEADER_MOST 512
#define NUMBER_MOST 4 /* bytes of a packet number */
#define SAMPLE_BYTES 16

/* A client's packet, and where its packet number begins. */
struct protected
{
    const uint8_t *bytes;
    size_t length, number;
};

/* The header as it was before its protection: the reverse of mask_header(), for packet numbers of any length. Returns
 * its bytes; 0: libcrypto fails. */
static size_t unmask_header(EVP_CIPHER_CTX *context, const struct quic_keys *keys, const struct protected *packet,
                            uint8_t header[HEADER_MOST])
{
    uint8_t mask[SAMPLE_BYTES];
    int done = 0;
    memcpy(header, packet->bytes, packet->number + NUMBER_MOST);
    if (EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, keys->header, NULL) != 1 ||
        EVP_EncryptUpdate(context, mask, &done, packet->bytes + packet->number + NUMBER_MOST, sizeof mask) != 1 ||
        done != sizeof mask)
        return 0;
    header[0] ^= mask[0] & 0x0f;
    size_t bytes = (header[0] & 3U) + 1;
    for (size_t i = 0; i < bytes; i++)
        header[packet->number + i] ^= mask[1 + i];
    return packet->number + bytes;
}

static size_t decrypt_payload(EVP_CIPHER_CTX *context, const struct quic_keys *keys, const struct protected *packet,
                              const uint8_t *header, size_t header_length, uint8_t *out)
{
    uint8_t nonce[sizeof keys->iv], tag[QUIC_TAG_BYTES];
    size_t bytes = header_length - packet->number, payload = packet->length - header_length - QUIC_TAG_BYTES;
    int done = 0, last = 0;
    memcpy(nonce, keys->iv, sizeof nonce);
    for (size_t i = 0; i < bytes; i++)
        nonce[sizeof nonce - bytes + i] ^= header[packet->number + i];
    memcpy(tag, packet->bytes + header_length + payload, sizeof tag);
    bool good = EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), NULL, keys->key, nonce) == 1 &&
                EVP_DecryptUpdate(context, NULL, &done, header, (int)header_length) == 1 &&
                EVP_DecryptUpdate(context, out, &done, packet->bytes + header_length, (int)payload) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, QUIC_TAG_BYTES, tag) == 1 &&
                EVP_DecryptFinal_ex(context, out + payload, &last) == 1;
    return good ? payload : 0;
}

size_t quic_unprotect(const struct quic_keys *keys, const uint8_t *packet, size_t length, size_t number, uint8_t *out)
{
    const struct protected own = {packet, length, number};
    uint8_t header[HEADER_MOST];
    if (number + NUMBER_MOST > HEADER_MOST || length < number + NUMBER_MOST + SAMPLE_BYTES + QUIC_TAG_BYTES)
        return 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    size_t header_length = context ? unmask_header(context, keys, &own, header) : 0;
    size_t payload = header_length && EVP_CIPHER_CTX_reset(context) == 1
                         ? decrypt_payload(context, keys, &own, header, header_length, out)
                         : 0;
    EVP_CIPHER_CTX_free(context);
    return payload;
}
