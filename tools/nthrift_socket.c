/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_socket.c: connecting, sending and receiving, for nthrift_exchange.c.
 * Sockets do not block; whoever waits does so in poll(), until the deadline.
 */

#include "nthrift_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>


#define SOCKET_MAX_PORT  65535


int64_t
nthrift_socket_time(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


static const char *
socket_parse_unix(nthrift_socket_address_t *address, const char *path)
{
    if (path[0] == '\0') {
        return "the path is missing";
    }

    if (strlen(path) >= sizeof(((struct sockaddr_un *) NULL)->sun_path)) {
        return "the path is too long";
    }

    strcpy(address->host, path);

    return NULL;
}


static int
socket_is_port(const char *text)
{
    size_t  len;

    len = strlen(text);

    return len != 0 && len <= 5 && strspn(text, "0123456789") == len
           && atoi(text) != 0 && atoi(text) <= SOCKET_MAX_PORT;
}


const char *
nthrift_socket_parse(nthrift_socket_address_t *address, const char *text)
{
    size_t       len;
    const char  *colon;

    memset(address, 0, sizeof(nthrift_socket_address_t));

    if (strncmp(text, "unix:", 5) == 0) {
        return socket_parse_unix(address, text + 5);
    }

    colon = strrchr(text, ':');

    if (strncmp(text, "http:", 5) == 0 || strncmp(text, "https:", 6) == 0) {
        return "http://HOST[:PORT]/path expected, or https://";
    }

    if (strstr(text, "://") != NULL) {
        return "HOST:PORT expected, http:// or https://";
    }

    if (colon == NULL || strchr(colon, ']') != NULL) {
        return "HOST:PORT, [HOST]:PORT or unix:PATH expected";
    }

    if (!socket_is_port(colon + 1)) {
        return (strchr(colon, '/') != NULL)
               ? "a path is possible behind http://HOST:PORT only"
               : "the port must be a number from 1 to 65535";
    }

    len = (size_t) (colon - text);

    if (text[0] == '[' && len > 2 && text[len - 1] == ']') {
        text++;
        len -= 2;

    } else if (memchr(text, ':', len) != NULL) {
        return "an IPv6 address must be in brackets";
    }

    if (len == 0 || len >= sizeof(address->host)) {
        return (len == 0) ? "the host is missing" : "the host is too long";
    }

    memcpy(address->host, text, len);
    strcpy(address->port, colon + 1);

    return NULL;
}


int
nthrift_socket_wait(int fd, short events, int64_t deadline)
{
    int            n;
    int64_t        left;
    struct pollfd  pfd;

    pfd.fd = fd;
    pfd.events = events;

    for ( ;; ) {
        left = deadline - nthrift_socket_time();

        if (left <= 0) {
            return NTHRIFT_SOCKET_LATE;
        }

        left = left / 1000 + 1;
        n = poll(&pfd, 1, (left < INT_MAX) ? (int) left : INT_MAX);

        if (n > 0) {
            return 0;
        }

        if (n < 0 && errno != EINTR) {
            return -1;
        }
    }
}


static int
socket_finish_connect(int fd, int64_t deadline)
{
    int        rc, error;
    socklen_t  len;

    rc = nthrift_socket_wait(fd, POLLOUT, deadline);

    if (rc != 0) {
        return rc;
    }

    error = 0;
    len = sizeof(error);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        return -1;
    }

    errno = error;

    return (error == 0) ? 0 : -1;
}


/* One address: a socket, -1 with errno set, or NTHRIFT_SOCKET_LATE. */

static int
socket_open(const struct sockaddr *sa, socklen_t len, int64_t deadline)
{
    int  fd, rc, on, error;

    fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        return -1;
    }

    on = 1;

    if (sa->sa_family != AF_UNIX) {
        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }

    rc = connect(fd, sa, len);

    if (rc != 0 && errno == EINPROGRESS) {
        rc = socket_finish_connect(fd, deadline);
    }

    if (rc == 0) {
        return fd;
    }

    error = errno;
    close(fd);
    errno = error;

    return rc;
}


/* Is there something else than a socket? */

static int
socket_is_other(const char *path)
{
    struct stat  st;

    return stat(path, &st) == 0 && !S_ISSOCK(st.st_mode);
}


static int
socket_connect_unix(const char *path, int64_t deadline, const char **error)
{
    int                 fd;
    struct sockaddr_un  sun;

    memset(&sun, 0, sizeof(sun));

    sun.sun_family = AF_UNIX;
    strcpy(sun.sun_path, path);

    fd = socket_open((struct sockaddr *) &sun, sizeof(sun), deadline);

    if (fd == -1) {
        *error = (errno == ECONNREFUSED && socket_is_other(path))
                 ? "is no socket" : strerror(errno);
    }

    return fd;
}


int
nthrift_socket_connect(const nthrift_socket_address_t *address,
    int64_t deadline, const char **error)
{
    int               fd, rc;
    struct addrinfo   hints, *list, *ai;

    if (address->port[0] == '\0') {
        return socket_connect_unix(address->host, deadline, error);
    }

    memset(&hints, 0, sizeof(hints));

    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;

    rc = getaddrinfo(address->host, address->port, &hints, &list);

    if (rc != 0) {
        *error = gai_strerror(rc);
        return -1;
    }

    fd = -1;
    errno = EADDRNOTAVAIL;

    for (ai = list; ai != NULL && fd == -1; ai = ai->ai_next) {
        fd = socket_open(ai->ai_addr, ai->ai_addrlen, deadline);
    }

    if (fd == -1) {
        *error = strerror(errno);
    }

    freeaddrinfo(list);

    return fd;
}


int
nthrift_socket_send(int fd, const uint8_t *data, size_t len, int64_t deadline)
{
    int      rc;
    ssize_t  n;

    while (len != 0) {
        n = send(fd, data, len, MSG_NOSIGNAL);

        if (n >= 0) {
            data += n;
            len -= (size_t) n;
            continue;
        }

        if (errno == EINTR) {
            continue;
        }

        if (errno != EAGAIN) {
            return -1;
        }

        rc = nthrift_socket_wait(fd, POLLOUT, deadline);

        if (rc != 0) {
            return rc;
        }
    }

    return 0;
}


ssize_t
nthrift_socket_receive(int fd, uint8_t *data, size_t size, int64_t deadline)
{
    int      rc;
    ssize_t  n;

    for ( ;; ) {
        n = recv(fd, data, size, 0);

        if (n >= 0) {
            return n;
        }

        if (errno == EINTR) {
            continue;
        }

        if (errno != EAGAIN) {
            return -1;
        }

        rc = nthrift_socket_wait(fd, POLLIN, deadline);

        if (rc != 0) {
            return rc;
        }
    }
}
