
/*
 * SHA-256, for a policy that names what a page may run by its hash: nginx has
 * none of its own where it is built without OpenSSL.
 *
 * Source: FIPS 180-4.
 */

#ifndef _NGX_HTTP_THRIFT_SHA256_H_INCLUDED_
#define _NGX_HTTP_THRIFT_SHA256_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_THRIFT_SHA256  32      /* bytes */


void ngx_http_thrift_sha256(const u_char *data, size_t len, u_char *hash);


#endif /* _NGX_HTTP_THRIFT_SHA256_H_INCLUDED_ */
