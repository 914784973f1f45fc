/*
 * nthrift_default.h: what a field has when nothing is said of it.
 */

#ifndef NTHRIFT_TOOL_DEFAULT_H
#define NTHRIFT_TOOL_DEFAULT_H

#include "idl/model.h"

#include <jansson.h>


/*
 * A value of the IDL as the JSON that a caller could have given for a field
 * of that type; the caller owns it.  Names of constants are replaced by what
 * they stand for.  Strings are as in the IDL, UTF-8 or not.
 */
json_t *nthrift_default_json(const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value);


#endif /* NTHRIFT_TOOL_DEFAULT_H */
