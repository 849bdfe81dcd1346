#include "config.h"

#include "io/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What the first bytes of a file say of it. */
struct magic {
    unsigned char bytes[4];
    size_t length;
    bool capture;
    enum input_format format;
    const char *problem; /* of no capture: what it is, and what to do */
};

static const struct magic magics[] = {
    {{0x0a, 0x0d, 0x0d, 0x0a}, 4, true, INPUT_PCAPNG, NULL},
    {{0xa1, 0xb2, 0xc3, 0xd4}, 4, true, INPUT_PCAP, NULL},
    {{0xd4, 0xc3, 0xb2, 0xa1}, 4, true, INPUT_PCAP, NULL},
    {{0xa1, 0xb2, 0x3c, 0x4d}, 4, true, INPUT_PCAP_NS, NULL},
    {{0x4d, 0x3c, 0xb2, 0xa1}, 4, true, INPUT_PCAP_NS, NULL},
    {{0xa1, 0xb2, 0xcd, 0x34}, 4, true, INPUT_PCAP, NULL}, /* Kuznetzov's, which libpcap knows */
    {{0x34, 0xcd, 0xb2, 0xa1}, 4, true, INPUT_PCAP, NULL},
    {{0x1f, 0x8b}, 2, false, INPUT_PCAP, "is gzip-compressed; unpack it first (gunzip)"},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, false, INPUT_PCAP, "is zstd-compressed; unpack it first (unzstd)"},
    {{0xfd, 0x37, 0x7a, 0x58}, 4, false, INPUT_PCAP, "is xz-compressed; unpack it first (unxz)"},
    {{0x42, 0x5a, 0x68}, 3, false, INPUT_PCAP, "is bzip2-compressed; unpack it first (bunzip2)"},
    {{0x04, 0x22, 0x4d, 0x18}, 4, false, INPUT_PCAP, "is lz4-compressed; unpack it first (unlz4)"},
    {{0x50, 0x4b, 0x03, 0x04}, 4, false, INPUT_PCAP, "is a zip archive; unpack it first (unzip)"},
    {{0x73, 0x6e, 0x6f, 0x6f}, 4, false, INPUT_PCAP, "is a snoop capture; convert it first (editcap)"},
};

const char *input_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* The stream's read function: the head first, then the descriptor. */
static ssize_t input_read(void *context, char *bytes, size_t count)
{
    struct input *input = context;
    size_t left = input->head_length - input->head_given;
    if (left) {
        count = left < count ? left : count;
        memcpy(bytes, input->head + input->head_given, count);
        input->head_given += count;
        return (ssize_t)count;
    }
    ssize_t got = read(input->fd, bytes, count);
    if (got >= 0 || errno != EINTR)
        return got;
    input->interrupted = true;
    return 0;
}

static int input_close(void *context)
{
    struct input *input = context;
    int fd = input->fd;
    input->fd = -1;
    return fd == STDIN_FILENO || fd < 0 ? 0 : close(fd);
}

/* Pipes may give the head in pieces. */
static bool read_head(struct input *input)
{
    while (input->head_length < sizeof input->head) {
        ssize_t got = read(input->fd, input->head + input->head_length, sizeof input->head - input->head_length);
        if (got < 0)
            return false;
        if (got == 0)
            return true;
        input->head_length += (size_t)got;
    }
    return true;
}

static enum status say(struct err *err, const char *path, const char *problem)
{
    return err_set(err, STATUS_SYSTEM, "%s: cannot read the capture: %s", input_name(path), problem);
}

static const char *errno_remedy(int code)
{
    switch (code) {
    case ENOENT:
        return "check the name";
    case EACCES:
    case EPERM:
        return "check its permissions";
    case EISDIR:
        return "give a capture file, or - for standard input";
    default:
        return "try again, or copy the file";
    }
}

static enum status say_errno(struct err *err, const char *path, int code)
{
    return err_set(err, STATUS_SYSTEM, "%s: cannot read the capture: %s (%s)", input_name(path), strerror(code),
                   errno_remedy(code));
}

static enum status find_format(struct input *input, const char *path, struct err *err)
{
    if (input->head_length == 0)
        return say(err, path, "it is empty (a capture that was stopped too early? tcpdump: --immediate-mode -U)");
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        const struct magic *magic = &magics[i];
        if (input->head_length < magic->length || memcmp(input->head, magic->bytes, magic->length) != 0)
            continue;
        if (!magic->capture)
            return err_set(err, STATUS_SYSTEM, "%s: cannot read the capture: it %s", input_name(path), magic->problem);
        input->format = magic->format;
        return STATUS_OK;
    }
    return say(err, path, "it is neither pcap nor pcapng (hopsonde reads what tcpdump, Wireshark or --write saved)");
}

static enum status open_stream(struct input *input, const char *path, struct err *err)
{
    static const cookie_io_functions_t functions = {.read = input_read, .close = input_close};
    input->stream = fopencookie(input, "r", functions);
    return input->stream ? STATUS_OK : say_errno(err, path, errno);
}

enum status input_open(struct input *input, const char *path, struct err *err)
{
    *input = (struct input){.fd = STDIN_FILENO};
    if (strcmp(path, "-") != 0)
        input->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0)
        return say_errno(err, path, errno);
    enum status status = read_head(input) ? find_format(input, path, err) : say_errno(err, path, errno);
    if (status == STATUS_OK)
        status = open_stream(input, path, err);
    if (status != STATUS_OK)
        input_close(input);
    return status;
}
