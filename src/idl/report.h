/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/report.h: what is wrong with the files, as file, line, column and one
 * plain sentence.
 */

#ifndef NTHRIFT_IDL_REPORT_H
#define NTHRIFT_IDL_REPORT_H

#include "idl/model.h"


/* Bytes of a message; a longer one is cut. */

#define NTHRIFT_REPORT_TEXT   1024

/* Bytes of a name or a token that a message quotes. */

#define NTHRIFT_REPORT_QUOTE  64

/*
 * For "%.*s": as much of a string as a message quotes.
 */

#define nthrift_report_str(s)                                                 \
    (int) ((s)->len < NTHRIFT_REPORT_QUOTE ? (s)->len : NTHRIFT_REPORT_QUOTE),\
    (const char *) (s)->data

/*
 * The end of a message, and its arguments: ' (did you mean "x"?)', or
 * nothing if `best` (an nthrift_str_t *) is NULL.
 */

#define NTHRIFT_REPORT_MEAN  "%s%.*s%s"

#define nthrift_report_mean(best)                                             \
    (best) != NULL ? " (did you mean \"" : "",                                \
    (best) != NULL ? (int) (best)->len : 0,                                   \
    (best) != NULL ? (const char *) (best)->data : "",                        \
    (best) != NULL ? "\"?)" : ""


typedef enum {
    NTHRIFT_REPORT_ERROR = 0,
    NTHRIFT_REPORT_WARNING
} nthrift_report_e;

typedef struct nthrift_report_entry_s  nthrift_report_entry_t;

struct nthrift_report_entry_s {
    nthrift_report_entry_t       *next;
    nthrift_report_e              kind;
    const nthrift_idl_program_t  *program;  /* the file */
    nthrift_idl_pos_t             pos;      /* line 0: of the whole file */

    /*
     * Lower case, no full stop, printable ASCII: whatever else a file has is
     * written as \xNN.  Terminated by a 0 byte that the length does not count.
     */
    nthrift_str_t                 text;
};

typedef struct {
    nthrift_arena_t         *arena;
    nthrift_report_entry_t  *first;     /* by file as met, line, column */
    uint32_t                 errors;    /* found, also beyond the maximum */
    uint32_t                 warnings;
    uint32_t                 max_errors;    /* that are kept */
    uint32_t                 max_warnings;
    unsigned                 no_memory:1;   /* something could not be done */
} nthrift_report_t;


/*
 * Adds an error at `pos` of `program`, a sentence made as by printf().
 * Always returns NTHRIFT_ERROR, for "return nthrift_report_error(...)".
 */
int nthrift_report_error(nthrift_report_t *report,
    const nthrift_idl_program_t *program, nthrift_idl_pos_t pos,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for what Apache's compiler warns about, too. */
void nthrift_report_warning(nthrift_report_t *report,
    const nthrift_idl_program_t *program, nthrift_idl_pos_t pos,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Notes that memory is short; returns NTHRIFT_ERROR. */
int nthrift_report_memory(nthrift_report_t *report);

/* 1 if another error would be kept: worth the search for a better text. */
int nthrift_report_room(const nthrift_report_t *report);


#endif /* NTHRIFT_IDL_REPORT_H */
