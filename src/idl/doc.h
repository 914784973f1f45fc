/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/doc.h: the text of a doc comment without its stars and indentation.
 */

#ifndef NTHRIFT_IDL_DOC_H
#define NTHRIFT_IDL_DOC_H

#include "base/arena.h"


/*
 * `raw` is what stands between the opening slash and stars and the closing
 * star and slash.  `doc` gets a copy from `arena`: its lines without carriage
 * returns, without the column of stars, without the indentation that all of
 * them share and without blanks at their ends; no empty line at the beginning
 * and the end, and no newline behind the last.  Empty for an empty `raw`.
 * NTHRIFT_ERROR: no memory.
 */
int nthrift_doc_clean(nthrift_arena_t *arena, const nthrift_str_t *raw,
    nthrift_str_t *doc);


#endif /* NTHRIFT_IDL_DOC_H */
