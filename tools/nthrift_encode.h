/*
 * nthrift_encode.h: the arguments of a call, from JSON to the bytes that the
 * IDL says.  What JSON stands for what is in docs/nthrift.md.
 */

#ifndef NTHRIFT_TOOL_ENCODE_H
#define NTHRIFT_TOOL_ENCODE_H

#include "nthrift_write.h"

#include "idl/model.h"

#include <jansson.h>


/*
 * Writes the body of a call of `method` with the arguments `json`: an object
 * by their names, or an array by their places.  Fields that are missing get
 * the defaults of the IDL; null leaves out a field with its default.
 *
 * Returns 0; or -1, and `error` says where and what is wrong, without more
 * than `size` bytes: "user.address.zip: number expected".
 */
int nthrift_encode_args(nthrift_write_t *w, const nthrift_idl_method_t *method,
    json_t *json, char *error, size_t size);


#endif /* NTHRIFT_TOOL_ENCODE_H */
