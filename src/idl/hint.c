/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/hint.c: names that stand where no name can, and what their writers may
 * have meant: words of fbthrift, and of Thrift as it was once.
 */

#include "idl/parser.h"


typedef struct {
    nthrift_str_t   word;
    const char     *text;
} hint_t;


#define HINT_FBTHRIFT  "it is of fbthrift, not of Apache Thrift"
#define HINT_PROTOBUF  "it is of Protocol Buffers, not of Thrift"
#define HINT_SIGNED    "integers of Thrift are signed: use i32 or i64"


static const hint_t  hint_definitions[] = {
    { nthrift_string("package"),     HINT_FBTHRIFT },
    { nthrift_string("interaction"), HINT_FBTHRIFT },
    { nthrift_string("performs"),    HINT_FBTHRIFT },
    { nthrift_string("hs_include"),  HINT_FBTHRIFT },
    { nthrift_string("idempotent"),  HINT_FBTHRIFT },
    { nthrift_string("readonly"),    HINT_FBTHRIFT },
    { nthrift_string("stream"),      HINT_FBTHRIFT },
    { nthrift_string("sink"),        HINT_FBTHRIFT },
    { nthrift_string("safe"),        HINT_FBTHRIFT },
    { nthrift_string("transient"),   HINT_FBTHRIFT },
    { nthrift_string("stateful"),    HINT_FBTHRIFT },
    { nthrift_string("permanent"),   HINT_FBTHRIFT },
    { nthrift_string("client"),      HINT_FBTHRIFT },
    { nthrift_string("server"),      HINT_FBTHRIFT },
    { nthrift_string("as"),          HINT_FBTHRIFT },
    { nthrift_string("senum"),       "Thrift has no senum any more: use "
                                     "string" },
    { nthrift_string("cpp_namespace"),
                                     "write \"namespace cpp\" instead" },
    { nthrift_string("php_namespace"),
                                     "write \"namespace php\" instead" },
    { nthrift_string("py_module"),   "write \"namespace py\" instead" },
    { nthrift_string("perl_package"),
                                     "write \"namespace perl\" instead" },
    { nthrift_string("ruby_namespace"),
                                     "write \"namespace rb\" instead" },
    { nthrift_string("smalltalk_category"),
                                     "write \"namespace st\" instead" },
    { nthrift_string("smalltalk_prefix"),
                                     "write \"namespace st\" instead" },
    { nthrift_string("java_package"),
                                     "write \"namespace java\" instead" },
    { nthrift_string("cocoa_prefix"),
                                     "write \"namespace cocoa\" instead" },
    { nthrift_string("csharp_namespace"),
                                     "write \"namespace netstd\" instead" },
    { nthrift_string("delphi_namespace"),
                                     "write \"namespace delphi\" instead" },
    { nthrift_string("xsd_namespace"),
                                     "write \"namespace xsd\" instead" }
};


/* Words of other languages, at the beginning of a definition only. */

static const hint_t  hint_foreign[] = {
    { nthrift_string("message"),     HINT_PROTOBUF },
    { nthrift_string("syntax"),      HINT_PROTOBUF },
    { nthrift_string("import"),      "write \"include\" instead" },
    { nthrift_string("class"),       "write \"struct\" instead" },
    { nthrift_string("type"),        "write \"struct\" instead" },
    { nthrift_string("interface"),   "write \"service\" instead" },
    { nthrift_string("error"),       "write \"exception\" instead" }
};


static const hint_t  hint_types[] = {
    { nthrift_string("slist"),       "Thrift has no slist any more: use "
                                     "string" },
    { nthrift_string("float"),       HINT_FBTHRIFT },
    { nthrift_string("int"),         "use i32" },
    { nthrift_string("short"),       "use i16" },
    { nthrift_string("long"),        "use i64" },
    { nthrift_string("int8"),        "use i8" },
    { nthrift_string("int16"),       "use i16" },
    { nthrift_string("int32"),       "use i32" },
    { nthrift_string("int64"),       "use i64" },
    { nthrift_string("uint32"),      HINT_SIGNED },
    { nthrift_string("uint64"),      HINT_SIGNED },
    { nthrift_string("u32"),         HINT_SIGNED },
    { nthrift_string("u64"),         HINT_SIGNED },
    { nthrift_string("bytes"),       "use binary" },
    { nthrift_string("str"),         "use string" },
    { nthrift_string("boolean"),     "use bool" },
    { nthrift_string("array"),       "use list" },
    { nthrift_string("object"),      "use the name of a struct" }
};


static const char *
hint_find(const hint_t *hints, size_t n, const nthrift_str_t *name)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (nthrift_str_equal(&hints[i].word, name)) {
            return hints[i].text;
        }
    }

    return NULL;
}


const char *
nthrift_hint_definition(const nthrift_str_t *name)
{
    return hint_find(hint_definitions,
                     sizeof(hint_definitions) / sizeof(hint_definitions[0]),
                     name);
}


const char *
nthrift_hint_foreign(const nthrift_str_t *name)
{
    return hint_find(hint_foreign,
                     sizeof(hint_foreign) / sizeof(hint_foreign[0]), name);
}


const char *
nthrift_hint_type(const nthrift_str_t *name)
{
    return hint_find(hint_types, sizeof(hint_types) / sizeof(hint_types[0]),
                     name);
}
