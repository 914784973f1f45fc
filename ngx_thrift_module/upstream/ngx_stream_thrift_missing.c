/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Upstreams that a directive names and nobody defines.  nginx only says that
 * such a name has no port; here the nearest upstream is named, too.  Until
 * upstream{} comes, the function that nginx calls to initialize the upstream
 * is ours; balancers find it unset.  And servers whose path is that of
 * something else than a socket.
 */

#include "ngx_stream_thrift.h"


static ngx_int_t ngx_stream_thrift_no_upstream(ngx_conf_t *cf,
    ngx_stream_upstream_srv_conf_t *us);


void
ngx_stream_thrift_expect_upstream(ngx_stream_upstream_srv_conf_t *us)
{
    if (us->servers == NULL && us->port == 0
        && !(us->flags & NGX_STREAM_UPSTREAM_CREATE)
        && us->peer.init_upstream == NULL)
    {
        us->peer.init_upstream = ngx_stream_thrift_no_upstream;
    }
}


void
ngx_stream_thrift_meet_upstream(ngx_conf_t *cf)
{
    ngx_str_t                         *value;
    ngx_uint_t                         i;
    ngx_stream_upstream_srv_conf_t   **us;
    ngx_stream_upstream_main_conf_t   *umcf;

    value = cf->args->elts;

    if (cf->args->nelts != 2 || ngx_strcmp(value[0].data, "upstream") != 0) {
        return;
    }

    umcf = ngx_stream_conf_get_module_main_conf(cf,
                                                ngx_stream_upstream_module);
    us = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {
        if (us[i]->host.len == value[1].len
            && ngx_strncasecmp(us[i]->host.data, value[1].data, value[1].len)
               == 0
            && us[i]->peer.init_upstream == ngx_stream_thrift_no_upstream)
        {
            us[i]->peer.init_upstream = NULL;
        }
    }
}


static ngx_int_t
ngx_stream_thrift_no_upstream(ngx_conf_t *cf,
    ngx_stream_upstream_srv_conf_t *us)
{
    ngx_uint_t                         i;
    nthrift_str_t                      wrong, *name;
    nthrift_suggest_t                  suggest;
    ngx_stream_upstream_srv_conf_t   **other;
    ngx_stream_upstream_main_conf_t   *umcf;

    umcf = ngx_stream_conf_get_module_main_conf(cf,
                                                ngx_stream_upstream_module);
    other = umcf->upstreams.elts;

    name = ngx_palloc(cf->temp_pool,
                      umcf->upstreams.nelts * sizeof(nthrift_str_t));
    if (name == NULL) {
        return NGX_ERROR;
    }

    wrong.len = us->host.len;
    wrong.data = us->host.data;

    nthrift_suggest_init(&suggest, &wrong);

    for (i = 0; i < umcf->upstreams.nelts; i++) {
        if (other[i]->flags & NGX_STREAM_UPSTREAM_CREATE) {
            name[i].len = other[i]->host.len;
            name[i].data = other[i]->host.data;

            nthrift_suggest_try(&suggest, &name[i]);
        }
    }

    if (suggest.best) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no upstream \"%V\" is defined (did you mean \"%*s\"?) "
                      "in %s:%ui", &us->host, suggest.best->len,
                      suggest.best->data, us->file_name, us->line);

    } else {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no upstream \"%V\" is defined, and an address has a "
                      "port in %s:%ui", &us->host, us->file_name, us->line);
    }

    return NGX_ERROR;
}


void
ngx_stream_thrift_warn_paths(ngx_conf_t *cf,
    ngx_stream_upstream_srv_conf_t *us)
{
#if (NGX_HAVE_UNIX_DOMAIN)

    ngx_uint_t                     i;
    ngx_file_info_t                fi;
    struct sockaddr_un            *saun;
    ngx_stream_upstream_server_t  *server;

    server = us->servers ? us->servers->elts : NULL;

    for (i = 0; us->servers && i < us->servers->nelts; i++) {

        if (server[i].naddrs == 0
            || server[i].addrs[0].sockaddr->sa_family != AF_UNIX)
        {
            continue;
        }

        saun = (struct sockaddr_un *) server[i].addrs[0].sockaddr;

        if (ngx_file_info(saun->sun_path, &fi) != NGX_FILE_ERROR
            && !S_ISSOCK(fi.st_mode))
        {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "server \"unix:%s\" in upstream \"%V\" is no socket "
                          "in %s:%ui", saun->sun_path, &us->host,
                          us->file_name, us->line);
        }
    }

#endif
}
