/*
 * nthrift_write.h: the writer of bind/write.h, with memory of malloc()'s.  For
 * nthrift_encode.c, which knows what has to be written.
 */

#ifndef NTHRIFT_TOOL_WRITE_H
#define NTHRIFT_TOOL_WRITE_H

#include "bind/write.h"


/* What is opened is closed, whatever became of it. */

void nthrift_write_open(nthrift_write_t *w, unsigned protocol, size_t max);
void nthrift_write_close(nthrift_write_t *w);

/* w->error for whoever has typed the arguments. */

const char *nthrift_write_error(const nthrift_write_t *w);


#endif /* NTHRIFT_TOOL_WRITE_H */
