/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_order.c: which struct stands before which in a header.  A struct
 * has others within itself, which must be complete by then; unless they come
 * back to it: such fields are pointers.
 *
 * Source: R. Tarjan, "Depth-first search and linear graph algorithms" (1972):
 * structs that reach each other are one circle, and circles are complete in
 * the order that is wanted.  Without recursion, for chains are as long as a
 * file allows.
 */

#include "nthrift_gen.h"


typedef struct {
    nthrift_gen_t        *gen;
    nthrift_gen_node_t   *stack;    /* in no circle yet: by below */
    nthrift_gen_node_t  **last;     /* of gen->order */
    uint32_t              number;
} order_walk_t;


const nthrift_idl_struct_t *
nthrift_gen_struct_of(const nthrift_idl_type_t *type)
{
    return (type->real->kind == NTHRIFT_IDL_STRUCT)
           ? (const nthrift_idl_struct_t *) type->real->def : NULL;
}


static nthrift_gen_node_t *
order_find(nthrift_gen_t *gen, const nthrift_idl_struct_t *st)
{
    nthrift_str_t  key;

    key.data = (uint8_t *) &st;
    key.len = sizeof(st);

    return nthrift_map_find(&gen->nodes, &key);
}


static nthrift_gen_node_t *
order_add(order_walk_t *walk, const nthrift_idl_struct_t *st,
    nthrift_gen_node_t *from)
{
    nthrift_str_t        key;
    nthrift_gen_node_t  *node;

    node = nthrift_gen_alloc(walk->gen, sizeof(nthrift_gen_node_t));

    node->st = st;
    node->from = from;
    node->number = ++walk->number;
    node->low = node->number;
    node->below = walk->stack;
    walk->stack = node;

    key.data = (uint8_t *) &node->st;
    key.len = sizeof(node->st);

    if (nthrift_map_add(&walk->gen->nodes, &key, node) == NTHRIFT_ERROR) {
        (void) nthrift_report_memory(walk->gen->report);
    }

    return node;
}


/* The struct that a field has within itself, or NULL. */

static const nthrift_idl_struct_t *
order_edge(const nthrift_idl_field_t *field)
{
    if (field->reference || !nthrift_gen_on_wire(field)) {
        return NULL;
    }

    return nthrift_gen_struct_of(field->type);
}


/* Defaults are known of all that stand before. */

static int
order_defaults(nthrift_gen_t *gen, const nthrift_idl_struct_t *st)
{
    size_t                       i;
    const nthrift_gen_node_t    *node;
    const nthrift_idl_field_t   *field;
    const nthrift_idl_struct_t  *inner;

    if (st->what == NTHRIFT_IDL_KIND_RESULT) {
        return 0;
    }

    for (i = 0; i < st->n; i++) {
        field = st->fields[i];
        inner = order_edge(field);

        if (nthrift_gen_on_wire(field) && field->value != NULL) {
            return 1;
        }

        if (inner == NULL || st->what == NTHRIFT_IDL_KIND_UNION
            || nthrift_gen_pointer(gen, st, field))
        {
            continue;
        }

        node = order_find(gen, inner);

        if (node != NULL && node->defaults) {
            return 1;
        }
    }

    return 0;
}


/* All that lie above `node` on the stack reach it, and it reaches them. */

static void
order_close(order_walk_t *walk, nthrift_gen_node_t *node)
{
    nthrift_gen_node_t  *top, *first;

    first = walk->stack;

    do {
        top = walk->stack;
        walk->stack = top->below;
        top->circle = node->number;

        *walk->last = top;
        walk->last = &top->next;

    } while (top != node);

    for (top = first; top != NULL; top = top->next) {
        top->defaults = order_defaults(walk->gen, top->st);
    }
}


/* The next struct to go down to, or NULL: all fields were followed. */

static nthrift_gen_node_t *
order_down(order_walk_t *walk, nthrift_gen_node_t *node)
{
    nthrift_gen_node_t          *to;
    const nthrift_idl_struct_t  *st;

    while (node->field < node->st->n) {
        st = order_edge(node->st->fields[node->field++]);

        if (st == NULL) {
            continue;
        }

        to = order_find(walk->gen, st);

        if (to == NULL) {
            return order_add(walk, st, node);
        }

        if (to->circle == 0 && to->number < node->low) {
            node->low = to->number;
        }
    }

    return NULL;
}


static void
order_walk(order_walk_t *walk, const nthrift_idl_struct_t *st)
{
    nthrift_gen_node_t  *node, *to;

    node = order_add(walk, st, NULL);

    while (node != NULL) {
        to = order_down(walk, node);

        if (to != NULL) {
            node = to;
            continue;
        }

        if (node->low == node->number) {
            order_close(walk, node);
        }

        to = node->from;

        if (to != NULL && node->low < to->low) {
            to->low = node->low;
        }

        node = to;
    }
}


void
nthrift_gen_order(nthrift_gen_t *gen, const nthrift_idl_program_t *first)
{
    order_walk_t                  walk;
    const nthrift_idl_def_t      *def;
    const nthrift_idl_struct_t   *st;
    const nthrift_idl_program_t  *program;

    walk.gen = gen;
    walk.stack = NULL;
    walk.last = &gen->order;
    walk.number = 0;

    for (program = first; program != NULL; program = program->next) {
        for (def = program->defs; def != NULL; def = def->next) {
            st = (const nthrift_idl_struct_t *) def;

            if (def->kind == NTHRIFT_IDL_DEF_STRUCT
                && order_find(gen, st) == NULL)
            {
                order_walk(&walk, st);
            }
        }
    }
}


int
nthrift_gen_pointer(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const nthrift_idl_field_t *field)
{
    const nthrift_gen_node_t    *from, *to;
    const nthrift_idl_struct_t  *inner;

    inner = nthrift_gen_struct_of(field->type);

    if (inner == NULL || field->reference) {
        return inner != NULL;
    }

    from = order_find(gen, st);
    to = order_find(gen, inner);

    return from != NULL && to != NULL && from->circle == to->circle;
}


int
nthrift_gen_defaults(nthrift_gen_t *gen, const nthrift_idl_struct_t *st)
{
    const nthrift_gen_node_t  *node;

    node = order_find(gen, st);

    return (node != NULL) ? node->defaults : order_defaults(gen, st);
}
