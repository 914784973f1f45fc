/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_option.h: the command line of one command, by a table of its
 * options.  What is wrong with it is said, with what may have been meant.
 */

#ifndef NTHRIFT_TOOL_OPTION_H
#define NTHRIFT_TOOL_OPTION_H

#include "base/base.h"


typedef enum {
    NTHRIFT_OPTION_SET = 0,     /* unsigned: becomes `min` */
    NTHRIFT_OPTION_COUNT,       /* unsigned: one more each time */
    NTHRIFT_OPTION_TEXT,        /* char * */
    NTHRIFT_OPTION_LIST,        /* nthrift_option_list_t: each time one more */
    NTHRIFT_OPTION_NUMBER,      /* long long, from `min` to `max` */
    NTHRIFT_OPTION_SECONDS      /* double, 0.001 and more */
} nthrift_option_e;

typedef struct {
    const char         *name;   /* "--idl", "-I"; NULL ends the table */
    nthrift_option_e    kind;
    void               *value;
    long long           min;
    long long           max;
} nthrift_option_t;

typedef struct {
    nthrift_str_t      *items;  /* as many as the command line has words */
    size_t              n;
} nthrift_option_list_t;


/*
 * Reads argv[2] and what follows: options come before or behind the words,
 * "--" ends them, "--name=value" and "--name value" are the same, as are
 * "-Idir" and "-I dir".  At most `max` words are taken; the others are NULL.
 * Returns their number; or -1, and what is wrong is printed.
 */
int nthrift_option_parse(const nthrift_option_t *options, int argc,
    char **argv, char **words, int max);

/* A list for nthrift_option_parse(); memory to be freed with free(). */
void nthrift_option_list(nthrift_option_list_t *list, int argc);


#endif /* NTHRIFT_TOOL_OPTION_H */
