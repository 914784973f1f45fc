/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * TLS towards the servers of an upstream: what the directives say becomes a
 * context of OpenSSL's, when all of the configuration was read.  An upstream{}
 * that says nothing of its own has that of stream{}.  What a handshake is, is
 * ngx_thrift_ssl.c's business.
 */

#include "ngx_stream_thrift.h"


#if (NGX_SSL)

static char *ngx_stream_thrift_ssl_check_conf_command(ngx_conf_t *cf,
    void *post, void *data);
#if (NGX_THRIFT_SSL_CACHE)
static ngx_int_t ngx_stream_thrift_ssl_cache_parameter(ngx_str_t *value,
    ngx_int_t *max, time_t *inactive, time_t *valid);
#endif
static char *ngx_stream_thrift_ssl_note(ngx_conf_t *cf, void *conf, char *rv);
static ngx_uint_t ngx_stream_thrift_ssl_inherits(
    ngx_stream_thrift_ssl_conf_t *conf);
static ngx_ssl_t *ngx_stream_thrift_ssl_context(ngx_conf_t *cf,
    ngx_stream_thrift_ssl_conf_t *conf);
static ngx_int_t ngx_stream_thrift_ssl_fill(ngx_conf_t *cf,
    ngx_stream_thrift_ssl_conf_t *conf);
static ngx_int_t ngx_stream_thrift_ssl_set_certificate(ngx_conf_t *cf,
    ngx_stream_thrift_ssl_conf_t *conf);
static void ngx_stream_thrift_warn_verify(ngx_conf_t *cf,
    ngx_stream_thrift_ssl_conf_t *conf, const char *name);
static ngx_int_t ngx_stream_thrift_ssl_set_verify(ngx_conf_t *cf,
    ngx_stream_thrift_ssl_conf_t *conf);
static ngx_stream_thrift_note_t *ngx_stream_thrift_ssl_find(
    ngx_stream_thrift_ssl_conf_t *conf, const char *name);
static ngx_int_t ngx_stream_thrift_ssl_failed(ngx_conf_t *cf,
    ngx_stream_thrift_ssl_conf_t *conf, const char *name);
static ngx_int_t ngx_stream_thrift_ssl_set_name(ngx_conf_t *cf,
    ngx_thrift_ssl_t *ssl, ngx_stream_thrift_ssl_conf_t *conf,
    ngx_str_t *host);
static ngx_uint_t ngx_stream_thrift_ssl_varies(ngx_stream_thrift_pool_t *pool);
static ngx_uint_t ngx_stream_thrift_ssl_chooses(
    ngx_stream_thrift_ssl_conf_t *conf);
static ngx_uint_t ngx_stream_thrift_ssl_refuse_file(
    ngx_thrift_attempt_t *attempt, const char *what, ngx_str_t *value);
static ngx_uint_t ngx_stream_thrift_ssl_refuse(ngx_thrift_attempt_t *attempt,
    const char *what, ngx_str_t *value);
static void ngx_stream_thrift_ssl_strip_port(ngx_str_t *name);


ngx_conf_bitmask_t  ngx_stream_thrift_ssl_protocols[] = {
    { ngx_string("SSLv2"), NGX_SSL_SSLv2 },
    { ngx_string("SSLv3"), NGX_SSL_SSLv3 },
    { ngx_string("TLSv1"), NGX_SSL_TLSv1 },
    { ngx_string("TLSv1.1"), NGX_SSL_TLSv1_1 },
    { ngx_string("TLSv1.2"), NGX_SSL_TLSv1_2 },
    { ngx_string("TLSv1.3"), NGX_SSL_TLSv1_3 },
    { ngx_null_string, 0 }
};


ngx_conf_post_t  ngx_stream_thrift_ssl_conf_command_post = {
    ngx_stream_thrift_ssl_check_conf_command
};


static char *
ngx_stream_thrift_ssl_check_conf_command(ngx_conf_t *cf, void *post,
    void *data)
{
#ifndef SSL_CONF_FLAG_FILE
    return "is not supported on this platform";
#else
    return NGX_CONF_OK;
#endif
}


char *
ngx_stream_thrift_ssl_flag(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_stream_thrift_ssl_note(cf, conf,
                                      ngx_conf_set_flag_slot(cf, cmd, conf));
}


char *
ngx_stream_thrift_ssl_str(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_stream_thrift_ssl_note(cf, conf,
                                      ngx_conf_set_str_slot(cf, cmd, conf));
}


char *
ngx_stream_thrift_ssl_value(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_stream_thrift_ssl_note(cf, conf,
                       ngx_stream_set_complex_value_zero_slot(cf, cmd, conf));
}


char *
ngx_stream_thrift_ssl_keyval(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_stream_thrift_ssl_note(cf, conf,
                                      ngx_conf_set_keyval_slot(cf, cmd, conf));
}


char *
ngx_stream_thrift_ssl_bitmask(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_stream_thrift_ssl_note(cf, conf,
                               ngx_stream_thrift_set_bitmask(cf, cmd, conf));
}


char *
ngx_stream_thrift_ssl_num(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_stream_thrift_ssl_note(cf, conf,
                                   ngx_stream_thrift_set_num(cf, cmd, conf));
}


char *
ngx_stream_thrift_ssl_name(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_stream_thrift_ssl_note(cf, conf,
                            ngx_stream_set_complex_value_slot(cf, cmd, conf));
}


/* OpenSSL reads the value later, and knows no line of it. */

static char *
ngx_stream_thrift_ssl_note(ngx_conf_t *cf, void *conf, char *rv)
{
    ngx_stream_thrift_upstream_conf_t  *ucf = conf;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_stream_thrift_take_note(cf, &ucf->ssl.notes) ? NGX_CONF_OK
                                                            : NGX_CONF_ERROR;
}


char *
ngx_stream_thrift_ssl_password_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_stream_thrift_ssl_conf_t  *scf;

    ngx_str_t  *value;

    scf = (ngx_stream_thrift_ssl_conf_t *) ((u_char *) conf + cmd->offset);

    if (scf->passwords != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    scf->passwords = ngx_ssl_read_password_file(cf, &value[1]);

    return ngx_stream_thrift_ssl_note(cf, conf, scf->passwords
                                                ? NGX_CONF_OK
                                                : NGX_CONF_ERROR);
}


#if !(NGX_THRIFT_SSL_CACHE)

char *
ngx_stream_thrift_ssl_certificate_cache(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    return "needs nginx 1.27.4 or later";
}

#else

char *
ngx_stream_thrift_ssl_certificate_cache(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_stream_thrift_ssl_conf_t  *scf;

    ngx_str_t   *value;
    ngx_int_t    max;
    ngx_uint_t   i;
    time_t       inactive, valid;

    scf = (ngx_stream_thrift_ssl_conf_t *) ((u_char *) conf + cmd->offset);

    if (scf->cache != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        scf->cache = NULL;
        return NGX_CONF_OK;
    }

    max = 0;
    inactive = 10;
    valid = 60;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_stream_thrift_ssl_cache_parameter(&value[i], &max, &inactive,
                                                  &valid)
            != NGX_OK)
        {
            return ngx_stream_thrift_bad_parameter(cf, &value[i],
                                        "\"max=\" with a number, or "
                                        "\"inactive=\" or \"valid=\" with a "
                                        "time");
        }
    }

    if (max == 0) {
        return "must have the \"max\" parameter";
    }

    scf->cache = ngx_ssl_cache_init(cf->pool, max, valid, inactive);

    return scf->cache ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_stream_thrift_ssl_cache_parameter(ngx_str_t *value, ngx_int_t *max,
    time_t *inactive, time_t *valid)
{
    time_t     *time;
    ngx_str_t   s;

    if (ngx_strncmp(value->data, "max=", 4) == 0) {
        *max = ngx_atoi(value->data + 4, value->len - 4);
        return (*max > 0) ? NGX_OK : NGX_ERROR;
    }

    if (ngx_strncmp(value->data, "inactive=", 9) == 0) {
        time = inactive;
        s.data = value->data + 9;
        s.len = value->len - 9;

    } else if (ngx_strncmp(value->data, "valid=", 6) == 0) {
        time = valid;
        s.data = value->data + 6;
        s.len = value->len - 6;

    } else {
        return NGX_ERROR;
    }

    *time = ngx_parse_time(&s, 1);

    return (*time == (time_t) NGX_ERROR) ? NGX_ERROR : NGX_OK;
}

#endif


void
ngx_stream_thrift_create_ssl(ngx_stream_thrift_ssl_conf_t *conf)
{
    /*
     * set by ngx_pcalloc():
     *
     *     conf->protocols = 0;
     *     conf->ciphers = { 0, NULL };
     *     conf->trusted_certificate = { 0, NULL };
     *     conf->crl = { 0, NULL };
     *     conf->notes = NULL;
     *     conf->off = 0;
     *     conf->used = 0;
     *     conf->outer = NULL;
     *     conf->context = NULL;
     *     conf->same = NULL;
     */

    conf->enable = NGX_CONF_UNSET;
    conf->session_reuse = NGX_CONF_UNSET;
    conf->name = NGX_CONF_UNSET_PTR;
    conf->server_name = NGX_CONF_UNSET;
    conf->verify = NGX_CONF_UNSET;
    conf->verify_depth = NGX_CONF_UNSET_UINT;
    conf->certificate = NGX_CONF_UNSET_PTR;
    conf->certificate_key = NGX_CONF_UNSET_PTR;
#if (NGX_THRIFT_SSL_CACHE)
    conf->cache = NGX_CONF_UNSET_PTR;
#endif
    conf->passwords = NGX_CONF_UNSET_PTR;
    conf->conf_commands = NGX_CONF_UNSET_PTR;
}


void
ngx_stream_thrift_merge_ssl(ngx_stream_thrift_ssl_conf_t *prev,
    ngx_stream_thrift_ssl_conf_t *conf)
{
    if (conf != prev) {
        conf->outer = prev;
        conf->same = ngx_stream_thrift_ssl_inherits(conf) ? prev : NULL;
    }

    conf->off = (conf->enable == 0);

    ngx_conf_merge_value(conf->enable, prev->enable, 0);

    if (conf->enable) {
        conf->used = 1;
        prev->used = 1;
    }

    ngx_conf_merge_value(conf->session_reuse, prev->session_reuse, 1);
    ngx_conf_merge_bitmask_value(conf->protocols, prev->protocols,
                                 NGX_CONF_BITMASK_SET|NGX_SSL_TLSv1_2
                                 |NGX_SSL_TLSv1_3);
    ngx_conf_merge_str_value(conf->ciphers, prev->ciphers, "DEFAULT");
    ngx_conf_merge_ptr_value(conf->name, prev->name, NULL);
    ngx_conf_merge_value(conf->server_name, prev->server_name, 0);
    ngx_conf_merge_value(conf->verify, prev->verify, 0);
    ngx_conf_merge_uint_value(conf->verify_depth, prev->verify_depth, 1);
    ngx_conf_merge_str_value(conf->trusted_certificate,
                             prev->trusted_certificate, "");
    ngx_conf_merge_str_value(conf->crl, prev->crl, "");
    ngx_conf_merge_ptr_value(conf->certificate, prev->certificate, NULL);
    ngx_conf_merge_ptr_value(conf->certificate_key, prev->certificate_key,
                             NULL);
#if (NGX_THRIFT_SSL_CACHE)
    ngx_conf_merge_ptr_value(conf->cache, prev->cache, NULL);
#endif
    ngx_conf_merge_ptr_value(conf->passwords, prev->passwords, NULL);
    ngx_conf_merge_ptr_value(conf->conf_commands, prev->conf_commands, NULL);
}


/*
 * Whoever has certificates verified takes connections for encrypted.  Where
 * "thrift_ssl off" is written beside it, that was decided.
 */

void
ngx_stream_thrift_warn_ssl(ngx_conf_t *cf, ngx_stream_thrift_ssl_conf_t *conf)
{
    ngx_stream_thrift_note_t  *note;

    if (conf->notes == NULL || conf->off || conf->used) {
        return;
    }

    note = conf->notes->elts;

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"%V\" has no effect without \"thrift_ssl on\" in %s:%ui",
                  &note->name, note->file_name, note->line);
}


/* A file that is named in an upstream, and is not even read. */

static void
ngx_stream_thrift_warn_verify(ngx_conf_t *cf,
    ngx_stream_thrift_ssl_conf_t *conf, const char *name)
{
    ngx_stream_thrift_note_t  *note;

    if (ngx_stream_thrift_find_note(conf->notes, "thrift_ssl_verify")) {
        return;
    }

    note = ngx_stream_thrift_find_note(conf->notes, name);

    if (note) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"%V\" has no effect without \"thrift_ssl_verify on\" "
                      "in %s:%ui", &note->name, note->file_name, note->line);
    }
}


/* All that a context is made of? */

static ngx_uint_t
ngx_stream_thrift_ssl_inherits(ngx_stream_thrift_ssl_conf_t *conf)
{
    return conf->session_reuse == NGX_CONF_UNSET
           && conf->protocols == 0
           && conf->ciphers.data == NULL
           && conf->verify == NGX_CONF_UNSET
           && conf->verify_depth == NGX_CONF_UNSET_UINT
           && conf->trusted_certificate.data == NULL
           && conf->crl.data == NULL
           && conf->certificate == NGX_CONF_UNSET_PTR
           && conf->certificate_key == NGX_CONF_UNSET_PTR
           && conf->passwords == NGX_CONF_UNSET_PTR
           && conf->conf_commands == NGX_CONF_UNSET_PTR;
}


ngx_int_t
ngx_stream_thrift_set_ssl(ngx_conf_t *cf, ngx_stream_thrift_pool_t *pool)
{
    ngx_uint_t                     varies;
    ngx_thrift_ssl_t              *ssl;
    ngx_stream_thrift_ssl_conf_t  *conf;

    ssl = &pool->idle.ssl;
    conf = &pool->conf->ssl;

    if (!conf->enable) {
        return NGX_OK;
    }

    ssl->context = ngx_stream_thrift_ssl_context(cf, conf->same ? conf->same
                                                                : conf);
    if (ssl->context == NULL) {
        return NGX_ERROR;
    }

    if (pool->upstream && !conf->verify) {
        ngx_stream_thrift_warn_verify(cf, conf,
                                      "thrift_ssl_trusted_certificate");
        ngx_stream_thrift_warn_verify(cf, conf, "thrift_ssl_crl");
    }

    varies = ngx_stream_thrift_ssl_varies(pool);

    pool->varies |= varies;

    ssl->verify = conf->verify;
    ssl->server_name = conf->server_name;

    /* a session has the certificates that it began with */

    ssl->session_reuse = (conf->session_reuse && !varies);

#if (NGX_THRIFT_SSL_CACHE)
    ssl->cache = conf->cache;
#endif

    if (ngx_stream_thrift_ssl_chooses(conf)) {
        ssl->passwords = ngx_ssl_preserve_passwords(cf, conf->passwords);

        if (ssl->passwords == NULL) {
            return NGX_ERROR;
        }
    }

    return ngx_stream_thrift_ssl_set_name(cf, ssl, conf, &pool->idle.name);
}


static ngx_ssl_t *
ngx_stream_thrift_ssl_context(ngx_conf_t *cf,
    ngx_stream_thrift_ssl_conf_t *conf)
{
    ngx_ssl_t           *ssl;
    ngx_pool_cleanup_t  *cln;

    if (conf->context) {
        return conf->context;
    }

    ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    if (ssl == NULL) {
        return NULL;
    }

    ssl->log = cf->log;

    if (ngx_ssl_create(ssl, conf->protocols, NULL) != NGX_OK) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(ssl);
        return NULL;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = ssl;

    conf->context = ssl;

    return (ngx_stream_thrift_ssl_fill(cf, conf) == NGX_OK) ? ssl : NULL;
}


static ngx_int_t
ngx_stream_thrift_ssl_fill(ngx_conf_t *cf, ngx_stream_thrift_ssl_conf_t *conf)
{
    if (ngx_ssl_ciphers(cf, conf->context, &conf->ciphers, 0) != NGX_OK) {
        return ngx_stream_thrift_ssl_failed(cf, conf, "thrift_ssl_ciphers");
    }

    if (conf->certificate && conf->certificate->value.len
        && ngx_stream_thrift_ssl_set_certificate(cf, conf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (conf->verify && ngx_stream_thrift_ssl_set_verify(cf, conf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_ssl_client_session_cache(cf, conf->context, conf->session_reuse)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_ssl_conf_commands(cf, conf->context, conf->conf_commands)
        != NGX_OK)
    {
        return ngx_stream_thrift_ssl_failed(cf, conf,
                                            "thrift_ssl_conf_command");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_ssl_set_certificate(ngx_conf_t *cf,
    ngx_stream_thrift_ssl_conf_t *conf)
{
    ngx_stream_thrift_note_t  *note, *key;

    note = ngx_stream_thrift_ssl_find(conf, "thrift_ssl_certificate");

    if (conf->certificate_key == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no \"thrift_ssl_certificate_key\" is defined "
                      "for certificate \"%V\" in %s:%ui",
                      &conf->certificate->value, note->file_name, note->line);
        return NGX_ERROR;
    }

    if (ngx_stream_thrift_ssl_chooses(conf)) {
        return NGX_OK;
    }

    if (ngx_ssl_certificate(cf, conf->context, &conf->certificate->value,
                            &conf->certificate_key->value, conf->passwords)
        != NGX_OK)
    {
        key = ngx_stream_thrift_ssl_find(conf, "thrift_ssl_certificate_key");

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"thrift_ssl_certificate\" in %s:%ui with "
                      "\"thrift_ssl_certificate_key\" in %s:%ui failed",
                      note->file_name, note->line, key->file_name, key->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_ssl_set_verify(ngx_conf_t *cf,
    ngx_stream_thrift_ssl_conf_t *conf)
{
    ngx_stream_thrift_note_t  *note;

    if (conf->trusted_certificate.len == 0) {
        note = ngx_stream_thrift_ssl_find(conf, "thrift_ssl_verify");

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no \"thrift_ssl_trusted_certificate\" is defined for "
                      "\"thrift_ssl_verify\" in %s:%ui", note->file_name,
                      note->line);
        return NGX_ERROR;
    }

    if (ngx_ssl_trusted_certificate(cf, conf->context,
                                    &conf->trusted_certificate,
                                    conf->verify_depth)
        != NGX_OK)
    {
        return ngx_stream_thrift_ssl_failed(cf, conf,
                                            "thrift_ssl_trusted_certificate");
    }

    if (ngx_ssl_crl(cf, conf->context, &conf->crl) != NGX_OK) {
        return ngx_stream_thrift_ssl_failed(cf, conf, "thrift_ssl_crl");
    }

    return NGX_OK;
}


/* Of a directive that is in effect: its own, or the one that is inherited. */

static ngx_stream_thrift_note_t *
ngx_stream_thrift_ssl_find(ngx_stream_thrift_ssl_conf_t *conf,
    const char *name)
{
    ngx_stream_thrift_note_t  *note;

    note = ngx_stream_thrift_find_note(conf->notes, name);

    if (note == NULL && conf->outer) {
        note = ngx_stream_thrift_find_note(conf->outer->notes, name);
    }

    return note;
}


/* What is wrong was logged; this says where. */

static ngx_int_t
ngx_stream_thrift_ssl_failed(ngx_conf_t *cf,
    ngx_stream_thrift_ssl_conf_t *conf, const char *name)
{
    ngx_stream_thrift_note_t  *note;

    note = ngx_stream_thrift_ssl_find(conf, name);

    if (note) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"%V\" failed in %s:%ui",
                      &note->name, note->file_name, note->line);
    }

    return NGX_ERROR;
}


/* One that has variables is evaluated for each call. */

static ngx_int_t
ngx_stream_thrift_ssl_set_name(ngx_conf_t *cf, ngx_thrift_ssl_t *ssl,
    ngx_stream_thrift_ssl_conf_t *conf, ngx_str_t *host)
{
    ngx_str_t  name;

    if (conf->name && conf->name->lengths) {
        return NGX_OK;
    }

    name = conf->name ? conf->name->value : *host;

    ngx_stream_thrift_ssl_strip_port(&name);

    ssl->name.len = name.len;
    ssl->name.data = ngx_pnalloc(cf->pool, name.len + 1);

    if (ssl->name.data == NULL) {
        return NGX_ERROR;
    }

    *ngx_cpymem(ssl->name.data, name.data, name.len) = '\0';

    return NGX_OK;
}


/* Has the client's certificate variables? */

static ngx_uint_t
ngx_stream_thrift_ssl_chooses(ngx_stream_thrift_ssl_conf_t *conf)
{
    return conf->certificate && conf->certificate_key
           && (conf->certificate->lengths || conf->certificate_key->lengths);
}


/* Do its connections depend on calls? */

static ngx_uint_t
ngx_stream_thrift_ssl_varies(ngx_stream_thrift_pool_t *pool)
{
    ngx_stream_thrift_ssl_conf_t  *conf;

    conf = &pool->conf->ssl;

    return (conf->name ? conf->name->lengths != NULL : pool->upstream == NULL)
           || ngx_stream_thrift_ssl_chooses(conf);
}


ngx_int_t
ngx_stream_thrift_ssl_identify(ngx_thrift_attempt_t *attempt,
    ngx_thrift_identity_t *identity)
{
    ngx_stream_session_t          *s;
    ngx_stream_thrift_choice_t    *choice;
    ngx_stream_thrift_ssl_conf_t  *conf;

    choice = attempt->choice;
    s = ngx_stream_thrift_call_session(choice->call);
    conf = &ngx_stream_thrift_pool_of(attempt->pool)->conf->ssl;

    if (!conf->enable) {
        return NGX_OK;
    }

    identity->name = choice->upstream.ssl_name;

    if (conf->name
        && (ngx_stream_complex_value(s, conf->name, &identity->name) != NGX_OK
            || ngx_stream_thrift_ssl_refuse(attempt, "thrift_ssl_name",
                                            &identity->name)))
    {
        return NGX_ERROR;
    }

    ngx_stream_thrift_ssl_strip_port(&identity->name);

    if (!ngx_stream_thrift_ssl_chooses(conf)) {
        return NGX_OK;
    }

    if (ngx_stream_complex_value(s, conf->certificate, &identity->certificate)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* there is a 0 behind it in any case, and it may be counted */

    if (identity->certificate.len <= 1 && *identity->certificate.data == '\0') {
        identity->certificate.len = 0;
        return NGX_OK;
    }

    if (ngx_stream_thrift_ssl_refuse_file(attempt, "thrift_ssl_certificate",
                                          &identity->certificate)
        || ngx_stream_complex_value(s, conf->certificate_key,
                                    &identity->certificate_key)
           != NGX_OK
        || ngx_stream_thrift_ssl_refuse_file(attempt,
                                             "thrift_ssl_certificate_key",
                                             &identity->certificate_key))
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * What a client has sent may be a part of it: nginx itself would log the name
 * of a file as it is.  A certificate has lines, and is not logged.
 */

static ngx_uint_t
ngx_stream_thrift_ssl_refuse_file(ngx_thrift_attempt_t *attempt,
    const char *what, ngx_str_t *value)
{
    ngx_str_t  name;

    if (ngx_thrift_ssl_is_data(value)) {
        return 0;
    }

    /* its own 0 may be counted */

    name = *value;

    if (name.len && name.data[name.len - 1] == '\0') {
        name.len--;
    }

    return ngx_stream_thrift_ssl_refuse(attempt, what, &name);
}


static ngx_uint_t
ngx_stream_thrift_ssl_refuse(ngx_thrift_attempt_t *attempt, const char *what,
    ngx_str_t *value)
{
    u_char  shown[NGX_THRIFT_ESCAPE_SIZE], *last;

    if (!ngx_thrift_has_control(value->data, value->len)) {
        return 0;
    }

    last = ngx_thrift_escape(shown, shown + sizeof(shown), value->data,
                             value->len);

    ngx_thrift_pool_tell(attempt->pool, NGX_THRIFT_POOL_NAME,
                         attempt->call->log, 0,
                         "control character in %s \"%*s\"", what,
                         (size_t) (last - shown), shown);

    (void) ngx_thrift_error_set(attempt->call, NTHRIFT_EXC_INTERNAL_ERROR, 500,
                                "control character in upstream");

    return 1;
}


/* As that of an address in "proxy_pass" may have one. */

static void
ngx_stream_thrift_ssl_strip_port(ngx_str_t *name)
{
    u_char  *p, *last;

    p = name->data;
    last = p + name->len;

    if (name->len && *p == '[') {
        p = ngx_strlchr(p, last, ']');

        if (p == NULL) {
            p = name->data;
        }
    }

    p = name->len ? ngx_strlchr(p, last, ':') : NULL;

    if (p) {
        name->len = p - name->data;
    }
}

#endif
