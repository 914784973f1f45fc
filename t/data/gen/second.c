/*
 * second.c: the other source of the program: services that inherit across
 * files, names with a prefix, names that are taken.
 */

#include "diamond.h"
#include "names.h"
#include "negative.h"

#include "program.h"


static int  runs;


static void
ping(nthrift_call_t *call, const Base_ping_args_t *args)
{
    (void) args;

    runs++;
    Last_ping_reply(call);
}


static void
both(nthrift_call_t *call, const Last_both_args_t *args)
{
    Both_t  b;

    Both_init(&b);
    b.left = args->left;

    Diamond_both_reply(call, b);
}


static void
delete_(nthrift_call_t *call, const operator_delete_args_t *args)
{
    (void) args;

    operator_delete_reply(call);
}


Last_HANDLER(.ping = ping, .both = both)
operator_HANDLER(.delete_ = delete_)
Below_HANDLER(.below = NULL)


static void
test_inherited(void)
{
    const nthrift_dispatch_t  *d;

    d = nthrift_handler_Last.dispatch;

    program_handler(&nthrift_handler_Last, 6);

    program_ok(d[0].method == &Base_ping_method
               && d[1].method == &Base_measure_method
               && d[2].method == &LeftService_forget_method
               && d[4].method == &Diamond_both_method
               && d[5].method == &Last_last_method,
               "parents' methods are first");
    program_ok(strcmp(d[0].method->service, "Base") == 0,
               "the service that defines it");
    program_ok(d[3].method->idempotent && d[4].method->idempotent
               && !d[5].method->idempotent, "idempotent");

    d[0].run(NULL, NULL, nthrift_handler_Last.methods);
    program_ok(runs == 1 && program_seen.method == &Base_ping_method,
               "an inherited method replies");
}


static void
test_prefix(void)
{
    Both_t                    b;
    right_Left_t              left;
    Diamond_both_args_t       args;
    const Both_t             *success;

    Both_init(&b);
    program_ok(b.length.number == 0 && b.length.unit == Unit_MILE,
               "a constant of another file as default");

    memset(&left, 0, sizeof(left));
    program_ok(right_ALL.lengths.n == 1 && right_MAX == 3 && MAX == 4
               && SIDE == (int) right_Side_RIGHT, "constants with a prefix");

    Diamond_both_args_init(&args);
    args.left.length.number = 2.5;
    both(NULL, &args);

    success = &((Diamond_both_result_t *) &program_seen.value)->success;
    program_ok(success->left.length.number == 2.5, "a struct by value");
    program_ok(right_Left_schema.name.len == 4, "no prefix on the wire");
}


static void
test_names(void)
{
    class_t  c;

    class_init(&c);
    c.int_ = 1;
    c.has_x_ = 2;
    c.has_x = true;
    c.x = 3;

    program_ok(class_layout.fields[0].offset == offsetof(class_t, int_)
               && class_layout.fields[3].has == offsetof(class_t, has_x)
               && class_layout.fields[4].offset == offsetof(class_t, has_x_),
               "members that are renamed");
    program_ok(class_schema.fields[0].name.len == 3, "but not on the wire");

    program_handler(&nthrift_handler_operator, 11);
}


void
program_second(void)
{
    test_inherited();
    test_prefix();
    test_names();

    program_handler(&nthrift_handler_Below, 1);
    program_ok(Negative_schema.fields[0].id == -32768
               && Negative_layout.fields[1].offset
                  == offsetof(Negative_t, before),
               "negative ids");
}
