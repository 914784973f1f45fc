/*
 * program.h: what the two sources of the program share that looks at
 * generated headers at run time: see t/nthrift_gen.t.
 */

#ifndef PROGRAM_H
#define PROGRAM_H

#include "nthrift_handler.h"


/* What the last reply, or call to an upstream, had. */

typedef struct {
    const nthrift_method_t  *method;
    union {
        char                 bytes[4096];
        long                 aligned;
    } value;
    nthrift_answer_pt        fn;
    void                    *data;
    int                      done;
} program_seen_t;


extern program_seen_t  program_seen;

/* A line of TAP. */
void program_ok(int passed, const char *name);

/* All methods of a service: tables that fit the structs, and fingerprints. */
void program_handler(const nthrift_handler_t *handler, unsigned methods);

/* That the struct at `value` becomes bytes, and again a struct. */
void *program_again(const nthrift_layout_t *layout, const void *value,
    unsigned protocol);

/* second.c */
void program_second(void);


#endif /* PROGRAM_H */
