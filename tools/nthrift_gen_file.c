/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_file.c: files that change only if they have to, and as a whole:
 * make compares their times, and a compiler may read them meanwhile.
 */

#include "nthrift_gen.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>


static int
file_failed(const char *what, const char *name)
{
    fprintf(stderr, "nthrift: cannot %s %s: %s\n", what, name,
            strerror(errno));
    return -1;
}


/* A directory, with those above it. */

static int
file_make_dir(char *dir)
{
    char  *p;

    for (p = dir + 1; *p != '\0'; p++) {
        if (*p != '/') {
            continue;
        }

        *p = '\0';

        if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
            *p = '/';
            return -1;
        }

        *p = '/';
    }

    return (mkdir(dir, 0777) == 0 || errno == EEXIST) ? 0 : -1;
}


/* 1 if the file has that text already. */

static int
file_same(const char *path, const nthrift_str_t *text)
{
    int     same;
    char   *old;
    FILE   *f;
    size_t  n;

    f = fopen(path, "rb");
    if (f == NULL) {
        return 0;
    }

    same = 0;
    old = malloc(text->len + 1);

    if (old != NULL) {
        n = fread(old, 1, text->len + 1, f);
        same = (n == text->len && memcmp(old, text->data, n) == 0);
    }

    free(old);
    fclose(f);

    return same;
}


static int
file_write(const char *path, const nthrift_str_t *text)
{
    int    rc;
    FILE  *f;

    f = fopen(path, "wb");
    if (f == NULL) {
        return -1;
    }

    rc = (fwrite(text->data, 1, text->len, f) == text->len) ? 0 : -1;

    return (fclose(f) == 0) ? rc : -1;
}


int
nthrift_gen_file(char *dir, const char *name, const nthrift_str_t *text)
{
    int   n;
    char  path[PATH_MAX], tmp[PATH_MAX];

    if (file_make_dir(dir) != 0) {
        return file_failed("make directory", dir);
    }

    n = snprintf(path, sizeof(path), "%s/%s", dir, name);

    if (n < 0 || n >= PATH_MAX
        || snprintf(tmp, sizeof(tmp), "%s/.%s.%ld", dir, name, (long) getpid())
           >= PATH_MAX)
    {
        errno = ENAMETOOLONG;
        return file_failed("write", name);
    }

    if (file_same(path, text)) {
        return 0;
    }

    if (file_write(tmp, text) != 0 || rename(tmp, path) != 0) {
        (void) file_failed("write", path);
        (void) unlink(tmp);
        return -1;
    }

    return 0;
}
