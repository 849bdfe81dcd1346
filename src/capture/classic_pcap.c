/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/classic_pcap.h"

#include <errno.h>
#include <pcap.h>
#include <stdlib.h>
#include <string.h>

#include "capture/linktype.h"

_Static_assert(CLASSIC_PCAP_ERROR_BYTES >= PCAP_ERRBUF_SIZE, "libpcap writes its message there");

struct classic_pcap_reader {
    struct reader reader;
    pcap_t *pcap;
    bool is_known; /* the link type */
    enum input_format format;
    uint16_t linktype;
    nstime unit; /* of the stamps in the file */
};

/* Both halves of a stamp are unsigned 32-bit numbers in the file but signed in libpcap. libpcap has already scaled
 * the second half to nanoseconds; it may be one second or more. */
static nstime classic_pcap_time(const struct classic_pcap_reader *r, const struct timeval *stamp)
{
    nstime seconds = (uint32_t)stamp->tv_sec;
    nstime fraction = (uint32_t)(stamp->tv_usec / r->unit);
    return seconds * NS_PER_S + fraction * r->unit;
}

static void take_frame(const struct classic_pcap_reader *r, const struct pcap_pkthdr *header, const uint8_t *bytes,
                       struct frame *out)
{
    bool clamped = header->caplen > header->len;
    *out = (struct frame){
        .bytes = bytes,
        .captured = clamped ? header->len : header->caplen,
        .length = header->len,
        .clamped = clamped,
        .linktype = r->linktype,
        .time = classic_pcap_time(r, &header->ts),
    };
}

static bool says_cut(const char *message)
{
    return strstr(message, "truncated") != NULL;
}

static enum record_kind classic_pcap_next(struct reader *reader, struct frame *frame, struct record *out)
{
    struct classic_pcap_reader *r = (struct classic_pcap_reader *)reader;
    struct pcap_pkthdr *header;
    const uint8_t *bytes;
    int result = pcap_next_ex(r->pcap, &header, &bytes);
    if (result == 1) {
        take_frame(r, header, bytes, frame);
        return RECORD_FRAME;
    }
    if (result == PCAP_ERROR_BREAK)
        return RECORD_END;
    out->cause = pcap_geterr(r->pcap);
    return says_cut(out->cause) ? RECORD_CUT : RECORD_DAMAGED;
}

static void classic_pcap_close(struct reader *reader)
{
    struct classic_pcap_reader *r = (struct classic_pcap_reader *)reader;
    pcap_close(r->pcap);
    free(r);
}

static const struct reader_ops classic_ops = {.next = classic_pcap_next, .close = classic_pcap_close};

static pcap_t *open_pcap(struct input *input, char cause[CLASSIC_PCAP_ERROR_BYTES])
{
    FILE *stream = input_stream(input);
    if (!stream) {
        snprintf(cause, CLASSIC_PCAP_ERROR_BYTES, "%s", strerror(errno));
        return NULL;
    }
    pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, cause);
    if (pcap)
        return pcap;
    fclose(stream);
    if (says_cut(cause))
        snprintf(cause, CLASSIC_PCAP_ERROR_BYTES, "it is cut within its header");
    return NULL;
}

struct reader *classic_pcap_reader_new(struct input *input, char cause[CLASSIC_PCAP_ERROR_BYTES])
{
    struct classic_pcap_reader *r = calloc(1, sizeof *r);
    if (!r) {
        snprintf(cause, CLASSIC_PCAP_ERROR_BYTES, "%s", strerror(ENOMEM));
        return NULL;
    }
    r->reader.ops = &classic_ops;
    r->format = input->format;
    r->unit = input->format == INPUT_PCAP_NS ? 1 : NS_PER_US;
    r->pcap = open_pcap(input, cause);
    if (!r->pcap) {
        free(r);
        return NULL;
    }
    /* The file wire reports an unknown link type. */
    r->is_known = linktype_from_dlt(pcap_datalink(r->pcap), &r->linktype);
    return &r->reader;
}

/* libpcap converts the CAN headers inside these frames to host byte order. */
static bool holds_host_order(uint16_t linktype)
{
    return linktype == LINKTYPE_LINUX_SLL || linktype == LINKTYPE_LINUX_SLL2;
}

bool classic_pcap_reader_layout(const struct reader *reader, struct classic_pcap_layout *out)
{
    const struct classic_pcap_reader *r = (const struct classic_pcap_reader *)reader;
    *out = (struct classic_pcap_layout){
        .swapped = pcap_is_swapped(r->pcap),
        .unit = r->unit,
        .snaplen = (uint32_t)pcap_snapshot(r->pcap),
        .linktype = r->linktype,
    };
    return r->format != INPUT_PCAP_PATCHED && pcap_major_version(r->pcap) == 2 && pcap_minor_version(r->pcap) == 4 &&
           r->is_known && !(out->swapped && holds_host_order(r->linktype));
}
