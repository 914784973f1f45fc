/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl_gen.h: text of the IDL made by chance, for idl_fuzz.c and
 * compat_fuzz.c: definitions, files, and mutations of whole tokens.  The names
 * are few, so that they meet.
 */

#ifndef IDL_GEN_H
#define IDL_GEN_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>


#define FUZZ_OUT     4096       /* bytes: a generated text */
#define FUZZ_DEPTH   4          /* of generated types, values */


typedef struct {
    uint64_t     state;
    char         buf[FUZZ_OUT];
    size_t       len;
} fuzz_gen_t;


size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);


static uint32_t
gen_random(fuzz_gen_t *g, uint32_t n)
{
    g->state = g->state * 6364136223846793005u + 1442695040888963407u;

    return (uint32_t) (g->state >> 33) % n;
}


static void
gen_put(fuzz_gen_t *g, const char *format, ...)
{
    int      n;
    va_list  args;

    va_start(args, format);
    n = vsnprintf(g->buf + g->len, FUZZ_OUT - g->len, format, args);
    va_end(args);

    if (n > 0 && (size_t) n < FUZZ_OUT - g->len) {
        g->len += (size_t) n;
    }
}


static const char *
gen_pick(fuzz_gen_t *g, const char *const *words, size_t n)
{
    return words[gen_random(g, (uint32_t) n)];
}

#define gen_one_of(g, words)                                                  \
    gen_pick(g, words, sizeof(words) / sizeof((words)[0]))


static const char *const  gen_names[] = {
    "A", "B", "C", "D", "E", "F", "G", "H", "a", "b", "c", "ab", "success"
};

static const char *const  gen_prefixes[] = {
    "", "", "", "", "x.", "y.", "y.z.", "main.", "x.A.", "A.", "B."
};

static const char *const  gen_files[] = {
    "x.thrift", "y.thrift", "d/x.thrift", "d/y.z.thrift", "e/x.thrift", "/x"
};

static const char *const  gen_includes[] = {
    "x.thrift", "y.thrift", "d/x.thrift", "y.z.thrift", "e/x.thrift", "/x",
    "main.thrift"
};

static const char *const  gen_base[] = {
    "bool", "byte", "i8", "i16", "i32", "i64", "double", "string", "binary",
    "uuid"
};

static const char *const  gen_scalars[] = {
    "1", "0", "-1", "true", "false", "0x7f", "300", "1.5", "-.5e3", "1e400",
    "'s'", "\"\\\"\\n\"", "9223372036854775807", "-9223372036854775808",
    "\"12345678-1234-1234-1234-123456789abc\"", "[]", "{}"
};

static const char *const  gen_tokens[] = {
    "{", "}", "(", ")", "<", ">", "[", "]", ",", ";", ":", "=", "*", "&",
    "\n", "/** doc\n * more */", "// x\n", "# x\n", "/*", "'", "\"", "\\",
    "required", "optional", "oneway", "async", "void", "throws", "extends",
    "xsd_all", "xsd_optional", "xsd_nillable", "xsd_attrs { i32 a }",
    "cpp_type 'x'", "list<", "map<", "set<", "(a = 'b')", "( a, b='' )",
    "\xef\xbb\xbf", "\r\n", "@", "\n//// x.thrift\n", "\n//// y.thrift\n",
    "include 'x.thrift'\n", "include \"y.thrift\"\n", "namespace * a\n",
    "namespace cpp a.b\n", "cpp_include 'x'\n"
};


static void
gen_type(fuzz_gen_t *g, unsigned depth)
{
    switch (gen_random(g, (depth < FUZZ_DEPTH) ? 8 : 5)) {

    case 5:
        gen_put(g, "list<");
        gen_type(g, depth + 1);
        gen_put(g, ">");
        break;

    case 6:
        gen_put(g, "set<");
        gen_type(g, depth + 1);
        gen_put(g, ">");
        break;

    case 7:
        gen_put(g, "map<");
        gen_type(g, depth + 1);
        gen_put(g, ",");
        gen_type(g, depth + 1);
        gen_put(g, ">");
        break;

    case 4:
    case 3:
        gen_put(g, "%s%s", gen_one_of(g, gen_prefixes),
                gen_one_of(g, gen_names));
        break;

    default:
        gen_put(g, "%s", gen_one_of(g, gen_base));
        break;
    }
}


static void
gen_value(fuzz_gen_t *g, unsigned depth)
{
    uint32_t  n;

    switch (gen_random(g, (depth < FUZZ_DEPTH) ? 8 : 5)) {

    case 5:
    case 6:
        gen_put(g, "[");

        for (n = gen_random(g, 4); n > 0; n--) {
            gen_value(g, depth + 1);
            gen_put(g, ", ");
        }

        gen_put(g, "]");
        break;

    case 7:
        gen_put(g, "{");

        for (n = gen_random(g, 4); n > 0; n--) {
            if (gen_random(g, 2)) {
                gen_put(g, "'%s'", gen_one_of(g, gen_names));

            } else {
                gen_value(g, depth + 1);
            }

            gen_put(g, ": ");
            gen_value(g, depth + 1);
            gen_put(g, ", ");
        }

        gen_put(g, "}");
        break;

    case 3:
    case 4:
        gen_put(g, "%s%s", gen_one_of(g, gen_prefixes),
                gen_one_of(g, gen_names));
        break;

    default:
        gen_put(g, "%s", gen_one_of(g, gen_scalars));
        break;
    }
}


static void
gen_fields(fuzz_gen_t *g, const char *open, const char *close)
{
    uint32_t  n;

    gen_put(g, "%s", open);

    for (n = gen_random(g, 5); n > 0; n--) {
        if (gen_random(g, 4) != 0) {
            gen_put(g, "%d: ", (int) gen_random(g, 12) - 1);
        }

        if (gen_random(g, 4) == 0) {
            gen_put(g, gen_random(g, 2) ? "required " : "optional ");
        }

        gen_type(g, 0);
        gen_put(g, " %s", gen_one_of(g, gen_names));

        if (gen_random(g, 3) == 0) {
            gen_put(g, " = ");
            gen_value(g, 0);
        }

        gen_put(g, "%s", gen_random(g, 4) ? ", " : " ");
    }

    gen_put(g, "%s", close);
}


static void
gen_service(fuzz_gen_t *g)
{
    uint32_t  n;

    gen_put(g, "service %s ", gen_one_of(g, gen_names));

    if (gen_random(g, 2)) {
        gen_put(g, "extends %s%s ", gen_one_of(g, gen_prefixes),
                gen_one_of(g, gen_names));
    }

    gen_put(g, "{ ");

    for (n = gen_random(g, 4); n > 0; n--) {
        if (gen_random(g, 4) == 0) {
            gen_put(g, "oneway void ");

        } else {
            gen_type(g, 0);
        }

        gen_put(g, " %s", gen_one_of(g, gen_names));
        gen_fields(g, "(", ")");

        if (gen_random(g, 3) == 0) {
            gen_put(g, " throws ");
            gen_fields(g, "(", ")");
        }

        gen_put(g, "; ");
    }

    gen_put(g, "}\n");
}


static void
gen_definition(fuzz_gen_t *g)
{
    uint32_t                  n;
    static const char *const  structs[] = { "struct", "union", "exception" };

    switch (gen_random(g, 7)) {

    case 0:
        gen_put(g, "const ");
        gen_type(g, 0);
        gen_put(g, " %s = ", gen_one_of(g, gen_names));
        gen_value(g, 0);
        gen_put(g, "\n");
        break;

    case 1:
        gen_put(g, "typedef ");
        gen_type(g, 0);
        gen_put(g, " %s\n", gen_one_of(g, gen_names));
        break;

    case 2:
        gen_put(g, "enum %s { ", gen_one_of(g, gen_names));

        for (n = gen_random(g, 12); n > 0; n--) {
            gen_put(g, "%s%u", gen_one_of(g, gen_names), (unsigned) n);

            if (gen_random(g, 3) == 0) {
                gen_put(g, " = %d", (int) gen_random(g, 8) - 2);
            }

            gen_put(g, ", ");
        }

        gen_put(g, "}\n");
        break;

    case 3:
        gen_service(g);
        break;

    default:
        gen_put(g, "%s %s ", gen_one_of(g, structs),
                gen_one_of(g, gen_names));
        gen_fields(g, "{ ", " }\n");
        break;
    }
}


/* Another file, or what a file begins with. */

static void
gen_file(fuzz_gen_t *g, int head)
{
    uint32_t  n;

    if (head) {
        gen_put(g, "\n//// %s\n", gen_one_of(g, gen_files));
    }

    for (n = gen_random(g, 4); n > 0; n--) {
        gen_put(g, "include '%s'\n", gen_one_of(g, gen_includes));
    }

    if (gen_random(g, 3) == 0) {
        gen_put(g, "namespace %s %s\n", gen_random(g, 2) ? "*" : "a",
                gen_one_of(g, gen_names));
    }

    for (n = gen_random(g, 3); n > 0; n--) {
        gen_definition(g);
    }
}


/* The end of the token that begins at `pos`: a word, or one byte. */

static size_t
fuzz_token(const uint8_t *data, size_t size, size_t pos)
{
    size_t  end;

    for (end = pos; end < size; end++) {
        if (data[end] <= ' ' || strchr(":;,{}()=<>[]\"'", data[end]) != NULL) {
            break;
        }
    }

    return (end == pos && end < size) ? end + 1 : end;
}


/* Puts the generated text where `end - start` bytes are taken away. */

static size_t
fuzz_splice(uint8_t *data, size_t size, size_t max, size_t start, size_t end,
    const void *text, size_t len)
{
    if (size - (end - start) + len > max) {
        return size;
    }

    memmove(data + start + len, data + end, size - end);
    memcpy(data + start, text, len);

    return size - (end - start) + len;
}


static size_t
fuzz_mutate_tokens(fuzz_gen_t *g, uint8_t *data, size_t size, size_t max)
{
    size_t       start, end, i, n;
    const char  *word;

    start = fuzz_token(data, size, gen_random(g, (uint32_t) size + 1));
    end = start;

    for (n = gen_random(g, 8) + 1; n > 0; n--) {
        end = fuzz_token(data, size, end);
    }

    switch (gen_random(g, 4)) {

    case 0:
        return fuzz_splice(data, size, max, start, end, "", 0);

    case 1:
        n = end - start;

        if (n > FUZZ_OUT) {
            return size;
        }

        memcpy(g->buf, data + start, n);
        i = fuzz_token(data, size, gen_random(g, (uint32_t) size + 1));

        return fuzz_splice(data, size, max, i, i, g->buf, n);

    case 2:
        word = gen_one_of(g, gen_tokens);
        return fuzz_splice(data, size, max, start,
                           fuzz_token(data, size, start), word, strlen(word));

    default:
        word = gen_one_of(g, gen_tokens);
        return fuzz_splice(data, size, max, start, start, word, strlen(word));
    }
}


/*
 * Half of the mutations know the grammar: they add definitions, or move,
 * repeat and replace whole tokens.
 */

static inline size_t
fuzz_mutate_text(fuzz_gen_t *g, uint8_t *data, size_t size, size_t max)
{
    size_t  pos;

    switch (gen_random(g, 8)) {

    case 0:
    case 1:
        for (pos = size - (size != 0); pos > 0 && data[pos - 1] != '\n'; ) {
            pos--;
        }

        if (gen_random(g, 2)) {
            pos = size;
        }

        gen_definition(g);
        return fuzz_splice(data, size, max, pos, pos, g->buf, g->len);

    case 2:
        pos = gen_random(g, 2) ? size : 0;

        gen_file(g, pos != 0);
        return fuzz_splice(data, size, max, pos, pos, g->buf, g->len);

    case 3:
        return fuzz_mutate_tokens(g, data, size, max);

    default:
        return LLVMFuzzerMutate(data, size, max);
    }
}


#endif /* IDL_GEN_H */
