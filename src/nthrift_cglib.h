/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_cglib.h: hosts in nginx what Apache's compiler makes of a service
 * with "thrift --gen c_glib", as it is.  One line makes a shared object for
 * the directive thrift_handler of it:
 *
 *     #include "gen-c_glib/ping_pong.h"
 *     #include "nthrift_cglib.h"
 *
 *     ... a GObject class MyPingPong that is derived from PingPongHandler ...
 *
 *     NTHRIFT_CGLIB_HANDLER(PingPong, TYPE_PING_PONG_PROCESSOR,
 *                           g_object_new(my_ping_pong_get_type(), NULL))
 *
 * The handler object is made once in each worker process, when that starts.
 * The expression may use the variable "worker" (nthrift_worker_t *), for
 * instance nthrift_worker_arg(worker, "database"), and set "error" (GError **)
 * and give NULL: the error log says then why the service does not start.
 *
 * A method that returns has replied.  Meanwhile nginx waits, unless it is
 * told to run methods on threads ("threads=" of thrift_handler): then several
 * methods of the one object run at the same time, and it has to be made for
 * that.
 *
 * A GError that is not declared is a TApplicationException for the client, as
 * in Apache's server.  What GLib says while a method runs goes to nginx's
 * error log; a critical is not fatal, whatever G_DEBUG says.  A type of
 * GLib's is there once in a process: of all loaded objects only one can have
 * the code of a service.
 *
 * Apache Thrift 0.17 or newer.  docs/adapters.md has the details.
 */

#ifndef NTHRIFT_CGLIB_H
#define NTHRIFT_CGLIB_H

#include "nthrift_handler.h"

#include <dlfcn.h>

#include <glib-object.h>

#include <thrift/c_glib/thrift_application_exception.h>
#include <thrift/c_glib/processor/thrift_dispatch_processor.h>
#include <thrift/c_glib/protocol/thrift_binary_protocol.h>
#include <thrift/c_glib/protocol/thrift_compact_protocol.h>
#include <thrift/c_glib/transport/thrift_transport.h>

G_BEGIN_DECLS


/* In static storage: gcc 12's LeakSanitizer fails at any other. */

#define NTHRIFT_CGLIB_TLS                                                     \
    NTHRIFT_HIDDEN __thread __attribute__((tls_model("initial-exec")))


NTHRIFT_CGLIB_TLS nthrift_call_t    *nthrift_cglib_current;
NTHRIFT_CGLIB_TLS nthrift_worker_t  *nthrift_cglib_starting;
NTHRIFT_CGLIB_TLS gpointer           nthrift_cglib_dispatching;

NTHRIFT_HIDDEN GLogFunc  nthrift_cglib_log_before;
NTHRIFT_HIDDEN void    (*nthrift_cglib_dispose_before)(GObject *object);


/*
 * The call whose method runs on this thread; NULL elsewhere.  For what
 * nthrift_handler.h offers: logs, the deadline, who calls.
 */
static inline nthrift_call_t *
nthrift_cglib_call(void)
{
    return nthrift_cglib_current;
}


/*
 * The message and its reply, as a transport.  In place of ThriftMemoryBuffer:
 * it moves all of its bytes for each number that is read, and gives none at
 * its end for ever (0.17), so that a message could hold up nginx for hours.
 */

typedef struct {
    ThriftTransport   parent;
    const uint8_t    *p;
    const uint8_t    *last;
    GByteArray       *reply;
} nthrift_cglib_buffer_t;

typedef struct {
    ThriftTransportClass  parent;
} nthrift_cglib_buffer_class_t;


static inline gint32
nthrift_cglib_read(ThriftTransport *transport, gpointer buf, guint32 len,
    GError **error)
{
    nthrift_cglib_buffer_t  *b = (nthrift_cglib_buffer_t *) transport;

    if (len > (gsize) (b->last - b->p) || len > G_MAXINT32) {
        g_set_error_literal(error, THRIFT_TRANSPORT_ERROR,
                            THRIFT_TRANSPORT_ERROR_RECEIVE,
                            "the message has ended");
        return -1;
    }

    if (len != 0) {
        memcpy(buf, b->p, len);
        b->p += len;
    }

    return (gint32) len;
}


static inline gboolean
nthrift_cglib_write(ThriftTransport *transport, const gpointer buf,
    const guint32 len, GError **error)
{
    nthrift_cglib_buffer_t  *b = (nthrift_cglib_buffer_t *) transport;

    if (len > (guint) G_MAXINT32 - b->reply->len) {
        g_set_error_literal(error, THRIFT_TRANSPORT_ERROR,
                            THRIFT_TRANSPORT_ERROR_SEND,
                            "the reply is too long for Thrift");
        return FALSE;
    }

    (void) g_byte_array_append(b->reply, (const guint8 *) buf, len);

    return TRUE;
}


static inline gboolean
nthrift_cglib_is_open(ThriftTransport *transport)
{
    (void) transport;

    return TRUE;
}


static inline gboolean
nthrift_cglib_nothing(ThriftTransport *transport, GError **error)
{
    (void) transport;
    (void) error;

    return TRUE;
}


static inline void
nthrift_cglib_finalize(GObject *object)
{
    GObjectClass            *parent;
    nthrift_cglib_buffer_t  *b = (nthrift_cglib_buffer_t *) object;

    (void) g_byte_array_unref(b->reply);

    parent = (GObjectClass *) g_type_class_peek(THRIFT_TYPE_TRANSPORT);
    parent->finalize(object);
}


static inline void
nthrift_cglib_class_init(gpointer klass, gpointer data)
{
    ThriftTransportClass  *transport = (ThriftTransportClass *) klass;

    (void) data;

    G_OBJECT_CLASS(klass)->finalize = nthrift_cglib_finalize;

    transport->is_open = nthrift_cglib_is_open;
    transport->open = nthrift_cglib_nothing;
    transport->close = nthrift_cglib_nothing;
    transport->read = nthrift_cglib_read;
    transport->read_all = nthrift_cglib_read;
    transport->read_end = nthrift_cglib_nothing;
    transport->write = nthrift_cglib_write;
    transport->write_end = nthrift_cglib_nothing;
    transport->flush = nthrift_cglib_nothing;
}


/* Its name is this shared object's own: see the top. */

static inline GType
nthrift_cglib_type(void)
{
    GType         made;
    gchar        *name;
    static gsize  type = 0;

    if (g_once_init_enter(&type)) {
        name = g_strdup_printf("NthriftCglibBuffer%p", (void *) &type);

        made = g_type_register_static_simple(
                   THRIFT_TYPE_TRANSPORT, name,
                   sizeof(nthrift_cglib_buffer_class_t),
                   nthrift_cglib_class_init,
                   sizeof(nthrift_cglib_buffer_t), NULL, (GTypeFlags) 0);

        g_free(name);
        g_once_init_leave(&type, made);
    }

    return (GType) type;
}


/* nginx has looked through the bytes: they are limited all the same. */

static inline nthrift_cglib_buffer_t *
nthrift_cglib_buffer(const uint8_t *data, size_t size)
{
    nthrift_cglib_buffer_t  *b;

    b = (nthrift_cglib_buffer_t *)
            g_object_new(nthrift_cglib_type(),
                         "remainingmessagesize", (glong) size,
                         "knowmessagesize", (glong) size, NULL);
    b->p = data;
    b->last = data + size;
    b->reply = g_byte_array_new();

    return b;
}


static inline ThriftProtocol *
nthrift_cglib_protocol(unsigned protocol, nthrift_cglib_buffer_t *transport)
{
    return (ThriftProtocol *)
               g_object_new(protocol == NTHRIFT_COMPACT
                                ? THRIFT_TYPE_COMPACT_PROTOCOL
                                : THRIFT_TYPE_BINARY_PROTOCOL,
                            "transport", transport, NULL);
}


/* Its levels would be lost, had something gone wrong in one of them. */

static inline void
nthrift_cglib_protocol_free(ThriftProtocol *protocol)
{
    if (THRIFT_IS_COMPACT_PROTOCOL(protocol)) {
        g_queue_clear(&((ThriftCompactProtocol *) protocol)->_last_field);
    }

    g_object_unref(protocol);
}


/* The log says so, too: the client need not be ours. */

static inline void
nthrift_cglib_say(nthrift_call_t *call, nthrift_log_e level, const char *what,
    const char *text)
{
    const nthrift_call_info_t  *info;

    info = nthrift_call_info(call);

    if (info != NULL) {
        nthrift_call_log(call, level, "%.*s %s: %s",
                         NTHRIFT_ARG(info->method), what, text);
    }
}


static inline void
nthrift_cglib_fail(nthrift_call_t *call, const char *text)
{
    if (nthrift_call_fail(call, "%s", text) == NTHRIFT_OK) {
        nthrift_cglib_say(call, NTHRIFT_LOG_ERROR, "failed", text);
    }
}


/* The client's fault, not ours. */

static inline void
nthrift_cglib_refuse(nthrift_call_t *call, const char *text)
{
    if (nthrift_call_fail_type(call, NTHRIFT_EXC_PROTOCOL_ERROR, "%s", text)
        == NTHRIFT_OK)
    {
        nthrift_cglib_say(call, NTHRIFT_LOG_INFO, "cannot be read", text);
    }
}


/* The text of a TApplicationException that is the processor's reply. */

static inline gchar *
nthrift_cglib_exception(unsigned protocol, const GByteArray *reply)
{
    gchar              *name, *text;
    gint32              seqid;
    GObject            *exception;
    ThriftProtocol     *in;
    ThriftMessageType   type;

    nthrift_cglib_buffer_t  *b;

    name = NULL;
    text = NULL;

    b = nthrift_cglib_buffer(reply->data, reply->len);
    in = nthrift_cglib_protocol(protocol, b);
    exception = (GObject *) g_object_new(THRIFT_TYPE_APPLICATION_EXCEPTION,
                                         NULL);

    if (thrift_protocol_read_message_begin(in, &name, &type, &seqid, NULL) > 0
        && thrift_struct_read((ThriftStruct *) exception, in, NULL) > 0)
    {
        g_object_get(exception, "message", &text, NULL);
    }

    g_free(name);
    g_object_unref(exception);
    nthrift_cglib_protocol_free(in);
    g_object_unref(b);

    if (text == NULL || *text == '\0') {
        g_free(text);
        text = g_strdup("an exception without a text");
    }

    return text;
}


/* The type of a message that has a head. */

static inline unsigned
nthrift_cglib_message_type(unsigned protocol, const GByteArray *message)
{
    return (protocol == NTHRIFT_COMPACT) ? message->data[1] >> 5
                                         : message->data[3];
}


/*
 * What the processor has written goes to the client.  An exception that is
 * not declared is the handler's fault, and is logged; after a oneway method it
 * is all that there is.
 */

static inline void
nthrift_cglib_answer(nthrift_call_t *call, unsigned protocol,
    const GByteArray *reply)
{
    gchar     *text;
    gboolean   oneway;

    oneway = nthrift_call_info(call) != NULL
             && nthrift_call_info(call)->oneway;

    if (reply->len < 4) {

        if (oneway) {
            (void) nthrift_call_done(call);

        } else {
            nthrift_cglib_fail(call, "the processor has written no reply");
        }

        return;
    }

    if (nthrift_cglib_message_type(protocol, reply) == T_EXCEPTION) {
        text = nthrift_cglib_exception(protocol, reply);

        if (oneway) {
            nthrift_cglib_fail(call, text);
            g_free(text);
            return;
        }

        nthrift_cglib_say(call, NTHRIFT_LOG_ERROR, "failed", text);
        g_free(text);
    }

    (void) nthrift_call_reply_raw(call, reply->data, reply->len);
}


/*
 * Can the library read all of it?  A processor that finds out only when it has
 * begun loses what it has read (0.17).  Then the message is read again.
 */

static inline gboolean
nthrift_cglib_readable(ThriftProtocol *in, nthrift_cglib_buffer_t *b,
    GError **error)
{
    gchar              *name;
    gint32              seqid;
    gboolean            readable;
    const uint8_t      *p;
    ThriftMessageType   type;

    name = NULL;
    p = b->p;

    readable = thrift_protocol_read_message_begin(in, &name, &type, &seqid,
                                                  error) >= 0
               && thrift_protocol_skip(in, T_STRUCT, error) >= 0;

    g_free(name);
    b->p = p;

    return readable;
}


static inline void
nthrift_cglib_process(nthrift_call_t *call, const nthrift_raw_t *message,
    ThriftProcessor *processor)
{
    GError          *error;
    ThriftProtocol  *in, *out;

    nthrift_cglib_buffer_t  *b;

    error = NULL;

    b = nthrift_cglib_buffer(message->data, message->size);
    in = nthrift_cglib_protocol(message->protocol, b);
    out = nthrift_cglib_protocol(message->protocol, b);

    if (!nthrift_cglib_readable(in, b, &error)) {
        nthrift_cglib_refuse(call, error ? error->message
                                         : "the protocol does not say why");

    } else if (thrift_processor_process(processor, in, out, &error)) {
        nthrift_cglib_answer(call, message->protocol, b->reply);

    } else {
        nthrift_cglib_fail(call, error ? error->message
                                       : "the processor has failed");
    }

    g_clear_error(&error);

    nthrift_cglib_protocol_free(in);
    nthrift_cglib_protocol_free(out);
    g_object_unref(b);
}


/*
 * Generated code registers its types without a lock: of two threads that come
 * at the same time one finds the name taken, and the type would be lost.  All
 * code of this shared object calls this function in place of GLib's: who comes
 * second gets what the first one has registered.
 */

#ifndef RTLD_NEXT
#define RTLD_NEXT  ((void *) -1L)
#endif

typedef GType (*nthrift_cglib_register_pt)(GType parent, const gchar *name,
    const GTypeInfo *info, GTypeFlags flags);


NTHRIFT_HIDDEN GType nthrift_cglib_register(GType parent, const gchar *name,
    const GTypeInfo *info, GTypeFlags flags)
    __asm__("g_type_register_static");

GType
nthrift_cglib_register(GType parent, const gchar *name, const GTypeInfo *info,
    GTypeFlags flags)
{
    void   *fn;
    GType   type;

    nthrift_cglib_register_pt  next;

    static GMutex       mutex;
    static GHashTable  *types;      /* that are this object's own, by name */

    fn = dlsym(RTLD_NEXT, "g_type_register_static");

    if (fn == NULL) {
        return 0;
    }

    memcpy(&next, &fn, sizeof(fn));

    g_mutex_lock(&mutex);

    if (types == NULL) {
        types = g_hash_table_new(g_str_hash, g_str_equal);
    }

    type = (GType) g_hash_table_lookup(types, name);

    if (type == 0) {
        type = next(parent, name, info, flags);

        if (type != 0) {
            (void) g_hash_table_insert(types, (gpointer) g_type_name(type),
                                       (gpointer) type);
        }
    }

    g_mutex_unlock(&mutex);

    return type;
}


/* The handler's only method. */

static inline void
nthrift_cglib_raw(nthrift_call_t *call, const nthrift_raw_t *message)
{
    ThriftProcessor  *processor;

    processor = (ThriftProcessor *) nthrift_call_state(call);

    if (processor == NULL || message->size > G_MAXINT32) {
        nthrift_cglib_fail(call, processor
                                 ? "the message is too long for Thrift"
                                 : "the service has not started");
        return;
    }

    nthrift_cglib_current = call;

    nthrift_cglib_process(call, message, processor);

    nthrift_cglib_current = NULL;
}


/*
 * In a service that extends another one, a method that neither has sends the
 * code of 0.17 round in circles: what the first ancestor of all finds behind
 * itself is the parent of the processor's own class.  In that place stands
 * this function.  It goes on with the parent's code if that is asked for a
 * processor of the parent's type, and else with what answers to methods that
 * are unknown.
 */

static inline gboolean
nthrift_cglib_dispatch(ThriftDispatchProcessor *processor, ThriftProtocol *in,
    ThriftProtocol *out, gchar *name, gint32 seqid, GError **error)
{
    gboolean                       rc;
    gpointer                       fn, before;
    ThriftDispatchProcessorClass   own, *klass;

    before = nthrift_cglib_dispatching;

    fn = g_type_get_qdata(G_OBJECT_TYPE(processor),
                          g_quark_from_static_string("nthrift-dispatch"));

    if (fn == NULL || before == processor) {
        klass = (ThriftDispatchProcessorClass *)
                    g_type_class_peek(THRIFT_TYPE_DISPATCH_PROCESSOR);

        return klass->dispatch_call(processor, in, out, name, seqid, error);
    }

    memcpy(&own.dispatch_call, &fn, sizeof(fn));

    nthrift_cglib_dispatching = processor;

    rc = own.dispatch_call(processor, in, out, name, seqid, error);

    nthrift_cglib_dispatching = before;

    return rc;
}


static inline void
nthrift_cglib_end_circle(ThriftProcessor *processor)
{
    GType                          parent;
    gpointer                       fn;
    ThriftDispatchProcessorClass  *klass;

    parent = g_type_parent(G_OBJECT_TYPE(processor));

    if (parent == THRIFT_TYPE_DISPATCH_PROCESSOR
        || !g_type_is_a(parent, THRIFT_TYPE_DISPATCH_PROCESSOR))
    {
        return;
    }

    klass = (ThriftDispatchProcessorClass *) g_type_class_peek(parent);

    if (klass->dispatch_call == nthrift_cglib_dispatch) {
        return;
    }

    memcpy(&fn, &klass->dispatch_call, sizeof(fn));
    g_type_set_qdata(parent, g_quark_from_static_string("nthrift-dispatch"),
                     fn);

    klass->dispatch_call = nthrift_cglib_dispatch;
}


/*
 * Generated structs do not call their parent's finalize, and what GLib keeps
 * of an object beside it would stay behind: some 100 bytes a call.
 */

static inline void
nthrift_cglib_dispose(GObject *object)
{
    nthrift_cglib_dispose_before(object);

    g_datalist_clear(&object->qdata);
}


/* Before the first class of a struct takes over what stands here. */

static inline void
nthrift_cglib_keep_nothing(void)
{
    GObjectClass  *klass;

    if (nthrift_cglib_dispose_before == NULL) {
        klass = (GObjectClass *) g_type_class_ref(THRIFT_TYPE_STRUCT);

        nthrift_cglib_dispose_before = klass->dispose;
        klass->dispose = nthrift_cglib_dispose;
    }
}


/* A processor of that type for the handler, which it takes; NULL: none. */

static inline ThriftProcessor *
nthrift_cglib_processor(GType type, gpointer handler, GError **error)
{
    gpointer          taken;
    ThriftProcessor  *processor;

    if (handler == NULL) {
        return NULL;
    }

    taken = NULL;
    processor = (ThriftProcessor *) g_object_new(type, "handler", handler,
                                                 NULL);
    g_object_unref(handler);

    if (processor == NULL) {
        return NULL;
    }

    g_object_get(processor, "handler", &taken, NULL);

    if (taken != NULL) {
        g_object_unref(taken);
        return processor;
    }

    g_set_error(error, THRIFT_APPLICATION_EXCEPTION_ERROR,
                THRIFT_APPLICATION_EXCEPTION_ERROR_INTERNAL_ERROR,
                "a %s does not take this handler", g_type_name(type));

    g_object_unref(processor);

    return NULL;
}


/* What GLib says: of a call, of a service that starts, or of neither. */

static inline void
nthrift_cglib_log(const gchar *domain, GLogLevelFlags flags,
    const gchar *message, gpointer data)
{
    nthrift_log_e  level;

    (void) data;

    if (domain == NULL) {
        domain = "GLib";
    }

    if (flags & (G_LOG_LEVEL_ERROR|G_LOG_LEVEL_CRITICAL)) {
        level = NTHRIFT_LOG_ERROR;

    } else if (flags & G_LOG_LEVEL_WARNING) {
        level = NTHRIFT_LOG_WARN;

    } else if (flags & G_LOG_LEVEL_MESSAGE) {
        level = NTHRIFT_LOG_NOTICE;

    } else {
        level = (flags & G_LOG_LEVEL_INFO) ? NTHRIFT_LOG_INFO
                                           : NTHRIFT_LOG_DEBUG;
    }

    if (nthrift_cglib_current != NULL) {
        nthrift_call_log(nthrift_cglib_current, level, "%s: %s", domain,
                         message);

    } else if (nthrift_cglib_starting != NULL) {
        nthrift_worker_log(nthrift_cglib_starting, level, "%s: %s", domain,
                           message);

    } else {
        nthrift_cglib_log_before(domain, flags, message, NULL);
    }
}


/* Once in a process, also when this object has several services. */

static inline void
nthrift_cglib_take_log(void)
{
    if (nthrift_cglib_log_before == NULL) {
        nthrift_cglib_log_before = g_log_set_default_handler(nthrift_cglib_log,
                                                             NULL);
    }

    (void) g_log_set_always_fatal((GLogLevelFlags) G_LOG_FATAL_MASK);
}


/* The hooks. */

static inline int
nthrift_cglib_start(nthrift_worker_t *worker,
    ThriftProcessor *(*make)(nthrift_worker_t *worker, GError **error))
{
    GError           *error;
    ThriftProcessor  *processor;

    error = NULL;

    nthrift_cglib_take_log();
    nthrift_cglib_keep_nothing();

    nthrift_cglib_starting = worker;

    processor = make(worker, &error);

    nthrift_cglib_starting = NULL;

    if (processor == NULL) {
        nthrift_worker_log(worker, NTHRIFT_LOG_ERROR, "%s",
                           error ? error->message : "there is no processor");
        g_clear_error(&error);

        return NTHRIFT_ERROR;
    }

    g_clear_error(&error);

    nthrift_cglib_end_circle(processor);
    worker->state = processor;

    return NTHRIFT_OK;
}


static inline void
nthrift_cglib_stop(nthrift_worker_t *worker)
{
    if (worker->state != NULL) {
        g_object_unref(worker->state);
        worker->state = NULL;
    }
}


/* The service's name, the generated processor's type, the handler object. */

#define NTHRIFT_CGLIB_HANDLER(service, type, ...)                             \
    NTHRIFT_CGLIB_PROCESSOR(service,                                          \
        nthrift_cglib_processor(type, (gpointer) (__VA_ARGS__), error))


/* A processor that is made in another way: an expression of ThriftProcessor *
   (or NULL), which may use worker and error as above. */

#define NTHRIFT_CGLIB_PROCESSOR(service, ...)                                 \
                                                                              \
static ThriftProcessor *                                                      \
nthrift_cglib_make_ ## service(nthrift_worker_t *worker, GError **error)      \
{                                                                             \
    (void) worker;                                                            \
    (void) error;                                                             \
                                                                              \
    return (ThriftProcessor *) (__VA_ARGS__);                                 \
}                                                                             \
                                                                              \
                                                                              \
static int                                                                    \
nthrift_cglib_start_ ## service(nthrift_worker_t *worker)                     \
{                                                                             \
    return nthrift_cglib_start(worker, nthrift_cglib_make_ ## service);       \
}                                                                             \
                                                                              \
                                                                              \
NTHRIFT_EXPORT extern const nthrift_handler_t  nthrift_handler_ ## service;   \
                                                                              \
const nthrift_handler_t  nthrift_handler_ ## service = {                      \
    NTHRIFT_ABI,                                                              \
    sizeof(nthrift_handler_t),                                                \
    #service,                                                                 \
    &nthrift_api,                                                             \
    NULL,                                                                     \
    0,                                                                        \
    NULL,                                                                     \
    nthrift_cglib_start_ ## service,                                          \
    nthrift_cglib_stop,                                                       \
    nthrift_cglib_raw                                                         \
}


G_END_DECLS

#endif /* NTHRIFT_CGLIB_H */
