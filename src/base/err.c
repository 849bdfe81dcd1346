/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/escape.h"

#define CHARACTER_BYTES_MOST 4 /* of UTF-8 */

enum status err_set(struct err *err, enum status status, const char *format, ...)
{
    if (!err)
        return status;
    char text[ERR_MESSAGE_BYTES + CHARACTER_BYTES_MOST]; /* so that a character at the cut is whole */
    va_list args;
    va_start(args, format);
    int count = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    escape_copy(err->message, sizeof err->message, count < 0 ? "" : text);
    err->status = status;
    return status;
}

const char *err_write_remedy(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
        return "free some space, or write elsewhere";
    case EFBIG:
        return "raise the limit of the shell (ulimit -f), or write elsewhere";
    case EACCES:
    case EPERM:
    case EROFS:
        return "write to a place where you have permission";
    case ENOENT:
    case ENOTDIR:
        return "name a directory that exists and takes files";
    case EISDIR:
        return "name a file";
    default:
        return "write elsewhere";
    }
}
