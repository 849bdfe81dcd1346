/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "capture/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A format, recognised by the first bytes of a file. */
struct magic {
    unsigned char bytes[4];
    size_t length;
    enum input_format format;
    enum packing packing;
    const char *problem; /* why hopsonde does not read it, and the remedy; NULL: it does */
};

#define PACKED_TWICE "is compressed more than once; unpack it first"

static const struct magic magics[] = {
    {{0x0a, 0x0d, 0x0d, 0x0a}, 4, INPUT_PCAPNG, PACKING_NONE, NULL},
    {{0xa1, 0xb2, 0xc3, 0xd4}, 4, INPUT_PCAP, PACKING_NONE, NULL},
    {{0xd4, 0xc3, 0xb2, 0xa1}, 4, INPUT_PCAP, PACKING_NONE, NULL},
    {{0xa1, 0xb2, 0x3c, 0x4d}, 4, INPUT_PCAP_NS, PACKING_NONE, NULL},
    {{0x4d, 0x3c, 0xb2, 0xa1}, 4, INPUT_PCAP_NS, PACKING_NONE, NULL},
    {{0xa1, 0xb2, 0xcd, 0x34}, 4, INPUT_PCAP_PATCHED, PACKING_NONE, NULL},
    {{0x34, 0xcd, 0xb2, 0xa1}, 4, INPUT_PCAP_PATCHED, PACKING_NONE, NULL},
    {{0x1f, 0x8b}, 2, INPUT_PCAP, PACKING_GZIP, NULL},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, INPUT_PCAP, PACKING_ZSTD, NULL},
    {{0x50, 0x2a, 0x4d, 0x18}, 4, INPUT_PCAP, PACKING_ZSTD, NULL}, /* pzstd files start with this */
    {{0xfd, 0x37, 0x7a, 0x58}, 4, INPUT_PCAP, PACKING_NONE, "is xz-compressed; unpack it first (unxz)"},
    {{0x42, 0x5a, 0x68}, 3, INPUT_PCAP, PACKING_NONE, "is bzip2-compressed; unpack it first (bunzip2)"},
    {{0x04, 0x22, 0x4d, 0x18}, 4, INPUT_PCAP, PACKING_NONE, "is lz4-compressed; unpack it first (unlz4)"},
    {{0x50, 0x4b, 0x03, 0x04}, 4, INPUT_PCAP, PACKING_NONE, "is a zip archive; unpack it first (unzip)"},
    {{0x73, 0x6e, 0x6f, 0x6f}, 4, INPUT_PCAP, PACKING_NONE, "is a snoop capture; convert it first (editcap)"},
};

#define OTHER_DESCRIPTORS 64 /* descriptors reserved for outputs and libraries when the limit is raised */

void capture_file_raise_limit(unsigned files)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)files + OTHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* on failure, opening a file reports the error */
}

void capture_file_open(struct capture_file *file, const char *path, const volatile sig_atomic_t *stop)
{
    *file = (struct capture_file){.path = path, .fd = STDIN_FILENO, .stop = stop};
    if (strcmp(path, "-") != 0)
        file->fd = open(path, O_RDONLY | O_CLOEXEC);
    file->code = file->fd < 0 ? errno : 0;
}

void capture_file_close(struct capture_file *file)
{
    if (file->fd >= 0 && file->fd != STDIN_FILENO)
        close(file->fd);
    file->fd = -1;
}

const char *input_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static size_t give_head(struct input_head *head, void *bytes, size_t count)
{
    size_t left = head->length - head->given;
    count = left < count ? left : count;
    memcpy(bytes, head->bytes + head->given, count);
    head->given += count;
    return count;
}

static bool is_stopped(struct input *input)
{
    const volatile sig_atomic_t *stop = input->file->stop;
    input->interrupted = input->interrupted || (stop && *stop);
    return input->interrupted;
}

/* Reads the file as it is stored. */
static ssize_t read_stored(void *context, char *bytes, size_t count)
{
    struct input *input = context;
    size_t given = give_head(&input->stored, bytes, count);
    if (given)
        return (ssize_t)given;
    if (is_stopped(input))
        return 0;
    int fd = input->file->fd;
    ssize_t got = input->is_regular ? pread(fd, bytes, count, (off_t)input->offset) : read(fd, bytes, count);
    if (got < 0 && errno == EINTR) {
        input->interrupted = true;
        return 0;
    }
    input->offset += got > 0 ? (uint64_t)got : 0;
    return got;
}

/* Few compressed bytes may unpack to many, so `stop` counts before each of these reads, too. */
ssize_t input_read(struct input *input, void *bytes, size_t count)
{
    if (!input->unpacker)
        return read_stored(input, bytes, count);
    size_t given = give_head(&input->plain, bytes, count);
    if (given)
        return (ssize_t)given;
    return is_stopped(input) ? 0 : unpack_read(input->unpacker, bytes, count);
}

/* The same as a callback. */
static ssize_t read_plain(void *context, char *bytes, size_t count)
{
    return input_read(context, bytes, count);
}

void input_close(struct input *input)
{
    unpack_free(input->unpacker);
    input->unpacker = NULL;
    input->file = NULL;
}

FILE *input_stream(struct input *input)
{
    static const cookie_io_functions_t functions = {.read = read_plain};
    return fopencookie(input, "r", functions);
}

static bool is_file(const struct input *input, uint64_t *bytes)
{
    struct stat status;
    if (!input->file || fstat(input->file->fd, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    *bytes = (uint64_t)status.st_size;
    return true;
}

bool input_seek(struct input *input, uint64_t offset)
{
    if (input->unpacker || !input->is_regular)
        return false;
    input->offset = offset;
    input->stored.given = input->stored.length;
    return true;
}

bool input_progress(const struct input *input, uint64_t *done_bytes, uint64_t *total_bytes)
{
    uint64_t bytes;
    if (!is_file(input, &bytes))
        return false;
    off_t position = input->is_regular ? (off_t)input->offset : lseek(input->file->fd, 0, SEEK_CUR);
    if (position < 0)
        return false;
    *done_bytes = (uint64_t)position;
    *total_bytes = bytes > *done_bytes ? bytes : *done_bytes;
    return true;
}

bool input_is_cut(const struct input *input)
{
    return input->unpacker && unpack_is_cut(input->unpacker);
}

const char *input_problem(const struct input *input)
{
    return input->unpacker ? unpack_problem(input->unpacker) : NULL;
}

/* Reads the first bytes from `source`; a pipe may give them in pieces. On failure returns false and sets errno. */
static bool read_head(struct input *input, struct input_head *head, unpack_source *source)
{
    struct input_head taken = {.length = 0};
    while (taken.length < sizeof taken.bytes) {
        ssize_t got = source(input, (char *)taken.bytes + taken.length, sizeof taken.bytes - taken.length);
        if (input->interrupted)
            errno = EINTR;
        if (got < 0 || input->interrupted)
            return false;
        if (got == 0)
            break;
        taken.length += (size_t)got;
    }
    *head = taken;
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

static const struct magic *find_magic(const struct input_head *head)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (head->length >= magics[i].length && memcmp(head->bytes, magics[i].bytes, magics[i].length) == 0)
            return &magics[i];
    return NULL;
}

/* Finds the format of the file, compressed or not. Sets `packing` if it is compressed. */
static enum status find_format(struct input *input, const char *path, const struct input_head *head,
                               enum packing *packing, struct err *err)
{
    const struct magic *magic = find_magic(head);
    if (!magic && input_is_cut(input))
        return say(err, path, "it is cut within its header (record or copy it anew)");
    if (head->length == 0)
        return say(err, path, "it is empty (a capture that was stopped too early? tcpdump: --immediate-mode -U)");
    if (!magic)
        return say(err, path,
                   "it is neither pcap nor pcapng (hopsonde reads what tcpdump, Wireshark or --write saved)");
    const char *problem = magic->packing && input->unpacker ? PACKED_TWICE : magic->problem;
    if (problem)
        return err_set(err, STATUS_SYSTEM, "%s: cannot read the capture: it %s", input_name(path), problem);
    input->format = magic->format;
    *packing = magic->packing;
    return STATUS_OK;
}

static enum status open_packed(struct input *input, const char *path, enum packing packing, struct err *err)
{
    input->unpacker = unpack_new(packing, read_stored, input);
    if (!input->unpacker)
        return say_errno(err, path, ENOMEM);
    if (!read_head(input, &input->plain, read_plain))
        return say_errno(err, path, errno);
    const char *problem = input_problem(input);
    if (problem && !find_magic(&input->plain))
        return err_set(err, STATUS_SYSTEM, "%s: cannot read the capture: %s (unpack it first, or copy it anew)",
                       input_name(path), problem);
    return find_format(input, path, &input->plain, &packing, err);
}

static enum status open_input(struct input *input, const char *path, struct err *err)
{
    enum packing packing = PACKING_NONE;
    if (!read_head(input, &input->stored, read_stored))
        return say_errno(err, path, errno);
    enum status status = find_format(input, path, &input->stored, &packing, err);
    if (status == STATUS_OK && packing != PACKING_NONE)
        status = open_packed(input, path, packing, err);
    return status;
}

enum status input_open(struct input *input, const struct capture_file *file, struct err *err)
{
    uint64_t unused;
    *input = (struct input){.file = file};
    if (file->fd < 0)
        return say_errno(err, file->path, file->code);
    input->is_regular = file->fd != STDIN_FILENO && is_file(input, &unused);
    enum status status = open_input(input, file->path, err);
    if (status != STATUS_OK)
        input_close(input);
    return status;
}
