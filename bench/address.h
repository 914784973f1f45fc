/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bench/address.h: what is called or listened on: "address:port" of IPv4, or
 * "unix:path".
 */

#ifndef BENCH_ADDRESS_H
#define BENCH_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>


#define ADDRESS_TEXT  (sizeof("unix:") + sizeof(struct sockaddr_un))


typedef struct {
    union {
        struct sockaddr     any;
        struct sockaddr_in  in;
        struct sockaddr_un  un;
    } u;
    socklen_t               len;
} address_t;


/* 0, or -1 if text is no address; port 0 is one. */

int address_parse(address_t *address, const char *text);

/* Writes it as it is parsed, with a zero byte. */

void address_print(const address_t *address, char text[ADDRESS_TEXT]);


#endif /* BENCH_ADDRESS_H */
