/*
 * other.c: the second source of a handler, which includes the same headers;
 * C++ as well.
 */

#include "consts.h"
#include "diamond.h"
#include "services.h"


#ifdef __cplusplus
extern "C" {
#endif

__attribute__((visibility("hidden")))
void  other_text(nthrift_call_t *call, const Every_text_args_t *args);

#ifdef __cplusplus
}
#endif


static void
on_text(nthrift_call_t *call, const nthrift_failure_t *failure,
    const Every_text_result_t *result, void *data)
{
    (void) data;

    if (failure == NULL) {
        Every_text_reply(call, result->success);
    }
}


void
other_text(nthrift_call_t *call, const Every_text_args_t *args)
{
    Point_t  point;

    Point_init(&point);

    if (args->s.len == (size_t) point.y) {
        Every_text_reply(call, TEXT);
        return;
    }

    Every_text_call(call, "others", args, on_text, NULL);
}
