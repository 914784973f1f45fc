/*
 * idl_fuzz.c: libFuzzer harness for the IDL front end: lexer, parser,
 * resolver, checker and lookups.
 *
 * An input is one or more files: a line "//// name" begins the next one, the
 * first one is loaded and may include the others.  If the input's last byte
 * is not printable, it says how little memory there is.
 *
 * Half of the mutations know the grammar: they add definitions, or move,
 * repeat and replace whole tokens.  The names are few, so that they meet.
 *
 *     build/fuzz/idl_fuzz -dict=fuzz/idl.dict CORPUS t/data/idl
 */

#include "idl/loader.h"
#include "idl/suggest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>


#define FUZZ_FILES   16
#define FUZZ_MEMORY  (256 * 1024 * 1024)    /* bytes: an arena at most */
#define FUZZ_OUT     4096                   /* bytes: a generated text */
#define FUZZ_DEPTH   4                      /* of generated types, values */

#define fuzz_assert(cond)  do { if (!(cond)) { abort(); } } while (0)


typedef struct {
    nthrift_str_t  name;
    nthrift_str_t  text;
} fuzz_file_t;

typedef struct {
    fuzz_file_t  files[FUZZ_FILES];
    size_t       n;
} fuzz_input_t;

typedef struct {
    uint64_t     state;
    char         buf[FUZZ_OUT];
    size_t       len;
} fuzz_gen_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed);


/* Loading */

static void
fuzz_split(fuzz_input_t *in, const uint8_t *data, size_t size)
{
    const uint8_t         *p, *last, *line, *eol;
    static nthrift_str_t   main_name = nthrift_string("main.thrift");

    in->n = 1;
    in->files[0].name = main_name;
    in->files[0].text.data = (uint8_t *) data;
    in->files[0].text.len = size;

    last = data + size;

    for (p = data; p < last; p = eol + 1) {
        line = p;

        eol = memchr(p, '\n', (size_t) (last - p));
        if (eol == NULL) {
            break;
        }

        if (eol - line > 5 && memcmp(line, "//// ", 5) == 0
            && in->n < FUZZ_FILES)
        {
            in->files[in->n - 1].text.len =
                (size_t) (line - in->files[in->n - 1].text.data);

            in->files[in->n].name.data = (uint8_t *) line + 5;
            in->files[in->n].name.len = (size_t) (eol - line - 5);
            in->files[in->n].text.data = (uint8_t *) eol + 1;
            in->files[in->n].text.len = (size_t) (last - eol - 1);
            in->n++;
        }
    }
}


static const fuzz_file_t *
fuzz_file(const fuzz_input_t *in, const nthrift_str_t *path)
{
    size_t  i;

    for (i = 0; i < in->n; i++) {
        if (nthrift_str_equal(&in->files[i].name, path)) {
            return &in->files[i];
        }
    }

    return NULL;
}


static int
fuzz_find(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    nthrift_str_t *id)
{
    (void) arena;

    fuzz_assert(path->data[path->len] == '\0');

    if (fuzz_file(data, path) == NULL) {
        return NTHRIFT_DECLINED;
    }

    *id = *path;

    return NTHRIFT_OK;
}


static int
fuzz_read(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    size_t max, nthrift_str_t *text, const char **error)
{
    uint8_t            *p;
    const fuzz_file_t  *file;

    (void) error;

    file = fuzz_file(data, path);

    if (file->text.len > max) {
        return NTHRIFT_DECLINED;
    }

    /* exact blocks: a byte too far is found */

    p = arena->alloc(arena->data, file->text.len);
    if (p == NULL) {
        return NTHRIFT_ERROR;
    }

    memcpy(p, file->text.data, file->text.len);
    text->data = p;
    text->len = file->text.len;

    return NTHRIFT_OK;
}


/* Walking: everything that is there is found again */

static void
fuzz_walk_type(const nthrift_idl_type_t *type, unsigned depth)
{
    fuzz_assert(type->kind != NTHRIFT_IDL_NAMED);
    fuzz_assert(type->real != NULL);
    fuzz_assert(type->real->kind != NTHRIFT_IDL_TYPEDEF);
    fuzz_assert(type->real->real == type->real);
    fuzz_assert(depth <= NTHRIFT_LOADER_NESTING);

    if (type->key != NULL) {
        fuzz_walk_type(type->key, depth + 1);
    }

    if (type->elem != NULL) {
        fuzz_walk_type(type->elem, depth + 1);
    }
}


static void
fuzz_walk_value(const nthrift_idl_value_t *value)
{
    const nthrift_idl_value_t  *v;

    fuzz_assert(value->kind != NTHRIFT_IDL_VALUE_NAMED);

    if (value->kind == NTHRIFT_IDL_VALUE_CONST) {
        fuzz_assert(value->ref != NULL);
    }

    if (value->kind == NTHRIFT_IDL_VALUE_ITEM) {
        fuzz_assert(value->item != NULL);
    }

    if (value->kind == NTHRIFT_IDL_VALUE_LIST
        || value->kind == NTHRIFT_IDL_VALUE_MAP)
    {
        for (v = value->u.list.first; v != NULL; v = v->next) {
            fuzz_walk_value(v);
        }
    }
}


static void
fuzz_walk_struct(const nthrift_idl_struct_t *st)
{
    size_t                      i;
    const nthrift_idl_field_t  *field;

    for (i = 0; i < st->n; i++) {
        field = st->fields[i];

        fuzz_assert(nthrift_idl_field_by_id(st, field->id) == field);
        fuzz_assert(nthrift_idl_field_by_name(st, &field->name) != NULL);
        fuzz_assert(i == 0 || st->by_id[i - 1]->id < st->by_id[i]->id);
        fuzz_walk_type(field->type, 0);

        if (field->value != NULL) {
            fuzz_walk_value(field->value);
        }
    }
}


static void
fuzz_walk_service(const nthrift_idl_service_t *service)
{
    nthrift_str_t                  wrong;
    const nthrift_idl_method_t    *method;
    const nthrift_idl_service_t   *s;

    for (s = service; s != NULL; s = s->parent) {
        for (method = s->methods; method != NULL; method = method->next) {
            fuzz_assert(nthrift_idl_method(service, &method->name) == method);

            if (s != service) {
                continue;
            }

            fuzz_walk_type(method->returns, 0);
            fuzz_walk_struct(method->args);
            fuzz_walk_struct(method->throws);
            fuzz_assert(method->oneway == (method->result == NULL));

            if (method->result != NULL) {
                fuzz_walk_struct(method->result);
            }

            wrong = method->name;
            wrong.len -= (wrong.len > 1);
            nthrift_suggest_method(service, &wrong);
        }
    }
}


static void
fuzz_walk_enum(const nthrift_idl_enum_t *en)
{
    const nthrift_idl_item_t  *item;

    for (item = en->items; item != NULL; item = item->next) {
        fuzz_assert(nthrift_idl_item_by_name(en, &item->name) == item);
        fuzz_assert(nthrift_idl_item_by_number(en, item->number)->number
                    == item->number);
    }
}


static void
fuzz_walk(const nthrift_idl_program_t *program)
{
    const nthrift_idl_def_t  *def;

    for (def = program->defs; def != NULL; def = def->next) {
        switch (def->kind) {

        case NTHRIFT_IDL_DEF_CONST:
            fuzz_assert(nthrift_idl_const(program, &def->name) != NULL);
            fuzz_walk_type(((const nthrift_idl_const_t *) def)->type, 0);
            fuzz_walk_value(((const nthrift_idl_const_t *) def)->value);
            break;

        case NTHRIFT_IDL_DEF_TYPEDEF:
            fuzz_assert(nthrift_idl_type(program, &def->name) == def);
            fuzz_walk_type(((const nthrift_idl_typedef_t *) def)->type, 0);
            break;

        case NTHRIFT_IDL_DEF_ENUM:
            fuzz_assert(nthrift_idl_type(program, &def->name) == def);
            fuzz_walk_enum((const nthrift_idl_enum_t *) def);
            break;

        case NTHRIFT_IDL_DEF_STRUCT:
            fuzz_assert(nthrift_idl_type(program, &def->name) == def);
            fuzz_walk_struct((const nthrift_idl_struct_t *) def);
            break;

        case NTHRIFT_IDL_DEF_SERVICE:
            fuzz_walk_service((const nthrift_idl_service_t *) def);
            break;
        }
    }
}


static void
fuzz_walk_report(const nthrift_report_t *report)
{
    size_t                         i;
    uint32_t                       n;
    const nthrift_report_entry_t  *entry;

    n = 0;

    for (entry = report->first; entry != NULL; entry = entry->next) {
        n++;
        fuzz_assert(entry->program != NULL);
        fuzz_assert(entry->text.len != 0);

        for (i = 0; i < entry->text.len; i++) {
            fuzz_assert(entry->text.data[i] >= 0x20
                        && entry->text.data[i] < 0x7f);
        }
    }

    fuzz_assert(n <= report->max_errors + report->max_warnings);
}


/* Other settings than the defaults, told by the input's length. */

static void
fuzz_settings(nthrift_loader_t *loader, size_t size)
{
    static nthrift_str_t  dirs[] = { nthrift_string("d"),
                                     nthrift_string("d/") };

    loader->dirs = dirs;
    loader->n_dirs = 2;
    loader->seed = size;

    if (size & 1) {
        loader->negative_ids = 1;
    }

    if ((size & 0x0e) == 0) {
        loader->limits.files = 3;
        loader->limits.nesting = 3;
        loader->limits.inheritance = 1;
        loader->limits.values = 20;
        loader->report.max_errors = 1;
    }

    if ((size & 0x0e) == 2) {
        loader->limits.includes = 2;
    }

    if ((size & 0x7e) == 4) {
        loader->limits.file_size = 50;
        loader->limits.name = 3;
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                       rc;
    size_t                    limit;
    fuzz_input_t              in;
    nthrift_arena_t          *arena;
    nthrift_loader_t          loader;
    nthrift_idl_program_t    *program;
    nthrift_loader_reader_t   reader;

    limit = FUZZ_MEMORY;

    if (size != 0 && data[size - 1] >= 0x80) {
        limit = (size_t) (data[size - 1] & 0x7f) * 1024;
    }

    fuzz_split(&in, data, size);

    arena = nthrift_arena_create(1024, limit);
    fuzz_assert(arena != NULL);

    reader.find = fuzz_find;
    reader.read = fuzz_read;
    reader.data = &in;

    nthrift_loader_init(&loader, arena, &reader);

    fuzz_settings(&loader, size);

    rc = nthrift_loader_load(&loader, &in.files[0].name, &program);

    fuzz_assert((rc == NTHRIFT_OK) == (program != NULL));
    fuzz_assert(rc == NTHRIFT_OK || loader.report.errors != 0
                || loader.report.no_memory);
    fuzz_assert(rc != NTHRIFT_OK || loader.report.errors == 0);

    fuzz_walk_report(&loader.report);

    for (program = loader.programs; program != NULL; program = program->next) {
        if (program->state == NTHRIFT_IDL_LOADED) {
            fuzz_walk(program);
        }
    }

    nthrift_arena_destroy(arena);

    return 0;
}


/* Mutating */

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


size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed)
{
    size_t      pos;
    fuzz_gen_t  g;

    g.state = seed * 2654435769u + 1;
    g.len = 0;

    switch (gen_random(&g, 8)) {

    case 0:
    case 1:
        for (pos = size - (size != 0); pos > 0 && data[pos - 1] != '\n'; ) {
            pos--;
        }

        if (gen_random(&g, 2)) {
            pos = size;
        }

        gen_definition(&g);
        return fuzz_splice(data, size, max, pos, pos, g.buf, g.len);

    case 2:
        pos = gen_random(&g, 2) ? size : 0;

        gen_file(&g, pos != 0);
        return fuzz_splice(data, size, max, pos, pos, g.buf, g.len);

    case 3:
        return fuzz_mutate_tokens(&g, data, size, max);

    default:
        return LLVMFuzzerMutate(data, size, max);
    }
}
