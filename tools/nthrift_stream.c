/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_stream.c: TLS with OpenSSL on sockets that do not block; without
 * TLS, what nthrift_socket.c does.
 */

#include "nthrift_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>


static int
stream_errno(nthrift_stream_t *s)
{
    snprintf(s->error, sizeof(s->error), "%s", strerror(errno));

    return -1;
}


int
nthrift_stream_open(nthrift_stream_t *s,
    const nthrift_socket_address_t *address, int64_t deadline)
{
    const char  *error;

    memset(s, 0, sizeof(nthrift_stream_t));

    s->deadline = deadline;

    /* OpenSSL writes without MSG_NOSIGNAL */

    signal(SIGPIPE, SIG_IGN);

    s->fd = nthrift_socket_connect(address, deadline, &error);

    if (s->fd == -1) {
        snprintf(s->error, sizeof(s->error), "%s", error);
    }

    return (s->fd < 0) ? s->fd : 0;
}


/* TLS */

/* What OpenSSL says is wrong, or `text`. */

static int
stream_fail(nthrift_stream_t *s, const char *text)
{
    long            verified;
    const char     *reason;
    unsigned long   code;

    verified = (s->ssl != NULL) ? SSL_get_verify_result(s->ssl) : X509_V_OK;
    code = ERR_peek_error();
    reason = (code != 0) ? ERR_reason_error_string(code) : NULL;

    if (verified != X509_V_OK && reason != NULL
        && strcmp(reason, "certificate verify failed") == 0)
    {
        snprintf(s->error, sizeof(s->error), "certificate not verified: %s",
                 X509_verify_cert_error_string(verified));

    } else {
        snprintf(s->error, sizeof(s->error), "%s",
                 (reason != NULL) ? reason : text);
    }

    ERR_clear_error();

    return -1;
}


/* Waits for what the last call of OpenSSL wants: 0 means once more. */

static int
stream_wait(nthrift_stream_t *s, int n)
{
    int  rc;

    switch (SSL_get_error(s->ssl, n)) {

    case SSL_ERROR_WANT_READ:
        rc = nthrift_socket_wait(s->fd, POLLIN, s->deadline);
        break;

    case SSL_ERROR_WANT_WRITE:
        rc = nthrift_socket_wait(s->fd, POLLOUT, s->deadline);
        break;

    case SSL_ERROR_SYSCALL:
        return (errno != 0 && ERR_peek_error() == 0)
               ? stream_errno(s) : stream_fail(s, "connection closed");

    default:
        return stream_fail(s, "TLS failed");
    }

    return (rc == -1) ? stream_errno(s) : rc;
}


static int
stream_trust(nthrift_stream_t *s, const nthrift_stream_tls_t *tls)
{
    if (tls->insecure) {
        return 0;
    }

    SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER, NULL);

    if (tls->ca == NULL) {
        (void) SSL_CTX_set_default_verify_paths(s->ctx);
        return 0;
    }

    if (SSL_CTX_load_verify_locations(s->ctx, tls->ca, NULL) != 1) {
        ERR_clear_error();
        snprintf(s->error, sizeof(s->error), "no certificates in %s", tls->ca);
        return -1;
    }

    return 0;
}


static int
stream_identity(nthrift_stream_t *s, const nthrift_stream_tls_t *tls)
{
    const char  *key;

    if (tls->cert == NULL) {
        return 0;
    }

    key = (tls->key != NULL) ? tls->key : tls->cert;

    if (SSL_CTX_use_certificate_chain_file(s->ctx, tls->cert) != 1) {
        ERR_clear_error();
        snprintf(s->error, sizeof(s->error), "no certificate in %s",
                 tls->cert);
        return -1;
    }

    if (SSL_CTX_use_PrivateKey_file(s->ctx, key, SSL_FILETYPE_PEM) != 1) {
        ERR_clear_error();
        snprintf(s->error, sizeof(s->error), "no key of the certificate in %s",
                 key);
        return -1;
    }

    return 0;
}


/* Whom the certificate must be for; an address is no name. */

static void
stream_name(nthrift_stream_t *s, const char *name)
{
    uint8_t  address[sizeof(struct in6_addr)];

    if (inet_pton(AF_INET, name, address) == 1
        || inet_pton(AF_INET6, name, address) == 1)
    {
        (void) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s->ssl), name);
        return;
    }

    (void) SSL_set_tlsext_host_name(s->ssl, name);
    (void) SSL_set1_host(s->ssl, name);
}


int
nthrift_stream_secure(nthrift_stream_t *s,
    const nthrift_socket_address_t *address, const nthrift_stream_tls_t *tls)
{
    int          n, rc;
    const char  *name;

    s->ctx = SSL_CTX_new(TLS_client_method());

    if (s->ctx == NULL) {
        return stream_fail(s, "no TLS");
    }

    if (stream_trust(s, tls) != 0 || stream_identity(s, tls) != 0) {
        return -1;
    }

    s->ssl = SSL_new(s->ctx);

    if (s->ssl == NULL || SSL_set_fd(s->ssl, s->fd) != 1) {
        return stream_fail(s, "no TLS");
    }

    name = (tls->name != NULL) ? tls->name
           : (address->port[0] != '\0') ? address->host : "localhost";

    stream_name(s, name);

    for ( ;; ) {
        errno = 0;
        n = SSL_connect(s->ssl);

        if (n == 1) {
            return 0;
        }

        rc = stream_wait(s, n);

        if (rc != 0) {
            return rc;
        }
    }
}


int
nthrift_stream_send(nthrift_stream_t *s, const uint8_t *data, size_t len)
{
    int     n, rc;
    size_t  sent;

    if (s->ssl == NULL) {
        rc = nthrift_socket_send(s->fd, data, len, s->deadline);
        return (rc == -1) ? stream_errno(s) : rc;
    }

    while (len != 0) {
        errno = 0;
        n = SSL_write_ex(s->ssl, data, len, &sent);

        if (n == 1) {
            data += sent;
            len -= sent;
            continue;
        }

        rc = stream_wait(s, n);

        if (rc != 0) {
            return rc;
        }
    }

    return 0;
}


ssize_t
nthrift_stream_receive(nthrift_stream_t *s, uint8_t *data, size_t size)
{
    int      n, rc;
    size_t   got;
    ssize_t  received;

    if (s->ssl == NULL) {
        received = nthrift_socket_receive(s->fd, data, size, s->deadline);
        return (received == -1) ? stream_errno(s) : received;
    }

    for ( ;; ) {
        errno = 0;
        n = SSL_read_ex(s->ssl, data, size, &got);

        if (n == 1) {
            return (ssize_t) got;
        }

        if (SSL_get_error(s->ssl, n) == SSL_ERROR_ZERO_RETURN) {
            return 0;
        }

        rc = stream_wait(s, n);

        if (rc != 0) {
            return rc;
        }
    }
}


void
nthrift_stream_close(nthrift_stream_t *s)
{
    if (s->ssl != NULL) {
        SSL_free(s->ssl);
        ERR_clear_error();
    }

    if (s->ctx != NULL) {
        SSL_CTX_free(s->ctx);
    }

    if (s->fd >= 0) {
        close(s->fd);
    }
}
