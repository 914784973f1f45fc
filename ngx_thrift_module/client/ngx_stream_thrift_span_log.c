/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_span_log: spans are written where they will lie until they go to the
 * file.  What a worker has gathered is one request of OTLP, in one line, and
 * one write(): the resource is said once for all of its spans.
 *
 *     prefix  span , span , span  suffix
 *     ^       ^                 ^
 *     start   first             pos
 *
 * A file on a full disk may take a part of a line.  Who reads it loses that
 * line alone if the next one, of whatever worker, begins with a newline: there
 * is one before the prefix.
 *
 * Called when calls are logged; by a timer, when the oldest span has waited for
 * long enough; by nginx when it opens its files anew; and at a worker's exit.
 */

#include "ngx_stream_thrift.h"

#include "bind/utf8.h"


#define NGX_STREAM_THRIFT_SPANS_BUFFER  65536
#define NGX_STREAM_THRIFT_SPANS_MIN     4096
#define NGX_STREAM_THRIFT_SPANS_MAX     1048576     /* a line that the
                                                       collector reads */
#define NGX_STREAM_THRIFT_SPANS_FLUSH   1000        /* milliseconds */
#define NGX_STREAM_THRIFT_SPANS_SILENT  60          /* seconds between lines of
                                                       the error log */

#define NGX_STREAM_THRIFT_SPANS_SUFFIX  "]}]}]}\n"

#define ngx_stream_thrift_spans_is(value, name)                               \
    ((value)->len >= sizeof(name) - 1                                         \
     && ngx_strncmp((value)->data, name, sizeof(name) - 1) == 0)


/*
 * What a file gathers: in file->data, where an access_log with a buffer has
 * its own.  That begins with three pointers, too, and takes what is there for
 * one of another size if the first and the last are equal: nginx refuses it
 * then.
 */

typedef struct {
    u_char        *none[3];     /* all of them NULL; must be first */
    ngx_str_t      prefix;
    u_char        *start;
    u_char        *first;
    u_char        *pos;
    u_char        *last;        /* the suffix has room behind it */
    ngx_msec_t     flush;
    ngx_event_t    event;
    ngx_uint_t     spans;       /* gathered */
    ngx_uint_t     lost;        /* since that was logged */
    time_t         told;
    ngx_fd_t       fd;          /* of a file that nginx has left; or
                                   NGX_INVALID_FILE */
    ngx_shm_t      shared;
    ngx_atomic_t  *torn;        /* in it: the last line of the file has no
                                   end */
} ngx_stream_thrift_spans_t;


/* What the directive says. */

typedef struct {
    ssize_t        size;
    ngx_msec_t     flush;
    ngx_array_t    resource;    /* ngx_keyval_t */
    ngx_str_t      filter;
} ngx_stream_thrift_spans_conf_t;


static ngx_uint_t ngx_stream_thrift_span_log_wants(
    ngx_stream_thrift_call_t *tc, ngx_stream_thrift_span_log_t *log);
static void ngx_stream_thrift_spans_write_alone(ngx_open_file_t *file,
    ngx_stream_thrift_call_t *tc, ngx_stream_thrift_span_t *span)
    nthrift_noinline;
static void ngx_stream_thrift_spans_timer(ngx_event_t *ev);
static void ngx_stream_thrift_spans_flush(ngx_open_file_t *file,
    ngx_log_t *log);
static void ngx_stream_thrift_spans_write(ngx_open_file_t *file,
    u_char *start, u_char *last, ngx_log_t *log);
static void ngx_stream_thrift_spans_tell(ngx_open_file_t *file, ngx_err_t err,
    ngx_log_t *log);
static char *ngx_stream_thrift_spans_parameter(ngx_conf_t *cf,
    ngx_stream_thrift_spans_conf_t *sc, ngx_str_t *value);
static char *ngx_stream_thrift_spans_resource(ngx_conf_t *cf,
    ngx_stream_thrift_spans_conf_t *sc, ngx_str_t *value);
static char *ngx_stream_thrift_spans_open(ngx_conf_t *cf,
    ngx_stream_thrift_spans_conf_t *sc, ngx_str_t *name,
    ngx_stream_thrift_span_log_t *log);
static ngx_stream_thrift_spans_t *ngx_stream_thrift_spans_create(
    ngx_conf_t *cf, ngx_stream_thrift_spans_conf_t *sc, ngx_str_t *prefix,
    ngx_open_file_t *file);
static ngx_uint_t ngx_stream_thrift_spans_is_torn(ngx_str_t *name);
static ngx_int_t ngx_stream_thrift_spans_prefix(ngx_conf_t *cf,
    ngx_array_t *resource, ngx_str_t *prefix);
static void ngx_stream_thrift_spans_cleanup(void *data);


void
ngx_stream_thrift_span_log(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_span_log_t *log)
{
    ngx_stream_thrift_span_t    span;
    ngx_stream_thrift_spans_t  *spans;

    if (!ngx_stream_thrift_span_log_wants(tc, log)) {
        return;
    }

    spans = log->file->data;

    if (ngx_stream_thrift_span_collect(tc, &span) != NGX_OK) {
        spans->lost++;
        ngx_stream_thrift_spans_tell(log->file, 0, tc->call.log);
        return;
    }

    if (span.size >= (size_t) (spans->last - spans->pos)) {
        ngx_stream_thrift_spans_flush(log->file, tc->call.log);
    }

    if (span.size >= (size_t) (spans->last - spans->pos)) {
        ngx_stream_thrift_spans_write_alone(log->file, tc, &span);
        return;
    }

    if (spans->spans++) {
        *spans->pos++ = ',';

    } else if (!spans->event.timer_set) {
        ngx_add_timer(&spans->event, spans->flush);
    }

    spans->pos = ngx_stream_thrift_span_write(spans->pos, tc, &span);
}


static ngx_uint_t
ngx_stream_thrift_span_log_wants(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_span_log_t *log)
{
    ngx_str_t  value;

    if (log->filter == NULL) {
        return ngx_stream_thrift_trace_is_sampled(tc);
    }

    return ngx_stream_thrift_is_set(tc, log->filter, &value);
}


/* It is larger than a buffer: a name may be as long as a message. */

static void
ngx_stream_thrift_spans_write_alone(ngx_open_file_t *file,
    ngx_stream_thrift_call_t *tc, ngx_stream_thrift_span_t *span)
{
    u_char                     *p, *start;
    ngx_stream_thrift_spans_t  *spans;

    spans = file->data;
    spans->spans = 1;

    start = ngx_pnalloc(tc->call.pool, 1 + spans->prefix.len + span->size
                        + sizeof(NGX_STREAM_THRIFT_SPANS_SUFFIX) - 1);
    if (start == NULL) {
        spans->spans = 0;
        spans->lost++;
        ngx_stream_thrift_spans_tell(file, 0, tc->call.log);
        return;
    }

    *start++ = LF;

    p = ngx_cpymem(start, spans->prefix.data, spans->prefix.len);
    p = ngx_stream_thrift_span_write(p, tc, span);
    p = ngx_stream_thrift_span_put(p, NGX_STREAM_THRIFT_SPANS_SUFFIX);

    ngx_stream_thrift_spans_write(file, start, p, tc->call.log);
}


static void
ngx_stream_thrift_spans_timer(ngx_event_t *ev)
{
    ngx_stream_thrift_spans_flush(ev->data, ev->log);
}


/* Also called by nginx before it opens its files anew. */

static void
ngx_stream_thrift_spans_flush(ngx_open_file_t *file, ngx_log_t *log)
{
    u_char                     *p;
    ngx_stream_thrift_spans_t  *spans;

    spans = file->data;

    if (spans->event.timer_set) {
        ngx_del_timer(&spans->event);
    }

    if (spans->spans == 0) {
        return;
    }

    p = ngx_stream_thrift_span_put(spans->pos, NGX_STREAM_THRIFT_SPANS_SUFFIX);
    spans->pos = spans->first;

    ngx_stream_thrift_spans_write(file, spans->start, p, log);
}


static void
ngx_stream_thrift_spans_write(ngx_open_file_t *file, u_char *start,
    u_char *last, ngx_log_t *log)
{
    ssize_t                     n;
    ngx_fd_t                    fd;
    ngx_stream_thrift_spans_t  *spans;

    spans = file->data;

    if (*spans->torn) {
        start--;
    }

    fd = (spans->fd == NGX_INVALID_FILE) ? file->fd : spans->fd;

    n = ngx_write_fd(fd, start, last - start);

    if (n > 0) {
        *spans->torn = (n != last - start);
    }

    if (n != last - start) {
        spans->lost += spans->spans;
        ngx_stream_thrift_spans_tell(file, (n == -1) ? ngx_errno : 0, log);

    } else if (spans->lost) {
        ngx_stream_thrift_spans_tell(file, 0, log);
    }

    spans->spans = 0;
}


static void
ngx_stream_thrift_spans_tell(ngx_open_file_t *file, ngx_err_t err,
    ngx_log_t *log)
{
    time_t                      now;
    ngx_stream_thrift_spans_t  *spans;

    spans = file->data;

    now = ngx_time();

    if (spans->told && now - spans->told < NGX_STREAM_THRIFT_SPANS_SILENT) {
        return;
    }

    ngx_log_error(NGX_LOG_ERR, log, err,
                  "spans were not written to \"%V\": %ui", &file->name,
                  spans->lost);

    spans->lost = 0;
    spans->told = now;
}


void
ngx_stream_thrift_span_log_close(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t         i;
    ngx_open_file_t  **file;

    file = tmcf->span_files.elts;

    for (i = 0; i < tmcf->span_files.nelts; i++) {
        ngx_stream_thrift_spans_flush(file[i], ngx_cycle->log);
    }
}


/* nginx closes the files of its old cycle, but not one that has no number. */

void
ngx_stream_thrift_span_log_leave(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t                   i;
    ngx_open_file_t            **file;
    ngx_stream_thrift_spans_t   *spans;

    ngx_stream_thrift_span_log_close(tmcf);

    file = tmcf->span_files.elts;

    for (i = 0; i < tmcf->span_files.nelts; i++) {
        spans = file[i]->data;

        spans->fd = file[i]->fd;
        file[i]->fd = NGX_INVALID_FILE;
    }
}


char *
ngx_stream_thrift_span_log_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_stream_thrift_srv_conf_t  *tscf = conf;

    char                            *rc;
    ngx_str_t                       *value;
    ngx_uint_t                       i;
    ngx_stream_thrift_span_log_t    *log;
    ngx_stream_thrift_spans_conf_t   sc;

    if (tscf->span_log != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    log = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_span_log_t));
    if (log == NULL) {
        return NGX_CONF_ERROR;
    }

    tscf->span_log = log;
    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {

        if (cf->args->nelts == 2) {
            return NGX_CONF_OK;
        }

        return ngx_stream_thrift_bad_value(cf, &value[2],
                                           "nothing after \"off\"");
    }

    ngx_memzero(&sc, sizeof(ngx_stream_thrift_spans_conf_t));

    sc.size = NGX_STREAM_THRIFT_SPANS_BUFFER;
    sc.flush = NGX_STREAM_THRIFT_SPANS_FLUSH;

    if (ngx_array_init(&sc.resource, cf->temp_pool, 4, sizeof(ngx_keyval_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        rc = ngx_stream_thrift_spans_parameter(cf, &sc, &value[i]);

        if (rc != NGX_CONF_OK) {
            return rc;
        }
    }

    return ngx_stream_thrift_spans_open(cf, &sc, &value[1], log);
}


static char *
ngx_stream_thrift_spans_parameter(ngx_conf_t *cf,
    ngx_stream_thrift_spans_conf_t *sc, ngx_str_t *value)
{
    ngx_int_t  flush;
    ngx_str_t  rest;

    rest.data = (u_char *) ngx_strchr(value->data, '=');

    if (rest.data == NULL) {
        return ngx_stream_thrift_bad_value(cf, value, "\"buffer=\", "
                                           "\"flush=\", \"if=\" or "
                                           "\"resource=\"");
    }

    rest.data++;
    rest.len = value->data + value->len - rest.data;

    if (ngx_stream_thrift_spans_is(value, "buffer=")) {
        sc->size = ngx_parse_size(&rest);

        return (sc->size >= NGX_STREAM_THRIFT_SPANS_MIN
                && sc->size <= NGX_STREAM_THRIFT_SPANS_MAX)
               ? NGX_CONF_OK
               : ngx_stream_thrift_bad_value(cf, value, "\"buffer=\" and a "
                                             "size from 4k to 1m");
    }

    if (ngx_stream_thrift_spans_is(value, "flush=")) {
        flush = ngx_parse_time(&rest, 0);
        sc->flush = flush;

        return (flush > 0)
               ? NGX_CONF_OK
               : ngx_stream_thrift_bad_value(cf, value, "\"flush=\" and a "
                                             "time, such as \"1s\"");
    }

    if (ngx_stream_thrift_spans_is(value, "if=")) {
        sc->filter = rest;
        return NGX_CONF_OK;
    }

    if (ngx_stream_thrift_spans_is(value, "resource=")) {
        return ngx_stream_thrift_spans_resource(cf, sc, &rest);
    }

    return ngx_stream_thrift_bad_value(cf, value, "\"buffer=\", \"flush=\", "
                                       "\"if=\" or \"resource=\"");
}


/* An attribute that is there takes the new value. */

static char *
ngx_stream_thrift_spans_resource(ngx_conf_t *cf,
    ngx_stream_thrift_spans_conf_t *sc, ngx_str_t *value)
{
    u_char        *end, *last;
    ngx_keyval_t  *attribute;

    last = value->data + value->len;
    end = ngx_strlchr(value->data, last, '=');

    if (end == NULL || end == value->data
        || nthrift_utf8_check(value->data, last) != last)
    {
        return ngx_stream_thrift_bad_value(cf, value, "\"resource=\" and an "
                                           "attribute, such as "
                                           "\"service.name=gateway\"");
    }

    attribute = ngx_array_push(&sc->resource);
    if (attribute == NULL) {
        return NGX_CONF_ERROR;
    }

    attribute->key.data = value->data;
    attribute->key.len = end - value->data;
    attribute->value.data = end + 1;
    attribute->value.len = last - attribute->value.data;

    return NGX_CONF_OK;
}


static char *
ngx_stream_thrift_spans_open(ngx_conf_t *cf,
    ngx_stream_thrift_spans_conf_t *sc, ngx_str_t *name,
    ngx_stream_thrift_span_log_t *log)
{
    ngx_str_t                   prefix;
    ngx_stream_thrift_spans_t  *spans;

    if (sc->filter.len) {
        log->filter = ngx_stream_thrift_compile(cf, &sc->filter);
        if (log->filter == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    log->file = ngx_conf_open_file(cf->cycle, name);

    if (log->file == NULL
        || ngx_stream_thrift_spans_prefix(cf, &sc->resource, &prefix) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (prefix.len > (size_t) sc->size / 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"resource=\" is too large for \"buffer=\"");
        return NGX_CONF_ERROR;
    }

    if (log->file->flush && log->file->flush != ngx_stream_thrift_spans_flush) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is another log already", &log->file->name);
        return NGX_CONF_ERROR;
    }

    spans = log->file->data;

    if (log->file->flush == NULL) {
        spans = ngx_stream_thrift_spans_create(cf, sc, &prefix, log->file);
        return spans ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (spans->last - spans->start != sc->size || spans->flush != sc->flush
        || spans->prefix.len != prefix.len
        || ngx_memcmp(spans->prefix.data, prefix.data, prefix.len) != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "thrift_span_log \"%V\" stands elsewhere with "
                           "other parameters", &log->file->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_stream_thrift_spans_t *
ngx_stream_thrift_spans_create(ngx_conf_t *cf,
    ngx_stream_thrift_spans_conf_t *sc, ngx_str_t *prefix,
    ngx_open_file_t *file)
{
    ngx_open_file_t                **known;
    ngx_pool_cleanup_t              *cln;
    ngx_stream_thrift_spans_t       *spans;
    ngx_stream_thrift_main_conf_t   *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    known = ngx_array_push(&tmcf->span_files);
    cln = ngx_pool_cleanup_add(cf->pool, 0);
    spans = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_spans_t));

    if (known == NULL || cln == NULL || spans == NULL) {
        return NULL;
    }

    spans->start = ngx_pnalloc(cf->pool, 1 + sc->size
                               + sizeof(NGX_STREAM_THRIFT_SPANS_SUFFIX) - 1);
    if (spans->start == NULL) {
        return NULL;
    }

    *spans->start++ = LF;

    spans->shared.size = ngx_pagesize;
    spans->shared.name = file->name;
    spans->shared.log = cf->log;

    if (ngx_shm_alloc(&spans->shared) != NGX_OK) {
        return NULL;
    }

    spans->torn = (ngx_atomic_t *) spans->shared.addr;
    *spans->torn = ngx_stream_thrift_spans_is_torn(&file->name);

    spans->fd = NGX_INVALID_FILE;
    spans->prefix = *prefix;
    spans->first = ngx_cpymem(spans->start, prefix->data, prefix->len);
    spans->pos = spans->first;
    spans->last = spans->start + sc->size;
    spans->flush = sc->flush;

    spans->event.data = file;
    spans->event.handler = ngx_stream_thrift_spans_timer;
    spans->event.log = &cf->cycle->new_log;
    spans->event.cancelable = 1;

    cln->handler = ngx_stream_thrift_spans_cleanup;
    cln->data = spans;

    file->data = spans;
    file->flush = ngx_stream_thrift_spans_flush;

    *known = file;

    return spans;
}


/* Of a file that is there already.  Pipes and devices have no lines. */

static ngx_uint_t
ngx_stream_thrift_spans_is_torn(ngx_str_t *name)
{
    u_char           last;
    ngx_fd_t         fd;
    ngx_uint_t       torn;
    ngx_file_info_t  fi;

    fd = ngx_open_file(name->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        return 0;
    }

    torn = (ngx_fd_info(fd, &fi) != NGX_FILE_ERROR
            && ngx_is_file(&fi)
            && ngx_file_size(&fi) > 0
            && pread(fd, &last, 1, ngx_file_size(&fi) - 1) == 1
            && last != LF);

    (void) ngx_close_file(fd);

    return torn;
}


static ngx_int_t
ngx_stream_thrift_spans_prefix(ngx_conf_t *cf, ngx_array_t *resource,
    ngx_str_t *prefix)
{
    size_t         size;
    u_char        *p;
    ngx_uint_t     i, named;
    ngx_keyval_t  *attribute;

    attribute = resource->elts;
    named = 0;
    size = 512 + 6 * cf->cycle->hostname.len;

    for (i = 0; i < resource->nelts; i++) {
        size += 64 + 6 * (attribute[i].key.len + attribute[i].value.len);

        if (attribute[i].key.len == sizeof("service.name") - 1
            && ngx_strncmp(attribute[i].key.data, "service.name",
                           sizeof("service.name") - 1)
               == 0)
        {
            named = 1;
        }
    }

    p = ngx_pnalloc(cf->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    prefix->data = p;

    p = ngx_stream_thrift_span_put(p, "{\"resourceSpans\":[{\"resource\":"
            "{\"attributes\":[{\"key\":\"host.name\",\"value\":"
            "{\"stringValue\":\"");
    p = (u_char *) ngx_escape_json(p, cf->cycle->hostname.data,
                                   cf->cycle->hostname.len);
    p = ngx_stream_thrift_span_put(p, "\"}}");

    if (!named) {
        p = ngx_stream_thrift_span_put(p, ",{\"key\":\"service.name\","
                "\"value\":{\"stringValue\":\"nginx\"}}");
    }

    for (i = 0; i < resource->nelts; i++) {
        p = ngx_stream_thrift_span_put(p, ",{\"key\":\"");
        p = (u_char *) ngx_escape_json(p, attribute[i].key.data,
                                       attribute[i].key.len);
        p = ngx_stream_thrift_span_put(p, "\",\"value\":{\"stringValue\":\"");
        p = (u_char *) ngx_escape_json(p, attribute[i].value.data,
                                       attribute[i].value.len);
        p = ngx_stream_thrift_span_put(p, "\"}}");
    }

    p = ngx_stream_thrift_span_put(p, "]},\"scopeSpans\":[{\"scope\":"
            "{\"name\":\"ngx_thrift\"},\"spans\":[");

    prefix->len = p - prefix->data;

    return NGX_OK;
}


/* Its memory goes: of a process without workers, at a reload. */

static void
ngx_stream_thrift_spans_cleanup(void *data)
{
    ngx_stream_thrift_spans_t  *spans = data;

    if (spans->event.timer_set) {
        ngx_del_timer(&spans->event);
    }

    if (spans->fd != NGX_INVALID_FILE) {
        ngx_stream_thrift_spans_flush(spans->event.data, ngx_cycle->log);
        (void) ngx_close_file(spans->fd);
    }

    spans->shared.log = ngx_cycle->log;
    ngx_shm_free(&spans->shared);
}
