/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_places.h.  Called by ngx_thrift_gate.c, which knows who waits.
 * Workers count with ngx_thrift_shared.c, as they count connections: the places
 * are those of an address that no server has.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_PLACES_ZONE  "thrift_max_concurrent"


static void ngx_thrift_places_join(ngx_thrift_places_t *places);
static ngx_uint_t ngx_thrift_places_others_wait(ngx_thrift_places_t *places);
static ngx_uint_t ngx_thrift_places_has_turn(ngx_thrift_places_t *places);
static ngx_uint_t ngx_thrift_places_part(ngx_thrift_places_t *places);


ngx_int_t
ngx_thrift_places_share(ngx_conf_t *cf, ngx_thrift_places_t *places,
    ngx_str_t *name, void *tag)
{
    places->shared = ngx_thrift_shared_add(cf, NGX_THRIFT_PLACES_ZONE, name,
                                           tag);

    if (places->shared == NULL) {
        return NGX_ERROR;
    }

    return (places->shared->zone->data == places->shared) ? NGX_OK : NGX_BUSY;
}


void
ngx_thrift_places_open(ngx_thrift_places_t *places)
{
    ngx_thrift_shared_open(places->shared);
    ngx_thrift_places_join(places);
}


/* With the places that it has had alone, for there was no slot for it. */

static void
ngx_thrift_places_join(ngx_thrift_places_t *places)
{
    struct sockaddr  none;

    ngx_memzero(&none, sizeof(struct sockaddr));

    places->counts = ngx_thrift_shared_server(places->shared, &none,
                                              sizeof(struct sockaddr));
    if (places->counts) {
        ngx_thrift_shared_tell(places->shared, places->counts->nconns,
                               places->n);
    }
}


void
ngx_thrift_places_close(ngx_thrift_places_t *places)
{
    ngx_thrift_shared_close(places->shared);
}


ngx_int_t
ngx_thrift_places_take(ngx_thrift_places_t *places)
{
    if (places->n >= places->max) {
        return NGX_BUSY;
    }

    if (places->shared && places->counts == NULL) {
        ngx_thrift_places_join(places);
    }

    if (places->counts) {

        if (!ngx_thrift_places_has_turn(places)
            && ngx_thrift_places_others_wait(places))
        {
            return NGX_BUSY;
        }

        if (ngx_thrift_shared_connect(places->shared, places->counts,
                                      places->max)
            != NGX_OK)
        {
            return NGX_BUSY;
        }
    }

    places->n++;

    return NGX_OK;
}


void
ngx_thrift_places_give_back(ngx_thrift_places_t *places)
{
    places->n--;

    if (places->counts) {
        ngx_thrift_shared_disconnect(places->shared, places->counts);

        if (ngx_thrift_places_others_wait(places)) {
            places->yielded = ngx_current_msec;
        }
    }
}


void
ngx_thrift_places_tell(ngx_thrift_places_t *places, ngx_uint_t waiting)
{
    if (places->counts) {
        ngx_thrift_shared_tell(places->shared, places->counts->waiting,
                               waiting);
    }
}


static ngx_uint_t
ngx_thrift_places_others_wait(ngx_thrift_places_t *places)
{
    return ngx_thrift_shared_others_wait(places->shared,
                                         places->counts->waiting);
}


/* May it have one more while calls wait in other workers, too? */

static ngx_uint_t
ngx_thrift_places_has_turn(ngx_thrift_places_t *places)
{
    ngx_uint_t  part;

    part = ngx_thrift_places_part(places);

    if (part) {
        return places->n < part;
    }

    return places->n == 0
           && ngx_current_msec - places->yielded >= NGX_THRIFT_PLACES_TURN;
}


static ngx_uint_t
ngx_thrift_places_part(ngx_thrift_places_t *places)
{
    return ngx_thrift_shared_part(places->shared, places->max,
                                  places->counts->waiting,
                                  places->counts->nconns);
}
