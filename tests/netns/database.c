/* SPDX-License-Identifier: BSD-2-Clause */
/* database: a MaxMind DB file for the tests. Lines "NETWORK BITS JSON" on standard input, the file on standard output.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/support/mmdb_writer.h"

#define LINE_BYTES 1024

int main(void)
{
    struct mmdb_writer writer;
    char line[LINE_BYTES];
    mmdb_writer_init(&writer, 6);
    while (fgets(line, sizeof line, stdin)) {
        char network[ADDR_TEXT_BYTES];
        unsigned bits;
        int begin = 0;
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%45s %u %n", network, &bits, &begin) != 2 || !begin) {
            fprintf(stderr, "database: NETWORK BITS JSON: %s\n", line);
            return 2;
        }
        mmdb_writer_put_json(&writer, network, bits, line + begin);
    }
    struct strbuf file = mmdb_writer_file(&writer);
    size_t written = fwrite(file.text, 1, file.length, stdout);
    bool good = written == file.length && fflush(stdout) == 0;
    strbuf_free(&file);
    mmdb_writer_free(&writer);
    return good ? 0 : 1;
}
