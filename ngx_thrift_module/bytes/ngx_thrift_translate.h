
/*
 * A message in another protocol.
 */

#ifndef _NGX_THRIFT_TRANSLATE_H_INCLUDED_
#define _NGX_THRIFT_TRANSLATE_H_INCLUDED_


/*
 * Makes `to` of `from`, which is whole and stays as it is: with `head`, in the
 * protocol of that, and by the limits of `rules`.  The name in `head` has to
 * live as long as `to`.  NGX_DECLINED: `from` is malformed, NGX_BUSY: there is
 * too much of it, `*why` says what; NGX_ERROR: no memory.
 */
ngx_int_t ngx_thrift_translate(ngx_thrift_message_t *to,
    ngx_thrift_message_t *from, nthrift_head_t *head, nthrift_rules_t *rules,
    ngx_pool_t *pool, const char **why);


#endif /* _NGX_THRIFT_TRANSLATE_H_INCLUDED_ */
