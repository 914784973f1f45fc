/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Messages from JSON to binary, and from binary and compact to JSON, by their
 * definition.  What their bytes mean is src/bind/json_read.c's, and
 * json_write.c's.  Called by ngx_thrift_translate.c.
 */

#include "ngx_thrift.h"


static ngx_int_t ngx_thrift_translate_read(ngx_thrift_translate_t *tr,
    size_t *size);
static ngx_int_t ngx_thrift_translate_read_piece(ngx_thrift_translate_t *tr,
    const u_char *last);
static ngx_int_t ngx_thrift_translate_misfit(ngx_thrift_translate_t *tr);
static ngx_int_t ngx_thrift_translate_write(ngx_thrift_translate_t *tr,
    size_t *size);


void
ngx_thrift_translate_read_json(ngx_thrift_translate_t *tr)
{
    tr->part = ngx_thrift_translate_read;

    tr->wrong.path = tr->path;
    tr->wrong.size = NGX_THRIFT_MAX_PATH;

    nthrift_json_read_start(&tr->u.read, tr->memory, tr->rules->max_depth,
                            tr->schema,
                            tr->from->wire.length - tr->from->wire.head.size,
                            tr->fields, &tr->wrong);
}


static ngx_int_t
ngx_thrift_translate_read(ngx_thrift_translate_t *tr, size_t *size)
{
    ngx_int_t  rc;

    tr->u.read.fields = tr->fields;

    rc = ngx_thrift_translate_segments(tr, size,
                                       ngx_thrift_translate_read_piece);

    tr->undeclared = tr->u.read.dropped;

    return rc;
}


/* Up to `last`; NGX_AGAIN: there it goes on. */

static ngx_int_t
ngx_thrift_translate_read_piece(ngx_thrift_translate_t *tr, const u_char *last)
{
    int                  rc;
    ngx_thrift_block_t  *block;

    for ( ;; ) {
        block = tr->to->last->block;

        rc = nthrift_json_read_part(&tr->u.read, &tr->pos, last, &block->last,
                                    block->end);

        tr->to->last->end = block->last;

        if (rc == NTHRIFT_ERROR) {
            return ngx_thrift_translate_misfit(tr);
        }

        if (rc == NTHRIFT_OK || tr->pos == last) {
            return rc;
        }

        rc = ngx_thrift_translate_grow(tr);

        if (rc != NGX_OK) {
            return rc;
        }
    }
}


/* What is wrong, and where. */

static ngx_int_t
ngx_thrift_translate_misfit(ngx_thrift_translate_t *tr)
{
    (void) ngx_snprintf(tr->text, sizeof(tr->text), "%s%s%*s%Z",
                        tr->wrong.text, tr->wrong.len ? " at " : "",
                        tr->wrong.len, tr->wrong.path);

    tr->why = (char *) tr->text;

    return NGX_DECLINED;
}


void
ngx_thrift_translate_write_json(ngx_thrift_translate_t *tr)
{
    tr->part = ngx_thrift_translate_write;

    ngx_thrift_message_bytes(tr->from, &tr->bytes, &tr->next);

    nthrift_json_write_start(&tr->u.write, tr->memory, tr->rules->max_depth,
                             tr->from->wire.head.protocol, tr->schema,
                             &tr->bytes, &tr->error);
}


static ngx_int_t
ngx_thrift_translate_write(ngx_thrift_translate_t *tr, size_t *size)
{
    int                  rc;
    uint64_t             offset;
    ngx_thrift_block_t  *block;

    for ( ;; ) {
        block = tr->to->last->block;
        offset = nthrift_bytes_offset(&tr->bytes);

        rc = nthrift_json_write_part(&tr->u.write, *size, &block->last,
                                     block->end);

        tr->to->last->end = block->last;
        offset = nthrift_bytes_offset(&tr->bytes) - offset;
        *size -= ngx_min(*size, offset);

        if (rc == NTHRIFT_ERROR) {
            tr->why = tr->error.text;
            return NGX_DECLINED;
        }

        if (rc == NTHRIFT_OK) {
            break;
        }

        /* with room it has done as much as it should, maybe of fewer bytes */

        if (block->end - block->last >= NTHRIFT_JSON_WRITE_ROOM) {
            *size = 0;
        }

        if (*size == 0) {
            return NGX_AGAIN;
        }

        rc = ngx_thrift_translate_grow(tr);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (tr->bytes.p != tr->bytes.last || tr->next) {
        tr->why = "frame longer than its message";
        return NGX_DECLINED;
    }

    return NGX_OK;
}
