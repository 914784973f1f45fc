/*
 * KeyValue: structs that outlive the call that has brought them.  A copy of
 * the arguments is one piece of memory, with all that is in them, and is freed
 * as one.
 */

#include "keyvalue.h"


typedef KeyValue_put_args_t  pair_t;        /* { key, value } */

typedef struct {
    pair_t  **pairs;
    size_t    n;
} store_t;


static int
start(nthrift_worker_t *worker)
{
    worker->state = calloc(1, sizeof(store_t));

    return (worker->state != NULL) ? NTHRIFT_OK
                                   : nthrift_worker_fail(worker, "no memory");
}


static void
stop(nthrift_worker_t *worker)
{
    store_t  *s = worker->state;

    while (s->n != 0) {
        KeyValue_put_args_free(s->pairs[--s->n]);
    }

    free(s->pairs);
    free(s);
}


/* The place of a key, or the first free one. */

static size_t
find(const store_t *s, nthrift_str_t key)
{
    size_t  i;

    for (i = 0; i < s->n; i++) {
        if (nthrift_str_equal(&s->pairs[i]->key, &key)) {
            break;
        }
    }

    return i;
}


static void
put(nthrift_call_t *call, const KeyValue_put_args_t *args)
{
    size_t    i;
    pair_t   *pair, **pairs;
    store_t  *s = nthrift_call_state(call);

    pair = KeyValue_put_args_copy(args);
    pairs = realloc(s->pairs, (s->n + 1) * sizeof(pair_t *));
    s->pairs = (pairs != NULL) ? pairs : s->pairs;

    if (pair == NULL || pairs == NULL) {
        KeyValue_put_args_free(pair);
        nthrift_call_fail(call, "no memory");
        return;
    }

    i = find(s, args->key);

    if (i == s->n) {
        s->n++;

    } else {
        KeyValue_put_args_free(s->pairs[i]);
    }

    s->pairs[i] = pair;

    KeyValue_put_reply(call);
}


static void
get(nthrift_call_t *call, const KeyValue_get_args_t *args)
{
    size_t    i;
    store_t  *s = nthrift_call_state(call);

    i = find(s, args->key);

    if (i == s->n) {
        KeyValue_get_throw_notFound(call, (NotFound_t) { args->key });
        return;
    }

    KeyValue_get_reply(call, s->pairs[i]->value);
}


/* Not "remove", which is a function of the C library. */

static void
remove_key(nthrift_call_t *call, const KeyValue_remove_args_t *args)
{
    size_t    i;
    store_t  *s = nthrift_call_state(call);

    i = find(s, args->key);

    if (i == s->n) {
        KeyValue_remove_throw_notFound(call, (NotFound_t) { args->key });
        return;
    }

    KeyValue_put_args_free(s->pairs[i]);
    s->pairs[i] = s->pairs[--s->n];

    KeyValue_remove_reply(call);
}


static void
all(nthrift_call_t *call, const KeyValue_all_args_t *args)
{
    size_t                         i;
    store_t                       *s = nthrift_call_state(call);
    KeyValue_all_success_entry_t  *entries;

    (void) args;

    entries = nthrift_call_need(call, s->n * sizeof(*entries));

    if (entries == NULL) {
        return;
    }

    for (i = 0; i < s->n; i++) {
        entries[i].key = s->pairs[i]->key;
        entries[i].value = s->pairs[i]->value;
    }

    KeyValue_all_reply(call, (KeyValue_all_success_t) { s->n, entries });
}


KeyValue_HANDLER(.put = put, .get = get, .remove = remove_key, .all = all,
                 .on_start = start, .on_stop = stop)
