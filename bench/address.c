/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bench/address.c: addresses as text and as the kernel has them.
 */

#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define UNIX      "unix:"
#define UNIX_LEN  (sizeof(UNIX) - 1)


static int
parse_unix(struct sockaddr_un *un, const char *path)
{
    if (*path == '\0' || strlen(path) >= sizeof(un->sun_path)) {
        return -1;
    }

    un->sun_family = AF_UNIX;
    strcpy(un->sun_path, path);

    return 0;
}


static int
parse_inet(struct sockaddr_in *in, const char *text)
{
    char        *end, host[INET_ADDRSTRLEN];
    long         port;
    const char  *colon;

    colon = strrchr(text, ':');
    if (colon == NULL || colon - text >= INET_ADDRSTRLEN) {
        return -1;
    }

    memcpy(host, text, (size_t) (colon - text));
    host[colon - text] = '\0';

    port = strtol(colon + 1, &end, 10);

    if (colon[1] == '\0' || *end != '\0' || port < 0 || port > 65535
        || inet_pton(AF_INET, host, &in->sin_addr) != 1)
    {
        return -1;
    }

    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t) port);

    return 0;
}


int
address_parse(address_t *address, const char *text)
{
    memset(address, 0, sizeof(address_t));

    if (strncmp(text, UNIX, UNIX_LEN) == 0) {
        address->len = sizeof(struct sockaddr_un);
        return parse_unix(&address->u.un, text + UNIX_LEN);
    }

    address->len = sizeof(struct sockaddr_in);
    return parse_inet(&address->u.in, text);
}


void
address_print(const address_t *address, char text[ADDRESS_TEXT])
{
    char  host[INET_ADDRSTRLEN];

    if (address->u.any.sa_family == AF_UNIX) {
        snprintf(text, ADDRESS_TEXT, UNIX "%s", address->u.un.sun_path);
        return;
    }

    inet_ntop(AF_INET, &address->u.in.sin_addr, host, sizeof(host));
    snprintf(text, ADDRESS_TEXT, "%s:%d", host, ntohs(address->u.in.sin_port));
}
