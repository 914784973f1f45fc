/*
 * nthrift_write.c: where the arguments of a call are written to.
 */

#include "nthrift_write.h"

#include <stdlib.h>


static uint8_t *
write_realloc(void *owner, uint8_t *data, size_t len, size_t *size)
{
    (void) owner;
    (void) len;

    return realloc(data, *size);
}


void
nthrift_write_open(nthrift_write_t *w, unsigned protocol, size_t max)
{
    nthrift_write_init(w, protocol, NULL, 0, max, write_realloc, NULL);
}


void
nthrift_write_close(nthrift_write_t *w)
{
    free(w->data);
    w->data = NULL;
}


const char *
nthrift_write_error(const nthrift_write_t *w)
{
    if (w->error == nthrift_write_too_large) {
        return "the arguments are larger than --max-size allows";
    }

    return (w->error == nthrift_write_no_memory) ? "not enough memory"
                                                 : w->error;
}
