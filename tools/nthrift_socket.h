/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_socket.h: a connection on which nothing waits longer than until its
 * deadline.
 */

#ifndef NTHRIFT_TOOL_SOCKET_H
#define NTHRIFT_TOOL_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>


#define NTHRIFT_SOCKET_HOST  256        /* bytes: of a host's name */

#define NTHRIFT_SOCKET_LATE  -2         /* the deadline is over */


typedef struct {
    char            host[NTHRIFT_SOCKET_HOST];      /* or the path ... */
    char            port[8];                        /* ... and empty */
} nthrift_socket_address_t;


/* Microseconds since some time in the past. */
int64_t nthrift_socket_time(void);

/*
 * Reads HOST:PORT, [HOST]:PORT or unix:PATH.  Returns NULL, or what is wrong.
 */
const char *nthrift_socket_parse(nthrift_socket_address_t *address,
    const char *text);

/*
 * Connects to the first address of the host that answers.  Returns a socket,
 * -1 and `*error` (a constant, or strerror()'s), or NTHRIFT_SOCKET_LATE.
 * Looking up the name takes as long as the system lets it.
 */
int nthrift_socket_connect(const nthrift_socket_address_t *address,
    int64_t deadline, const char **error);

/*
 * Waits until the socket is ready for POLLIN or POLLOUT:
 * 0; -1 with errno set; NTHRIFT_SOCKET_LATE.
 */
int nthrift_socket_wait(int fd, short events, int64_t deadline);

/* Sends all of it.  0; -1 with errno set; NTHRIFT_SOCKET_LATE. */
int nthrift_socket_send(int fd, const uint8_t *data, size_t len,
    int64_t deadline);

/*
 * Receives what is there, waiting for the first of it.  Returns the bytes,
 * 0 at the end; -1 with errno set; NTHRIFT_SOCKET_LATE.
 */
ssize_t nthrift_socket_receive(int fd, uint8_t *data, size_t size,
    int64_t deadline);


#endif /* NTHRIFT_TOOL_SOCKET_H */
