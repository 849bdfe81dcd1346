/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/quic_open.h"

#include <openssl/evp.h>
#include <string.h>

#include "probe/types/quic_keys.h"

bool quic_open(uint8_t *packet, size_t header, size_t length)
{
    struct quic_keys keys;
    uint8_t mask[16], nonce[12];
    int done;
    if (!quic_keys_client(packet + 6, packet[5], &keys))
        return false;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good = EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, keys.header, NULL) == 1 &&
                EVP_EncryptUpdate(context, mask, &done, packet + header + 3, sizeof mask) == 1;
    packet[0] ^= mask[0] & 0x0f;
    packet[header - 1] ^= mask[1];
    memcpy(nonce, keys.iv, sizeof nonce);
    nonce[11] ^= packet[header - 1];
    size_t payload = length - header - QUIC_TAG_BYTES;
    good = good && EVP_CIPHER_CTX_reset(context) == 1 &&
           EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), NULL, keys.key, nonce) == 1 &&
           EVP_DecryptUpdate(context, NULL, &done, packet, (int)header) == 1 &&
           EVP_DecryptUpdate(context, packet + header, &done, packet + header, (int)payload) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, QUIC_TAG_BYTES, packet + header + payload) == 1 &&
           EVP_DecryptFinal_ex(context, packet + header + payload, &done) == 1;
    EVP_CIPHER_CTX_free(context);
    return good;
}
