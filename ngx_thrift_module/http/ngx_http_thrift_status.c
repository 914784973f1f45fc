/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_status: what was counted, for Prometheus, for programs, and for the
 * page.  A report is written a piece at a time, each in a turn of the event
 * loop of its own and when the client has taken the one before: however many
 * methods there are, no call waits for it, and it takes no more memory than a
 * piece.
 */

#include "ngx_http_thrift.h"


typedef struct {
    void        *report;
    ngx_buf_t   *buf;       /* the piece */
    ngx_uint_t   last;      /* there is no other behind it */
} ngx_http_thrift_status_ctx_t;


static ngx_int_t ngx_http_thrift_status_report(ngx_http_request_t *r,
    ngx_uint_t format);
static ngx_uint_t ngx_http_thrift_status_format(ngx_http_request_t *r);
static ngx_int_t ngx_http_thrift_status_header(ngx_http_request_t *r,
    ngx_uint_t format);
static void ngx_http_thrift_status_write(ngx_http_request_t *r);
static ngx_int_t ngx_http_thrift_status_piece(ngx_http_request_t *r,
    ngx_http_thrift_status_ctx_t *ctx);


/* By format. */

static ngx_str_t  ngx_http_thrift_status_types[] = {
    ngx_string("text/plain; version=0.0.4; charset=utf-8"),
    ngx_string("application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ngx_string("application/json"),
    ngx_string("application/json")
};


char *
ngx_http_thrift_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_thrift_loc_conf_t  *tlcf = conf;

    ngx_str_t                 *value;
    ngx_http_thrift_server_t  *server;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "prometheus") == 0) {
        tlcf->format = NGX_THRIFT_REPORT_PROMETHEUS;

    } else if (ngx_strcmp(value[1].data, "json") == 0) {
        tlcf->format = NGX_THRIFT_REPORT_JSON;

    } else if (ngx_strcmp(value[1].data, "html") == 0) {
        tlcf->format = NGX_THRIFT_REPORT_SPARSE;

        if (ngx_http_thrift_page_init(cf, tlcf) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, it must "
                           "be \"prometheus\", \"json\" or \"html\"",
                           &value[1], &value[0]);
        return NGX_CONF_ERROR;
    }

    server = ngx_http_thrift_claim(cf, tlcf, ngx_http_thrift_status_handler);

    if (server == NULL) {
        return NGX_CONF_ERROR;
    }

    server->counts = 1;

    return NGX_CONF_OK;
}


char *
ngx_http_thrift_status_check(ngx_cycle_t *cycle,
    ngx_http_thrift_server_t *server)
{
    if (&ngx_stream_thrift_reports == NULL
        || ngx_stream_thrift_reports.size != sizeof(ngx_thrift_reports_t))
    {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "ngx_http_thrift_module.so and "
                      "ngx_stream_thrift_module.so are not of the same "
                      "version");
        return NGX_CONF_ERROR;
    }

    if (!ngx_stream_thrift_reports.has(cycle)) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"%V\" needs a \"thrift_status_zone\" in stream in "
                      "%s:%ui", &server->directive, server->file_name,
                      server->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_thrift_status_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_http_thrift_loc_conf_t  *tlcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);

    if (tlcf->policy.data
        && ngx_http_thrift_page_asks(r, "format", "services"))
    {
        return ngx_http_thrift_explorer_handler(r);
    }

    if (tlcf->policy.data
        && !ngx_http_thrift_page_asks(r, "format", "json"))
    {
        return ngx_http_thrift_page_handler(r);
    }

    return ngx_http_thrift_status_report(r, ngx_http_thrift_status_format(r));
}


/* Begins a report; the request is finished when all of it was written. */

static ngx_int_t
ngx_http_thrift_status_report(ngx_http_request_t *r, ngx_uint_t format)
{
    ngx_int_t                      rc;
    ngx_http_thrift_status_ctx_t  *ctx;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_thrift_status_ctx_t));

    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->report = ngx_stream_thrift_reports.create((ngx_cycle_t *) ngx_cycle,
                                                   r->pool, format);
    ctx->buf = ngx_create_temp_buf(r->pool, NGX_THRIFT_REPORT_PIECE);

    if (ctx->report == NULL || ctx->buf == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (format >= NGX_THRIFT_REPORT_JSON
        && ngx_http_thrift_page_asks(r, "history", "1")
        && ngx_stream_thrift_reports.ask_history(ctx->report, r->pool)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_thrift_module);

    rc = ngx_http_thrift_status_header(r, format);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    r->main->count++;
    r->write_event_handler = ngx_http_thrift_status_write;

    ngx_http_thrift_status_write(r);

    return NGX_DONE;
}


/* Prometheus says which of its formats it takes. */

static ngx_uint_t
ngx_http_thrift_status_format(ngx_http_request_t *r)
{
    ngx_uint_t                   i;
    ngx_list_part_t             *part;
    ngx_table_elt_t             *h;
    ngx_http_thrift_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);

    if (tlcf->format != NGX_THRIFT_REPORT_PROMETHEUS) {
        return tlcf->format;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == sizeof("Accept") - 1
                && ngx_strncasecmp(h[i].key.data, (u_char *) "Accept",
                                   sizeof("Accept") - 1) == 0
                && ngx_strstr(h[i].value.data, "application/openmetrics-text"))
            {
                return NGX_THRIFT_REPORT_OPENMETRICS;
            }
        }
    }

    return NGX_THRIFT_REPORT_PROMETHEUS;
}


static ngx_int_t
ngx_http_thrift_status_header(ngx_http_request_t *r, ngx_uint_t format)
{
    ngx_str_t        *type;
    ngx_table_elt_t  *h;

    type = &ngx_http_thrift_status_types[format];

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;
    r->headers_out.content_type_lowcase = NULL;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Cache-Control");
    ngx_str_set(&h->value, "no-store");

#if (NGX_THRIFT_HAVE_HEADER_NEXT)
    h->next = NULL;
#endif

    return ngx_http_send_header(r);
}


static void
ngx_http_thrift_status_write(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_event_t                   *wev;
    ngx_connection_t              *c;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_thrift_status_ctx_t  *ctx;

    c = r->connection;
    wev = c->write;

    ctx = ngx_http_get_module_ctx(r, ngx_http_thrift_module);
    clcf = ngx_http_get_module_loc_conf(r->main, ngx_http_core_module);

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT, "client timed out");
        c->timedout = 1;

        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    if (r->buffered || r->postponed || (r == r->main && c->buffered)) {
        rc = ngx_http_output_filter(r, NULL);

    } else {
        rc = ngx_http_thrift_status_piece(r, ctx);
    }

    if (rc == NGX_ERROR || ctx->last) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    if (r->buffered || r->postponed || (r == r->main && c->buffered)) {

        if (!wev->delayed) {
            ngx_add_timer(wev, clcf->send_timeout);
        }

        if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
            ngx_http_finalize_request(r, NGX_ERROR);
        }

        return;
    }

    /* others first; a worker that shuts down stays as long as it has a timer */

    ngx_add_timer(wev, clcf->send_timeout);
    ngx_post_event(wev, &ngx_posted_next_events);
}


static ngx_int_t
ngx_http_thrift_status_piece(ngx_http_request_t *r,
    ngx_http_thrift_status_ctx_t *ctx)
{
    ngx_buf_t    *b;
    ngx_int_t     rc;
    ngx_chain_t   out;

    b = ctx->buf;

    b->pos = b->start;
    b->last = b->start;

    rc = ngx_stream_thrift_reports.write(ctx->report, b);

    ctx->last = (rc == NGX_OK);

    /* it has only looked for what there is to say */

    if (b->pos == b->last && !ctx->last) {
        return NGX_OK;
    }

    b->flush = 1;
    b->last_buf = (ctx->last && r == r->main);
    b->last_in_chain = ctx->last;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}
