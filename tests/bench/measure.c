/* SPDX-License-Identifier: BSD-2-Clause */
/* measure: runs a command and tells, on one line: when it started (ns since 1970), the ms to its last line of output
 * and to its end, its peak memory in KiB and its exit status. The output itself goes to OUTPUT.
 *
 *   measure OUTPUT COMMAND [ARGUMENT...] */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Copies until the end; the moment at which the last bytes came. */
static int64_t copy(int from, int to)
{
    char bytes[4096];
    int64_t last = 0;
    for (ssize_t n; (n = read(from, bytes, sizeof bytes)) > 0;) {
        last = now_ns();
        if (write(to, bytes, (size_t)n) != n)
            perror("measure: cannot write the output");
    }
    return last;
}

int main(int argc, char *argv[])
{
    int ends[2], status = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: measure OUTPUT COMMAND [ARGUMENT...]\n");
        return 2;
    }
    int output = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (output < 0 || pipe(ends) < 0) {
        fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(errno));
        return 3;
    }
    int64_t start = now_ns();
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[2], argv + 2);
        fprintf(stderr, "measure: %s: %s\n", argv[2], strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    int64_t last = copy(ends[0], output);
    struct rusage usage = {0};
    if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
        perror("measure: cannot run the command");
        return 3;
    }
    printf("%lld %.3f %.3f %ld %d\n", (long long)start, last ? (double)(last - start) / 1e6 : 0.0,
           (double)(now_ns() - start) / 1e6, usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128);
    return 0;
}
