/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_screen.h: a report that is shown again and again: in a terminal each
 * in place of the one before, cut to its size, and with keys; else one behind
 * the other.
 */

#ifndef NTHRIFT_TOOL_SCREEN_H
#define NTHRIFT_TOOL_SCREEN_H

#include "base/base.h"

#include <stdio.h>
#include <termios.h>


#define NTHRIFT_SCREEN_END  -1          /* the user, or a signal, ends it */


typedef struct {
    int              tty;               /* standard output is a terminal */
    int              keys;              /* and standard input is one */
    int              plain;             /* lines behind each other, all the
                                           same */
    struct termios   before;
    FILE            *out;               /* what is shown next */
    char            *text;
    size_t           size;
} nthrift_screen_t;


/* Takes the terminal over, unless `plain`, until _close(). */
void nthrift_screen_open(nthrift_screen_t *s, unsigned plain);
void nthrift_screen_close(nthrift_screen_t *s);

/* What is printed to s->out between them is shown. */
void nthrift_screen_begin(nthrift_screen_t *s);
void nthrift_screen_show(nthrift_screen_t *s);

/*
 * Waits so long, or until a key is pressed, a signal comes, or there is
 * something to read from `fd` (-1: none).  Returns the key, 0, or
 * NTHRIFT_SCREEN_END for "q", Ctrl-C and SIGTERM.
 */
int nthrift_screen_wait(nthrift_screen_t *s, int msec, int fd);

/*
 * Prints a name of others, `width` columns, cut and without control bytes; or
 * at most -width columns, if that is negative.
 */
void nthrift_screen_name(nthrift_screen_t *s, const char *name, int width);


#endif /* NTHRIFT_TOOL_SCREEN_H */
