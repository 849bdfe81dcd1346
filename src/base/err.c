/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum status err_set(struct err *err, enum status status, const char *format, ...)
{
    if (!err)
        return status;
    va_list args;
    va_start(args, format);
    int count = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    if (count < 0)
        err->message[0] = '\0';
    for (char *c = err->message; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    err->status = status;
    return status;
}

const char *err_write_remedy(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
        return "free some space, or write elsewhere";
    case EACCES:
    case EPERM:
    case EROFS:
        return "write to a place where you have permission";
    case ENOENT:
    case ENOTDIR:
        return "create the directory first";
    case EISDIR:
        return "name a file";
    default:
        return "write elsewhere";
    }
}
