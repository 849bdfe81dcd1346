/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/reading/bpf_host.h"

#include <string.h>

#define SEPARATORS " \t\n()"
#define WORD_BYTES 256 /* a longer word is no host */

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

/* What the words before this one make it. */
enum role {
    ROLE_ANY,
    ROLE_HOST, /* it is a host */
    ROLE_SIDE, /* a host, a keyword or, with `or`, the other side */
    ROLE_PORT,
};

struct reading {
    enum role role;
    unsigned hosts;
    char host[WORD_BYTES];
};

/* False: the expression is about more than a host and its ports. */
static bool take_word(struct reading *reading, const char *word)
{
    static const char *const fillers[] = {"ip", "ip6", "tcp", "udp", "and", "or", "&&", "||", NULL};
    static const char *const sides[] = {"src", "dst", NULL};
    static const char *const ports[] = {"port", "portrange", NULL};
    enum role role = reading->role;
    reading->role = ROLE_ANY;
    if (role == ROLE_PORT)
        return true;
    if (role == ROLE_HOST || (role == ROLE_SIDE && strpbrk(word, ".:"))) {
        strcpy(reading->host, word);
        return ++reading->hosts == 1;
    }
    if (strcmp(word, "host") == 0)
        reading->role = ROLE_HOST;
    else if (is_one_of(word, ports))
        reading->role = ROLE_PORT;
    else if (is_one_of(word, sides))
        reading->role = ROLE_SIDE;
    else
        return is_one_of(word, fillers);
    return true;
}

bool bpf_host_find(const char *expression, struct addr *out)
{
    struct reading reading = {.role = ROLE_ANY};
    *out = (struct addr){0};
    for (const char *at = expression + strspn(expression, SEPARATORS); *at; at += strspn(at, SEPARATORS)) {
        char word[WORD_BYTES] = "";
        size_t length = strcspn(at, SEPARATORS);
        if (length >= sizeof word)
            return false;
        memcpy(word, at, length);
        if (!take_word(&reading, word))
            return false;
        at += length;
    }
    if (reading.hosts == 1 && !addr_parse(reading.host, out))
        *out = (struct addr){0};
    return reading.hosts == 1;
}
