#include "io/classic.h"

#include <errno.h>
#include <pcap.h>
#include <stdlib.h>
#include <string.h>

#include "io/linktype.h"

_Static_assert(CLASSIC_ERROR_BYTES >= PCAP_ERRBUF_SIZE, "libpcap writes its message there");

struct classic_reader {
    struct reader reader;
    pcap_t *pcap; /* owns the stream */
    uint16_t linktype;
    nstime unit; /* of the stamps in the file */
};

/* Both halves of a stamp are 32 bits without a sign in the file, with a sign in libpcap, which has made nanoseconds of
 * the second one; that may be a whole second and more. */
static nstime classic_time(const struct classic_reader *r, const struct timeval *stamp)
{
    nstime seconds = (uint32_t)stamp->tv_sec;
    nstime fraction = (uint32_t)(stamp->tv_usec / r->unit);
    return seconds * NS_PER_S + fraction * r->unit;
}

static void take_frame(const struct classic_reader *r, const struct pcap_pkthdr *header, const uint8_t *bytes,
                       struct record *out)
{
    out->kind = RECORD_FRAME;
    bool clamped = header->caplen > header->len;
    out->frame = (struct frame){
        .bytes = bytes,
        .captured = clamped ? header->len : header->caplen,
        .length = header->len,
        .clamped = clamped,
        .linktype = r->linktype,
        .time = classic_time(r, &header->ts),
    };
}

static bool says_cut(const char *message)
{
    return strstr(message, "truncated") != NULL;
}

static void classic_next(struct reader *reader, struct record *out)
{
    struct classic_reader *r = (struct classic_reader *)reader;
    struct pcap_pkthdr *header;
    const uint8_t *bytes;
    *out = (struct record){0};
    int result = pcap_next_ex(r->pcap, &header, &bytes);
    if (result == 1) {
        take_frame(r, header, bytes, out);
    } else if (result == PCAP_ERROR_BREAK) {
        out->kind = RECORD_END;
    } else {
        out->cause = pcap_geterr(r->pcap);
        out->kind = says_cut(out->cause) ? RECORD_CUT : RECORD_DAMAGED;
    }
}

static void classic_close(struct reader *reader)
{
    struct classic_reader *r = (struct classic_reader *)reader;
    pcap_close(r->pcap);
    free(r);
}

static const struct reader_ops classic_ops = {.next = classic_next, .close = classic_close};

struct reader *classic_reader_new(FILE *stream, nstime unit, char cause[CLASSIC_ERROR_BYTES])
{
    struct classic_reader *r = calloc(1, sizeof *r);
    if (!r) {
        snprintf(cause, CLASSIC_ERROR_BYTES, "%s", strerror(ENOMEM));
        return NULL;
    }
    r->reader.ops = &classic_ops;
    r->unit = unit;
    r->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, cause);
    if (!r->pcap) {
        free(r);
        if (says_cut(cause))
            snprintf(cause, CLASSIC_ERROR_BYTES, "it is cut within its header");
        return NULL;
    }
    (void)linktype_from_dlt(pcap_datalink(r->pcap), &r->linktype); /* what is not known to us is told by the wire */
    return &r->reader;
}
