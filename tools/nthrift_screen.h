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
    char             sort;              /* 'c'alls, 'e'rrors, 't'ime, 'n'ame */
    int              paused;            /* it stays as it is */
    FILE            *out;               /* what is shown next */
    char            *text;
    size_t           size;
} nthrift_screen_t;


/*
 * Takes the terminal over, unless `plain`, until _close().  `sort` is a word of
 * --sort that nthrift_screen_check() has found right, or NULL: "calls".
 */
int nthrift_screen_check(const char *sort);
void nthrift_screen_open(nthrift_screen_t *s, unsigned plain,
    const char *sort);
void nthrift_screen_close(nthrift_screen_t *s);

/* Of the terminal; 0: it is none. */
size_t nthrift_screen_columns(const nthrift_screen_t *s);

/* What is printed to s->out between them is shown. */
void nthrift_screen_begin(nthrift_screen_t *s);
void nthrift_screen_show(nthrift_screen_t *s);

/*
 * Waits so long, or until a key is pressed, a signal comes, or there is
 * something to read from `fd` (-1: none).  Returns the key, 0, or
 * NTHRIFT_SCREEN_END for "q", Ctrl-C and SIGTERM.
 */
int nthrift_screen_wait(nthrift_screen_t *s, int msec, int fd);

/* Takes a key that sorts, or stops and goes on; ignores others. */
void nthrift_screen_key(nthrift_screen_t *s, int key);

/*
 * Prints a name of others, `width` columns, cut and without control bytes; or
 * at most -width columns, if that is negative.
 */
void nthrift_screen_name(nthrift_screen_t *s, const char *name, int width);


#endif /* NTHRIFT_TOOL_SCREEN_H */
