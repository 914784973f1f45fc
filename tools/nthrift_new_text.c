/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_new_text.c: what is in the files of a new handler.  A function of a
 * method replies with nothing but zeros, so that all of it works from the
 * beginning; where there is no such result, it fails and says so.
 */

#include "nthrift_new.h"


#define text_str(s)  (int) (s)->len, (const char *) (s)->data

#define TEXT_DEPTH   64         /* levels of structs that are looked at */


typedef void (*text_method_pt)(nthrift_new_t *p,
    const nthrift_idl_method_t *method);


/* Each method: parents' first, then in text order. */

static void
text_each(nthrift_new_t *p, const nthrift_idl_service_t *service,
    text_method_pt fn)
{
    const nthrift_idl_method_t  *method;

    if (service->parent != NULL) {
        text_each(p, service->parent, fn);
    }

    for (method = service->methods; method != NULL; method = method->next) {
        fn(p, method);
    }
}


void
nthrift_new_idl(nthrift_new_t *p)
{
    nthrift_gen_print(&p->gen,
        "/** Nobody can be greeted without a name. */\n"
        "exception Nobody {\n"
        "    1: string message\n"
        "}\n\n"
        "service %s {\n\n"
        "    /** Greets somebody. */\n"
        "    string greet(1: string name) throws (1: Nobody nobody)\n"
        "}\n", p->title);
}


/* The source */

/*
 * Whether zeros are a value of the type: a union has no field then, and a
 * struct that is pointed to is not there.
 */

static int
text_zero(nthrift_gen_t *gen, const nthrift_idl_type_t *type, int depth)
{
    size_t                       i;
    const nthrift_idl_field_t   *field;
    const nthrift_idl_struct_t  *st;

    st = nthrift_gen_struct_of(type);

    if (st == NULL) {
        return 1;
    }

    if (st->what == NTHRIFT_IDL_KIND_UNION || depth == TEXT_DEPTH) {
        return 0;
    }

    for (i = 0; i < st->n; i++) {
        field = st->fields[i];

        if (!nthrift_gen_on_wire(field)
            || field->req == NTHRIFT_IDL_OPTIONAL)
        {
            continue;
        }

        if (nthrift_gen_pointer(gen, st, field)) {
            if (field->req == NTHRIFT_IDL_REQUIRED) {
                return 0;
            }

        } else if (!text_zero(gen, field->type, depth + 1)) {
            return 0;
        }
    }

    return 1;
}


static int
text_replies(nthrift_new_t *p, const nthrift_idl_method_t *method)
{
    return method->result == NULL
           || method->returns->kind == NTHRIFT_IDL_VOID
           || text_zero(&p->gen, method->result->fields[0]->type, 0);
}


/* A value that is written as a word, or NULL. */

static const char *
text_word(const nthrift_idl_type_t *type)
{
    switch (type->real->kind) {

    case NTHRIFT_IDL_BOOL:
        return "false";

    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
    case NTHRIFT_IDL_DOUBLE:
    case NTHRIFT_IDL_ENUM:
        return "0";

    case NTHRIFT_IDL_STRING:
    case NTHRIFT_IDL_BINARY:
        return "NTHRIFT_STR(\"\")";

    default:
        return NULL;
    }
}


static void
text_reply(nthrift_new_t *p, const nthrift_idl_method_t *method,
    const char *base)
{
    const char  *word;

    if (!text_replies(p, method)) {
        nthrift_gen_print(&p->gen, "    (void) args;\n\n"
                          "    nthrift_call_fail(call, \"%.*s is not written "
                          "yet\");\n", text_str(&method->name));
        return;
    }

    if (method->result == NULL) {
        nthrift_gen_print(&p->gen, "    (void) args;\n\n"
                          "    nthrift_call_log(call, NTHRIFT_LOG_INFO, "
                          "\"%.*s was called\");\n", text_str(&method->name));
        return;
    }

    if (method->returns->kind == NTHRIFT_IDL_VOID) {
        nthrift_gen_print(&p->gen, "    (void) args;\n\n"
                          "    %s_reply(call);\n", base);
        return;
    }

    word = text_word(method->result->fields[0]->type);

    if (word != NULL) {
        nthrift_gen_print(&p->gen, "    (void) args;\n\n"
                          "    %s_reply(call, %s);\n", base, word);
        return;
    }

    nthrift_gen_print(&p->gen, "    %s_success_t  success;\n\n"
                      "    (void) args;\n\n"
                      "    memset(&success, 0, sizeof(success));\n\n"
                      "    %s_reply(call, success);\n", base, base);
}


static void
text_function(nthrift_new_t *p, const nthrift_idl_method_t *method)
{
    const char  *base, *plain;

    plain = nthrift_gen_plain(&p->gen, &method->name);
    base = nthrift_gen_format(&p->gen, "%s_%s", p->base, plain);

    nthrift_gen_print(&p->gen, "static void\n");
    nthrift_gen_wrap(&p->gen, 4, "%s_%s(nthrift_call_t *call, const "
                     "%s_args_t *args)", p->name, plain, base);
    nthrift_gen_print(&p->gen, "{\n");
    text_reply(p, method, base);
    nthrift_gen_print(&p->gen, "}\n\n\n");
}


static void
text_entry(nthrift_new_t *p, const nthrift_idl_method_t *method)
{
    const char  *member;

    member = nthrift_gen_word(&p->gen, &method->name);

    nthrift_gen_print(&p->gen, "    .%s%s = %s_%s,\n", member,
                      (strcmp(member, "on_start") == 0
                       || strcmp(member, "on_stop") == 0) ? "_" : "", p->name,
                      nthrift_gen_plain(&p->gen, &method->name));
}


/* That of a new file. */

static const char  text_greet[] =
    "static void\n"
    "%s_greet(nthrift_call_t *call, const %s_greet_args_t *args)\n"
    "{\n"
    "    if (args->name.len == 0) {\n"
    "        %s_greet_throw_nobody(call, (Nobody_t) {\n"
    "                              NTHRIFT_STR(\"who are you?\") });\n"
    "        return;\n"
    "    }\n\n"
    "    %s_greet_reply(call, nthrift_call_format(call, \"Hello, %%.*s!\",\n"
    "                                             NTHRIFT_ARG(args->name)));\n"
    "}\n\n\n";


void
nthrift_new_source(nthrift_new_t *p)
{
    nthrift_gen_print(&p->gen, "/*\n * %s.c: a handler for nginx of the service"
                      " %s.\n * What its functions may do is in "
                      "nthrift_handler.h and docs/handlers.md.\n */\n\n"
                      "#include \"%s.h\"\n\n\n", p->name, p->title, p->header);

    if (p->service == NULL) {
        nthrift_gen_print(&p->gen, text_greet, p->name, p->base, p->base,
                          p->base);
        nthrift_gen_print(&p->gen, "%s_HANDLER(.greet = %s_greet)\n", p->base,
                          p->name);
        return;
    }

    text_each(p, p->service, text_function);

    nthrift_gen_print(&p->gen, "%s_HANDLER(\n", p->base);
    text_each(p, p->service, text_entry);
    nthrift_gen_print(&p->gen, "    .on_start = NULL\n)\n");
}


/* The others */

/*
 * nginx takes NGINX in its environment, where variables of make's command line
 * are, for sockets that it inherits: so none is called that.  Of two signals
 * that it gets while it starts it may see one only with the next: it is told to
 * quit until it does.
 */

void
nthrift_new_makefile(nthrift_new_t *p)
{
    size_t       i;
    const char  *dirs;

    dirs = "";

    for (i = 0; i < p->n_dirs; i++) {
        dirs = nthrift_gen_format(&p->gen, "%s -I %s", dirs, p->dirs[i]);
    }

    nthrift_gen_print(&p->gen,
        "# make           builds the handler\n"
        "# make start     starts nginx with it: nginx.conf says where\n"
        "# make reload    lets nginx take a new one\n"
        "# make stop      ends nginx\n"
        "# make test      starts nginx, calls each method, ends nginx\n\n"
        "NTHRIFT      = %s\n"
        "INCLUDE      = %s\n"
        "NGINX_BINARY = /usr/sbin/nginx\n"
        "CFLAGS       = -O2 -g -Wall -Wextra\n\n"
        "IDL          = %s\n"
        "DIRS         =%s\n"
        "RUN          = $(NGINX_BINARY) -p $(CURDIR) -c nginx.conf -e error.log"
        "\n\n",
        p->tool, p->include, p->idl, dirs);

    nthrift_gen_print(&p->gen,
        "%s.so: %s.c gen/%s.h\n"
        "\t$(CC) $(CFLAGS) -shared -fPIC -I$(INCLUDE) -Igen -o $@.new %s.c\n"
        "\t@mv $@.new $@\n\n"
        "gen/%s.h: $(IDL)\n"
        "\t$(NTHRIFT) gen $(DIRS) -o gen $(IDL)\n"
        "\t@touch $@\n\n", p->name, p->name, p->header, p->name, p->header);

    nthrift_gen_print(&p->gen,
        ".PHONY: start reload stop test clean\n"
        "start: %s.so\n"
        "\t$(RUN)\n\n"
        "reload: %s.so\n"
        "\t$(RUN) -s reload\n\n"
        "stop:\n"
        "\t$(RUN) -s quit\n"
        "\t@while [ -e nginx.pid ]; do sleep 0.1; \\\n"
        "\t    kill -QUIT $$(cat nginx.pid); done 2>/dev/null; true\n\n"
        "test: %s.so\n"
        "\t@NTHRIFT='$(NTHRIFT)' IDL='$(IDL)' DIRS='$(DIRS)' MAKE='$(MAKE)' "
        "./test\n\n"
        "clean:\n"
        "\trm -rf gen *.so *.new *.log *_temp\n", p->name, p->name, p->name);
}


void
nthrift_new_conf(nthrift_new_t *p)
{
    size_t  i;

    if (p->stream != NULL) {
        nthrift_gen_print(&p->gen, "load_module  %s;\n", p->stream);
    }

    nthrift_gen_print(&p->gen,
        "load_module  %s;\n\n"
        "pid        nginx.pid;\n"
        "error_log  error.log  info;\n\n"
        "events {\n}\n\n"
        "stream {\n", p->module);

    for (i = 0; i < p->n_dirs; i++) {
        nthrift_gen_print(&p->gen, "    thrift_idl_path  %s;\n", p->dirs[i]);
    }

    nthrift_gen_print(&p->gen,
        "    thrift_idl  %s;\n\n"
        "    log_format  calls  '$time_iso8601 $remote_addr $thrift_method '\n"
        "                       '$thrift_status $thrift_call_time';\n"
        "    access_log  access.log  calls;\n\n"
        "    server {\n"
        "        listen          127.0.0.1:%d;\n"
        "        thrift_timeout  2s;\n\n"
        "        thrift_service %s {\n"
        "            thrift_handler  %s.so;\n"
        "        }\n"
        "    }\n"
        "}\n", p->idl, p->port, p->title, p->name);
}


static void
text_check(nthrift_new_t *p, const nthrift_idl_method_t *method)
{
    nthrift_gen_print(&p->gen, "check %d %s.%.*s\n",
                      text_replies(p, method) ? 0 : 1, p->title,
                      text_str(&method->name));
}


void
nthrift_new_test(nthrift_new_t *p)
{
    nthrift_gen_print(&p->gen,
        "#!/bin/sh\n\n"
        "# Calls each method of %s as nginx serves it: \"make test\".\n\n"
        "address=$(sed -n 's/^ *listen *\\(.*\\);/\\1/p' nginx.conf)\n"
        "failed=0\n\n"
        "# check CODE METHOD [ARGUMENTS [REPLY]]: calls it, with arguments by\n"
        "# \"nthrift template\" if none are given.  CODE is 0 for a result, 1\n"
        "# for an exception.\n\n", p->title);

    nthrift_gen_print(&p->gen, "%s",
        "check() {\n"
        "    json=${3-$($NTHRIFT template $DIRS \"$2\" --idl \"$IDL\")}\n"
        "    reply=$($NTHRIFT call $DIRS $address \"$2\" \"$json\""
        " --idl \"$IDL\" 2>&1)\n"
        "    code=$?\n\n"
        "    if [ $code = \"$1\" ] && [ \"${4-$reply}\" = \"$reply\" ]; then\n"
        "        echo \"ok - $2\"\n"
        "    else\n"
        "        echo \"not ok - $2: exit code $code: $reply\"\n"
        "        failed=1\n"
        "    fi\n"
        "}\n\n"
        "$MAKE -s start || exit 1\n"
        "trap '$MAKE -s stop' EXIT\n\n");

    if (p->service == NULL) {
        nthrift_gen_print(&p->gen,
            "check 0 %s.greet '[\"World\"]' '\"Hello, World!\"'\n"
            "check 1 %s.greet '[\"\"]'\n", p->title, p->title);

    } else {
        text_each(p, p->service, text_check);
    }

    nthrift_gen_print(&p->gen, "\nexit $failed\n");
}


void
nthrift_new_ignore(nthrift_new_t *p)
{
    nthrift_gen_print(&p->gen, "gen/\n*.so\n*.log\n*_temp/\nnginx.pid\n");
}
