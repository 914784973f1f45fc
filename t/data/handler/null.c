/*
 * null.c: a handler for t/handler_null.t, which gives NULL where something has
 * to be.
 */

#include "null.h"


static int
is(nthrift_str_t s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}


static void
on_event(nthrift_call_t *call, void *data)
{
    (void) call;
    (void) data;
}


/* What is refused is replied with, as a number. */

static void
tell(nthrift_call_t *call, int rc)
{
    Tree_t  tree;

    Tree_init(&tree);
    tree.name = nthrift_call_format(call, "%d", rc);

    Null_act_reply(call, tree);
}


static void
act(nthrift_call_t *call, const Null_act_args_t *args)
{
    Null_tell_args_t  ask;
    nthrift_str_t     what;

    what = args->what;
    Null_tell_args_init(&ask);

    if (is(what, "result")) {
        (void) nthrift_call_reply(call, &Null_act_method, NULL);

    } else if (is(what, "method")) {
        (void) nthrift_call_reply(call, NULL, NULL);

    } else if (is(what, "bytes")) {
        (void) nthrift_call_reply_raw(call, NULL, 100);

    } else if (is(what, "timer")) {
        tell(call, nthrift_call_timer(call, 1, NULL, NULL));

    } else if (is(what, "work")) {
        tell(call, nthrift_call_work(call, NULL, NULL, on_event, NULL));

    } else if (is(what, "worker timer")) {
        tell(call, nthrift_worker_timer(nthrift_call_worker(call), 1, NULL,
                                        NULL));

    } else if (is(what, "upstream")) {
        tell(call, Null_tell_call(call, NULL, &ask, NULL, NULL));

    } else if (is(what, "stub")) {
        tell(call, nthrift_call_upstream(call, "none", NULL, &ask, NULL,
                                         NULL));

    } else if (is(what, "arguments")) {
        tell(call, Null_tell_call(call, "backend", NULL, NULL, NULL));

    } else {
        tell(call, 0);
    }
}


static void
trees(nthrift_call_t *call, const Null_trees_args_t *args)
{
    nthrift_list_Tree_t  list;

    (void) args;

    list.n = 3;
    list.items = NULL;

    Null_trees_reply(call, list);
}


static void
either(nthrift_call_t *call, const Null_either_args_t *args)
{
    Either_t  none;

    (void) args;

    Either_init(&none);
    Null_either_reply(call, none);
}


static void
told(nthrift_call_t *call, const Null_tell_args_t *args)
{
    (void) call;
    (void) args;
}


Null_HANDLER(.act = act, .trees = trees, .either = either, .tell = told)
