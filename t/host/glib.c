/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/host/glib.c: a handler for t/adapters.t, as "thrift --gen c_glib" has it.
 */

#include "low.h"
#include "middle.h"
#include "test.h"
#include "nthrift_cglib.h"


typedef struct {
    TestHandler  parent;
    GMutex       mutex;
    GCond        changed;
    gint         inside;
} MyHandler;

typedef struct {
    TestHandlerClass  parent;
} MyHandlerClass;


GType my_handler_get_type(void);

G_DEFINE_TYPE(MyHandler, my_handler, TYPE_TEST_HANDLER)


#define MY_ERROR      g_quark_from_static_string("my-error")
#define MY_SECONDS    20        /* for the others to come */


static gboolean
my_low(LowIf *iface, gint32 *_return, const gint32 n, GError **error)
{
    (void) iface;
    (void) error;

    *_return = n + 1;

    return TRUE;
}


static gboolean
my_middle(MiddleIf *iface, gint32 *_return, const gint32 n, GError **error)
{
    (void) iface;
    (void) error;

    *_return = n + 2;

    return TRUE;
}


static gboolean
my_echo(TestIf *iface, gchar **_return, const gchar *text, GError **error)
{
    (void) iface;
    (void) error;

    g_free(*_return);
    *_return = g_strdup(text);

    return TRUE;
}


static gboolean
my_item(TestIf *iface, Item **_return, const Item *item, GError **error)
{
    (void) iface;
    (void) error;

    g_clear_object(_return);
    *_return = g_object_ref((Item *) item);

    return TRUE;
}


static gboolean
my_about(TestIf *iface, gchar **_return, GError **error)
{
    nthrift_call_t             *call;
    const nthrift_call_info_t  *info;

    (void) iface;
    (void) error;

    call = nthrift_cglib_call();
    info = nthrift_call_info(call);

    nthrift_call_log(call, NTHRIFT_LOG_INFO, "about was here");

    g_free(*_return);
    *_return = g_strdup_printf("%s.%s %d %lld", info->service.data,
                               info->method.data, info->seqid,
                               (long long) nthrift_call_left(call));

    return TRUE;
}


/* As generated code does it when two threads come at the same time. */

static gint
my_register_again(void)
{
    GTypeInfo  info;

    memset(&info, 0, sizeof(info));
    info.class_size = sizeof(ItemClass);
    info.instance_size = sizeof(Item);

    return g_type_register_static(THRIFT_TYPE_STRUCT, "ItemType", &info, 0)
           == TYPE_ITEM;
}


static gboolean
my_refuse(TestIf *iface, gint32 *_return, const gint32 code, Refused **refused,
    GError **error)
{
    (void) iface;

    *_return = 0;

    switch (code) {

    case 0:
        return TRUE;

    case 1:
        *refused = g_object_new(TYPE_REFUSED, "code", code,
                                "why", "as declared", NULL);
        return FALSE;

    case 2:
        g_set_error_literal(error, MY_ERROR, 6, "not declared");
        return FALSE;

    case 3:
        return FALSE;

    case 4:
        *_return = my_register_again();
        return TRUE;

    default:
        g_object_ref(NULL);
        return TRUE;
    }
}


static gboolean
my_tell(TestIf *iface, const gchar *text, GError **error)
{
    (void) iface;

    if (g_strcmp0(text, "throw") == 0) {
        g_set_error_literal(error, MY_ERROR, 6, "not heard");
        return FALSE;
    }

    nthrift_call_log(nthrift_cglib_call(), NTHRIFT_LOG_INFO, "was told %s",
                     text ? text : "nothing");

    return TRUE;
}


static gboolean
my_together(TestIf *iface, gint32 *_return, const gint32 n, GError **error)
{
    gint64      until;
    gboolean    all;
    MyHandler  *handler = (MyHandler *) iface;

    until = g_get_monotonic_time() + MY_SECONDS * G_TIME_SPAN_SECOND;

    g_mutex_lock(&handler->mutex);

    handler->inside++;
    g_cond_broadcast(&handler->changed);

    while (handler->inside < n
           && g_cond_wait_until(&handler->changed, &handler->mutex, until))
    {
        /* void */
    }

    all = (handler->inside >= n);

    g_mutex_unlock(&handler->mutex);

    if (!all) {
        g_set_error_literal(error, MY_ERROR, 6, "they did not come");
        return FALSE;
    }

    *_return = n;

    return TRUE;
}


static gboolean
my_later(TestIf *iface, gint64 *_return, const gchar *how, Refused **refused,
    GError **error)
{
    (void) iface;
    (void) refused;
    (void) error;

    if (how != NULL && strcmp(how, "memory") == 0) {
        *_return = (gint64) nthrift_call_format(nthrift_cglib_call(), "%*d",
                                                99999999, 1).len;
        return TRUE;
    }

    *_return = how ? (gint64) strlen(how) : 0;

    return TRUE;
}


static void
my_handler_finalize(GObject *object)
{
    MyHandler  *handler = (MyHandler *) object;

    g_mutex_clear(&handler->mutex);
    g_cond_clear(&handler->changed);

    G_OBJECT_CLASS(my_handler_parent_class)->finalize(object);
}


static void
my_handler_class_init(MyHandlerClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = my_handler_finalize;

    klass->parent.parent.parent.low = my_low;
    klass->parent.parent.middle = my_middle;

    klass->parent.echo = my_echo;
    klass->parent.item = my_item;
    klass->parent.about = my_about;
    klass->parent.refuse = my_refuse;
    klass->parent.tell = my_tell;
    klass->parent.together = my_together;
    klass->parent.later = my_later;
}


static void
my_handler_init(MyHandler *handler)
{
    g_mutex_init(&handler->mutex);
    g_cond_init(&handler->changed);
}


/* By the arguments of the start hook. */

static gpointer
my_handler(nthrift_worker_t *worker, GError **error)
{
    const char  *text;

    text = nthrift_worker_arg(worker, "throw");

    if (text != NULL) {
        g_set_error_literal(error, MY_ERROR, 6, text);
        return NULL;
    }

    if (nthrift_worker_arg(worker, "wrong") != NULL) {
        return g_object_new(TYPE_ITEM, NULL);
    }

    return g_object_new(my_handler_get_type(), NULL);
}


NTHRIFT_CGLIB_HANDLER(Test, TYPE_TEST_PROCESSOR, my_handler(worker, error));

NTHRIFT_CGLIB_HANDLER(Middle, TYPE_MIDDLE_PROCESSOR,
                      my_handler(worker, error));

NTHRIFT_CGLIB_PROCESSOR(Nothing, NULL);
