/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_spark.h: the last minutes of a row of "thrift_status json", as small
 * charts of one line.  docs/status.md has the schema of samples.
 */

#ifndef NTHRIFT_TOOL_SPARK_H
#define NTHRIFT_TOOL_SPARK_H

#include <jansson.h>
#include <stdio.h>


#define NTHRIFT_SPARK_MIN  8            /* columns of a chart ... */
#define NTHRIFT_SPARK_MAX  30           /* ... as many as there are samples */


/*
 * The columns that each of two charts has behind `used` others of a line, with
 * a blank before each; 0: there is no room.
 */
size_t nthrift_spark_width(size_t columns, size_t used);

/* Prints what stands above them. */
void nthrift_spark_head(FILE *out, size_t width);

/*
 * Prints the rate of calls and the time that 99 % of them took at most, as
 * `history` of a row and that of the report have them, the newest at the right.
 * Each chart is as high as its largest value; nothing was called: blanks.
 */
void nthrift_spark_row(FILE *out, size_t width, const json_t *row,
    const json_t *report);


#endif /* NTHRIFT_TOOL_SPARK_H */
