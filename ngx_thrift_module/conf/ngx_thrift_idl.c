/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Between nginx and src/idl/: files, memory and the log.  Called while the
 * configuration is read and never afterwards.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_IDL_BLOCK   (64 * 1024)          /* bytes at a time */
#define NGX_THRIFT_IDL_MEMORY  (256 * 1024 * 1024)  /* bytes in all */


static void *ngx_thrift_arena_alloc(void *data, size_t size);
static int ngx_thrift_idl_find(void *data, nthrift_arena_t *arena,
    const nthrift_str_t *path, nthrift_str_t *id, const char **error);
static int ngx_thrift_idl_read(void *data, nthrift_arena_t *arena,
    const nthrift_str_t *path, size_t max, nthrift_str_t *text,
    const char **error);
static int ngx_thrift_idl_read_file(ngx_fd_t fd, nthrift_arena_t *arena,
    size_t max, nthrift_str_t *text, const char **error);
static const char *ngx_thrift_idl_error(nthrift_arena_t *arena,
    ngx_err_t err);
static void ngx_thrift_idl_log(nthrift_report_t *report, ngx_log_t *log);
static void ngx_thrift_idl_log_entry(nthrift_report_entry_t *entry,
    ngx_log_t *log);


nthrift_arena_t *
ngx_thrift_arena_create(ngx_pool_t *pool)
{
    nthrift_arena_t  *arena;

    arena = ngx_palloc(pool, sizeof(nthrift_arena_t));
    if (arena == NULL) {
        return NULL;
    }

    nthrift_arena_init(arena, ngx_thrift_arena_alloc, pool,
                       NGX_THRIFT_IDL_BLOCK, NGX_THRIFT_IDL_MEMORY);

    return arena;
}


static void *
ngx_thrift_arena_alloc(void *data, size_t size)
{
    return ngx_pmemalign(data, size, 16);
}


ngx_thrift_idl_t *
ngx_thrift_idl_create(ngx_array_t *dirs, ngx_pool_t *pool)
{
    ngx_str_t                *dir;
    ngx_uint_t                i;
    nthrift_str_t            *copy;
    ngx_thrift_idl_t         *idl;
    nthrift_loader_reader_t   reader;

    idl = ngx_pcalloc(pool, sizeof(ngx_thrift_idl_t));
    if (idl == NULL) {
        return NULL;
    }

    idl->arena = ngx_thrift_arena_create(pool);
    if (idl->arena == NULL) {
        return NULL;
    }

    reader.find = ngx_thrift_idl_find;
    reader.read = ngx_thrift_idl_read;
    reader.data = NULL;

    nthrift_loader_init(&idl->loader, idl->arena, &reader);

    idl->loader.seed = ngx_random();

    copy = ngx_palloc(pool, dirs->nelts * sizeof(nthrift_str_t));
    if (copy == NULL) {
        return NULL;
    }

    dir = dirs->elts;

    for (i = 0; i < dirs->nelts; i++) {
        copy[i].len = dir[i].len;
        copy[i].data = dir[i].data;
    }

    idl->loader.dirs = copy;
    idl->loader.n_dirs = dirs->nelts;

    return idl;
}


nthrift_idl_program_t *
ngx_thrift_idl_load(ngx_thrift_idl_t *idl, ngx_str_t *file, ngx_log_t *log)
{
    int                     rc;
    nthrift_str_t           path;
    nthrift_report_t       *report;
    nthrift_idl_program_t  *program;

    path.len = file->len;
    path.data = file->data;

    rc = nthrift_loader_load(&idl->loader, &path, &program);

    report = &idl->loader.report;

    if (report->no_memory) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "%V: definitions need more memory than %uz bytes", file,
                      (size_t) NGX_THRIFT_IDL_MEMORY);
        return NULL;
    }

    ngx_thrift_idl_log(report, log);

    return (rc == NTHRIFT_OK) ? program : NULL;
}


ngx_int_t
ngx_thrift_idl_check(ngx_thrift_idl_t *idl, ngx_log_t *log)
{
    int                rc;
    nthrift_report_t  *report;

    report = &idl->loader.report;

    rc = nthrift_annotation_check(idl->loader.programs, report);

    ngx_thrift_idl_log(report, log);

    return (rc == NTHRIFT_OK) ? NGX_OK : NGX_ERROR;
}


static void
ngx_thrift_idl_log(nthrift_report_t *report, ngx_log_t *log)
{
    nthrift_report_entry_t  *entry;

    for (entry = report->first; entry; entry = entry->next) {
        ngx_thrift_idl_log_entry(entry, log);
    }

    report->first = NULL;
}


static void
ngx_thrift_idl_log_entry(nthrift_report_entry_t *entry, ngx_log_t *log)
{
    ngx_uint_t            level;
    nthrift_str_t         none, text;
    const nthrift_str_t  *path;

    level = (entry->kind == NTHRIFT_REPORT_ERROR) ? NGX_LOG_EMERG
                                                  : NGX_LOG_WARN;
    none.len = 0;
    none.data = NULL;

    path = entry->program ? &entry->program->path : &none;
    text = entry->text;

    if (entry->pos.line == 0) {
        ngx_log_error(level, log, 0, "%*s: %*s", path->len, path->data,
                      text.len, text.data);
        return;
    }

    ngx_log_error(level, log, 0, "%*s:%uD:%uD: %*s", path->len, path->data,
                  entry->pos.line, entry->pos.column, text.len, text.data);
}


/* A file is known by device and inode, however it is named. */

static int
ngx_thrift_idl_find(void *data, nthrift_arena_t *arena,
    const nthrift_str_t *path, nthrift_str_t *id, const char **error)
{
    u_char           *p;
    ngx_err_t         err;
    ngx_file_info_t   fi;

    (void) data;

    if (ngx_file_info(path->data, &fi) == NGX_FILE_ERROR) {
        err = ngx_errno;

        if (err != NGX_ENOENT) {
            *error = ngx_thrift_idl_error(arena, err);
        }

        return NTHRIFT_DECLINED;
    }

    if (!ngx_is_file(&fi)) {
        *error = ngx_is_dir(&fi) ? "is a directory" : "is no regular file";
        return NTHRIFT_DECLINED;
    }

    p = nthrift_arena_alloc(arena, 2 * NGX_INT64_LEN + 1);
    if (p == NULL) {
        return NTHRIFT_ERROR;
    }

    id->data = p;
    id->len = ngx_sprintf(p, "%uL:%uL", (uint64_t) fi.st_dev,
                          (uint64_t) ngx_file_uniq(&fi))
              - p;

    return NTHRIFT_OK;
}


static int
ngx_thrift_idl_read(void *data, nthrift_arena_t *arena,
    const nthrift_str_t *path, size_t max, nthrift_str_t *text,
    const char **error)
{
    int       rc;
    ngx_fd_t  fd;

    (void) data;

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        *error = ngx_thrift_idl_error(arena, ngx_errno);
        return NTHRIFT_ERROR;
    }

    rc = ngx_thrift_idl_read_file(fd, arena, max, text, error);

    (void) ngx_close_file(fd);

    return rc;
}


static int
ngx_thrift_idl_read_file(ngx_fd_t fd, nthrift_arena_t *arena, size_t max,
    nthrift_str_t *text, const char **error)
{
    size_t            size;
    ssize_t           n;
    ngx_file_info_t   fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        *error = ngx_thrift_idl_error(arena, ngx_errno);
        return NTHRIFT_ERROR;
    }

    if (ngx_file_size(&fi) > (off_t) max) {
        return NTHRIFT_DECLINED;
    }

    size = (size_t) ngx_file_size(&fi);

    *error = NULL;

    text->data = nthrift_arena_alloc(arena, size + 1);
    if (text->data == NULL) {
        return NTHRIFT_ERROR;
    }

    for (text->len = 0; text->len < size; text->len += n) {
        n = ngx_read_fd(fd, text->data + text->len, size - text->len);

        if (n == -1) {
            *error = ngx_thrift_idl_error(arena, ngx_errno);
            return NTHRIFT_ERROR;
        }

        if (n == 0) {
            break;
        }
    }

    return NTHRIFT_OK;
}


static const char *
ngx_thrift_idl_error(nthrift_arena_t *arena, ngx_err_t err)
{
    u_char  *p, *last;

    p = nthrift_arena_alloc(arena, NGX_MAX_ERROR_STR);
    if (p == NULL) {
        return NULL;
    }

    last = ngx_strerror(err, p, NGX_MAX_ERROR_STR - 1);
    *last = '\0';

    return (const char *) p;
}
