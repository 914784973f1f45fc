/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/host/host.c: loads a handler, starts and stops it, and keeps what it
 * says.  First in a host's life, and last.
 */

#include "host_private.h"

#include <dlfcn.h>


static const char *host_refuse(const nthrift_handler_t *handler);
static void host_init(void);


static pthread_mutex_t    host_mutex;
static pthread_once_t     host_once = PTHREAD_ONCE_INIT;

static const char *const  host_levels[] = {
    "error", "warn", "notice", "info", "debug"
};


host_t *
host_open(const char *path, const char *service, const host_options_t *options,
    char *text, size_t size)
{
    void                     *object;
    char                      name[NTHRIFT_MAX_NAME + 32];
    const nthrift_handler_t  *handler;

    object = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (object == NULL) {
        (void) snprintf(text, size, "%s", dlerror());
        return NULL;
    }

    (void) snprintf(name, sizeof(name), "nthrift_handler_%s", service);
    handler = dlsym(object, name);

    if (handler == NULL) {
        (void) snprintf(text, size, "it has no symbol %s", name);
        return NULL;
    }

    if (strcmp(handler->service, service) != 0) {
        (void) snprintf(text, size, "it is of service %s", handler->service);
        return NULL;
    }

    return host_attach(handler, options, text, size);
}


host_t *
host_attach(const nthrift_handler_t *handler, const host_options_t *options,
    char *text, size_t size)
{
    host_t      *h;
    const char  *why;

    why = host_refuse(handler);

    if (why != NULL) {
        (void) snprintf(text, size, "%s", why);
        return NULL;
    }

    h = calloc(1, sizeof(host_t));

    if (h == NULL) {
        (void) snprintf(text, size, "no memory");
        return NULL;
    }

    pthread_once(&host_once, host_init);

    h->handler = handler;
    h->options = *options;
    h->loop = pthread_self();

    if (h->options.memory == 0) {
        h->options.memory = HOST_MEMORY;
    }

    h->worker.service = handler->service;
    h->worker.args = options->args;
    h->worker.n_args = options->n_args;

    *handler->api = &host_api;

    return h;
}


/* What is wrong with it, or NULL. */

static const char *
host_refuse(const nthrift_handler_t *handler)
{
    if (handler->abi != NTHRIFT_ABI
        || handler->size != sizeof(nthrift_handler_t))
    {
        return "it was built for another ABI";
    }

    if (handler->raw != NULL) {
        return (handler->dispatch == NULL) ? NULL : "it is raw, and is not";
    }

    return NULL;
}


/* Code of a handler's runs without the lock, but may be called with it. */

static void
host_init(void)
{
    pthread_mutexattr_t  attr;

    (void) pthread_mutexattr_init(&attr);
    (void) pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    (void) pthread_mutex_init(&host_mutex, &attr);
    (void) pthread_mutexattr_destroy(&attr);
}


void
host_lock(void)
{
    (void) pthread_mutex_lock(&host_mutex);
}


void
host_unlock(void)
{
    (void) pthread_mutex_unlock(&host_mutex);
}


void
host_wait(pthread_cond_t *cond)
{
    (void) pthread_cond_wait(cond, &host_mutex);
}


int
host_start(host_t *h)
{
    int  rc;

    rc = NTHRIFT_OK;

    if (h->handler->start != NULL) {
        rc = h->handler->start(&h->worker);
    }

    h->started = (rc == NTHRIFT_OK);

    if (!h->started) {
        host_event_remove_all(h, NULL);
    }

    return rc;
}


void
host_stop(host_t *h)
{
    host_call_t  *call;

    if (!h->started) {
        return;
    }

    for (call = h->calls; call != NULL; call = call->next) {
        host_leave(call);
    }

    host_advance(h, 0);

    if (h->handler->stop != NULL) {
        h->handler->stop(&h->worker);
    }

    host_event_remove_all(h, NULL);
    h->started = false;
}


void
host_close(host_t *h)
{
    host_stop(h);

    while (h->calls != NULL) {
        host_free(h->calls);
    }

    free(h->log);
    free(h);
}


host_t *
host_of(nthrift_worker_t *worker)
{
    return (host_t *) worker;
}


bool
host_in_loop(const host_t *h)
{
    return pthread_equal(h->loop, pthread_self());
}


/* "error: text\n" */

void
host_write_log(host_t *h, int level, const char *text, size_t len)
{
    char        *log;
    size_t       size;
    const char  *name;

    if (level < NTHRIFT_LOG_ERROR) {
        level = NTHRIFT_LOG_ERROR;
    }

    if (level > NTHRIFT_LOG_DEBUG) {
        level = NTHRIFT_LOG_DEBUG;
    }

    name = host_levels[level - NTHRIFT_LOG_ERROR];
    size = strlen(name) + sizeof(": \n") - 1 + len;

    host_lock();

    log = realloc(h->log, h->log_len + size + 1);

    if (log != NULL) {
        h->log = log;
        (void) snprintf(log + h->log_len, size + 1, "%s: %.*s\n", name,
                        (int) len, text);
        h->log_len += strlen(log + h->log_len);
    }

    host_unlock();

    if (h->options.verbose) {
        fprintf(stderr, "%s: %.*s\n", name, (int) len, text);
    }
}


const char *
host_log(const host_t *h)
{
    return (h->log != NULL) ? h->log : "";
}


void
host_log_clear(host_t *h)
{
    host_lock();

    free(h->log);
    h->log = NULL;
    h->log_len = 0;

    host_unlock();
}
