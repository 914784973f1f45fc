/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_channel.h.
 *
 * The pair and the page live as long as the master, in static variables: the
 * module's object stays loaded from one configuration to the next.  A process
 * learns its own generation from the master, before the fork: read later, the
 * page could already tell of the next.
 *
 * Workers of an older generation stop receiving as soon as they see that they
 * are; those of the newest receive even while they shut down, for older ones
 * may not have seen yet that nobody follows.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_CHANNEL_TURN   4      /* letters, then others come */
#define NGX_STREAM_THRIFT_CHANNEL_PAUSE  50     /* ms: there is no room */
#define NGX_STREAM_THRIFT_CHANNEL_RETRY  5      /* ms: the channel is full */

/* This part of the connections is not filled from here. */

#define NGX_STREAM_THRIFT_CHANNEL_SPARE  16

/* Of so many workers it is known whether they shut down. */

#define NGX_STREAM_THRIFT_CHANNEL_WORKERS  256


typedef struct {
    ngx_atomic_t  generation;       /* of the newest configuration */
    ngx_atomic_t  wish;
    ngx_atomic_t  nworkers;         /* that it has */

    /* by their numbers: twice the generation, and one more at the end */

    ngx_atomic_t  workers[NGX_STREAM_THRIFT_CHANNEL_WORKERS];
} ngx_stream_thrift_page_t;


typedef union {
    struct cmsghdr  header;
    u_char          space[CMSG_SPACE(sizeof(int))];
} ngx_stream_thrift_control_t;


static ngx_int_t ngx_stream_thrift_channel_create(ngx_cycle_t *cycle);
static void ngx_stream_thrift_channel_cleanup(void *data);
static void ngx_stream_thrift_channel_destroy(ngx_log_t *log);
static void ngx_stream_thrift_channel_tell(ngx_uint_t quits);
static void ngx_stream_thrift_channel_event(ngx_event_t *rev);
static void ngx_stream_thrift_channel_quit(ngx_connection_t *c);
static void ngx_stream_thrift_channel_stop(ngx_connection_t *c);
static void ngx_stream_thrift_channel_pause(ngx_event_t *rev);
static ngx_uint_t ngx_stream_thrift_channel_crowded(ngx_connection_t *c);
static ngx_int_t ngx_stream_thrift_channel_receive(ngx_connection_t *c);
static void ngx_stream_thrift_channel_write(void *data);
static void ngx_stream_thrift_channel_envelope(struct msghdr *msg,
    struct iovec *iov, ngx_stream_thrift_control_t *control, size_t size);


static struct {
    ngx_stream_thrift_page_t      *page;
    ngx_shm_t                      shm;
    ngx_socket_t                   pair[2];         /* to send, to receive */
    ngx_cycle_t                   *cycle;           /* the newest */
    ngx_uint_t                     generation;      /* of this process */

    ngx_stream_thrift_receive_pt   receive;
    void                         (*told)(void);
    void                         (*sent)(void);

    ngx_thrift_timer_t             timer;           /* set: a letter waits */
    ngx_socket_t                   fd;              /* that goes with it */
    size_t                         size;

    u_char                         letter[NGX_STREAM_THRIFT_LETTER];
} ngx_stream_thrift_channel = { .pair = { -1, -1 } };


void
ngx_stream_thrift_channel_configure(ngx_cycle_t *cycle, ngx_uint_t wish)
{
    ngx_core_conf_t           *ccf;
    ngx_stream_thrift_page_t  *page;

    if (ngx_stream_thrift_channel_create(cycle) != NGX_OK) {
        return;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);
    page = ngx_stream_thrift_channel.page;

    page->wish = wish;
    page->nworkers = ngx_min(ccf->worker_processes,
                             NGX_STREAM_THRIFT_CHANNEL_WORKERS);
    ngx_memory_barrier();
    page->generation++;

    ngx_stream_thrift_channel.cycle = cycle;
    ngx_stream_thrift_channel.generation = page->generation;
}


static ngx_int_t
ngx_stream_thrift_channel_create(ngx_cycle_t *cycle)
{
    ngx_shm_t           *shm;
    ngx_socket_t        *pair;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_stream_thrift_channel_cleanup;
    cln->data = cycle;

    if (ngx_stream_thrift_channel.page) {
        return NGX_OK;
    }

    shm = &ngx_stream_thrift_channel.shm;
    pair = ngx_stream_thrift_channel.pair;

    shm->size = sizeof(ngx_stream_thrift_page_t);
    shm->log = cycle->log;
    ngx_str_set(&shm->name, "thrift_handover");

    if (ngx_shm_alloc(shm) != NGX_OK) {
        return NGX_ERROR;
    }

    if (socketpair(AF_UNIX, SOCK_SEQPACKET|SOCK_NONBLOCK|SOCK_CLOEXEC, 0, pair)
        == -1)
    {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "socketpair() failed, clients stay with old workers "
                      "at a reload");

        pair[0] = (ngx_socket_t) -1;
        pair[1] = (ngx_socket_t) -1;
    }

    ngx_stream_thrift_channel.page = (ngx_stream_thrift_page_t *) shm->addr;

    return NGX_OK;
}


/* Of the last configuration that has the module loaded. */

static void
ngx_stream_thrift_channel_cleanup(void *data)
{
    if (ngx_stream_thrift_channel.cycle == data) {
        ngx_stream_thrift_channel_destroy(ngx_cycle->log);
    }
}


static void
ngx_stream_thrift_channel_destroy(ngx_log_t *log)
{
    ngx_uint_t     i;
    ngx_socket_t  *pair;

    pair = ngx_stream_thrift_channel.pair;

    for (i = 0; i < 2; i++) {
        if (pair[i] != (ngx_socket_t) -1) {
            (void) ngx_close_socket(pair[i]);
            pair[i] = (ngx_socket_t) -1;
        }
    }

    ngx_stream_thrift_channel.shm.log = log;
    ngx_shm_free(&ngx_stream_thrift_channel.shm);
    ngx_stream_thrift_channel.page = NULL;
}


ngx_int_t
ngx_stream_thrift_channel_open(ngx_cycle_t *cycle,
    ngx_stream_thrift_receive_pt receive, void (*told)(void))
{
    ngx_socket_t       fd;
    ngx_connection_t  *c;

    fd = ngx_stream_thrift_channel.pair[1];

    if (fd == (ngx_socket_t) -1) {
        return NGX_OK;
    }

    ngx_stream_thrift_channel.receive = receive;
    ngx_stream_thrift_channel.told = told;

    ngx_thrift_timer_init(&ngx_stream_thrift_channel.timer,
                          ngx_stream_thrift_channel_write, NULL, cycle->log, 0);

    c = ngx_get_connection(fd, cycle->log);

    if (c == NULL) {
        /* too few worker_connections, which is logged; others receive */
        ngx_stream_thrift_channel_tell(1);
        return NGX_OK;
    }

    ngx_stream_thrift_channel_tell(0);

    /* nginx shall neither miss it at the end nor close it then */

    c->read->channel = 1;
    c->write->channel = 1;

    /* ... but tell it of the end */

    c->idle = 1;

    c->read->handler = ngx_stream_thrift_channel_event;
    c->read->log = cycle->log;
    c->read->cancelable = 1;
    c->log = cycle->log;

    /* by level: letters that others might take are left where they are */

    return ngx_add_event(c->read, NGX_READ_EVENT, 0);
}


/*
 * A worker that was told to quit alone has others beside it, and a successor
 * that has its number.
 */

static void
ngx_stream_thrift_channel_tell(ngx_uint_t quits)
{
    ngx_uint_t     generation;
    ngx_atomic_t  *worker;

    if (ngx_worker >= NGX_STREAM_THRIFT_CHANNEL_WORKERS) {
        return;
    }

    generation = ngx_stream_thrift_channel_generation();
    worker = &ngx_stream_thrift_channel.page->workers[ngx_worker];

    if (*worker / 2 <= generation) {
        *worker = 2 * generation + quits;
    }
}


static void
ngx_stream_thrift_channel_event(ngx_event_t *rev)
{
    ngx_uint_t         i;
    ngx_connection_t  *c;

    c = rev->data;

    if (c->close) {
        c->close = 0;
        ngx_stream_thrift_channel_quit(c);
        return;
    }

    if (rev->timedout) {
        rev->timedout = 0;

        if (!rev->active && ngx_add_event(rev, NGX_READ_EVENT, 0) != NGX_OK) {
            return;
        }
    }

    for (i = 0; i < NGX_STREAM_THRIFT_CHANNEL_TURN; i++) {

        if (ngx_stream_thrift_channel_generation()
            != ngx_stream_thrift_channel_newest())
        {
            ngx_stream_thrift_channel_stop(c);
            return;
        }

        if (ngx_stream_thrift_channel_crowded(c)) {
            ngx_stream_thrift_channel_pause(rev);
            return;
        }

        if (ngx_stream_thrift_channel_receive(c) != NGX_OK) {
            return;
        }
    }
}


/* The worker shuts down, for there is a newer one, or for all do. */

static void
ngx_stream_thrift_channel_quit(ngx_connection_t *c)
{
    c->idle = 0;

    if (ngx_stream_thrift_channel_generation()
        == ngx_stream_thrift_channel_newest())
    {
        ngx_stream_thrift_channel_tell(1);

        /* with nothing left to do the worker would exit before the next turn */

        while (!ngx_stream_thrift_channel_crowded(c)
               && ngx_stream_thrift_channel_receive(c) == NGX_OK)
        {
            /* void */
        }

    } else {
        ngx_stream_thrift_channel_stop(c);
    }

    ngx_stream_thrift_channel.told();
}


static void
ngx_stream_thrift_channel_stop(ngx_connection_t *c)
{
    if (c->read->timer_set) {
        ngx_del_timer(c->read);
    }

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
    }
}


static void
ngx_stream_thrift_channel_pause(ngx_event_t *rev)
{
    if (ngx_del_event(rev, NGX_READ_EVENT, 0) == NGX_OK) {
        ngx_add_timer(rev, NGX_STREAM_THRIFT_CHANNEL_PAUSE);
    }
}


/*
 * With few connections left nginx would close idle ones to get more; and with
 * as many files open as may be, what goes with a letter would be lost.
 */

static ngx_uint_t
ngx_stream_thrift_channel_crowded(ngx_connection_t *c)
{
    int  fd;

    if (ngx_cycle->free_connection_n
        <= ngx_cycle->connection_n / NGX_STREAM_THRIFT_CHANNEL_SPARE + 1)
    {
        return 1;
    }

    fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 0);

    if (fd == -1) {
        return 1;
    }

    (void) close(fd);

    return 0;
}


static ngx_int_t
ngx_stream_thrift_channel_receive(ngx_connection_t *c)
{
    int                           fd;
    ssize_t                       n;
    ngx_err_t                     err;
    struct iovec                  iov;
    struct msghdr                 msg;
    struct cmsghdr               *cmsg;
    ngx_stream_thrift_control_t   control;

    ngx_stream_thrift_channel_envelope(&msg, &iov, &control,
                                       NGX_STREAM_THRIFT_LETTER);

    n = recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC);

    if (n == -1) {
        err = ngx_socket_errno;

        if (err != NGX_EAGAIN && err != NGX_EINTR) {
            ngx_log_error(NGX_LOG_ALERT, c->log, err, "recvmsg() failed");
        }

        return NGX_AGAIN;
    }

    cmsg = CMSG_FIRSTHDR(&msg);

    if (cmsg == NULL
        || cmsg->cmsg_level != SOL_SOCKET
        || cmsg->cmsg_type != SCM_RIGHTS
        || cmsg->cmsg_len != CMSG_LEN(sizeof(int)))
    {
        /* a thread of a handler has opened the last file meanwhile */

        ngx_log_error(NGX_LOG_CRIT, c->log, 0,
                      "connection of a client is lost at reload: "
                      "too many open files");
        return NGX_OK;
    }

    ngx_memcpy(&fd, CMSG_DATA(cmsg), sizeof(int));

    ngx_stream_thrift_channel.receive(fd, ngx_stream_thrift_channel.letter,
                                      (size_t) n);

    return NGX_OK;
}


/* For the letter, of `size` bytes, and one descriptor. */

static void
ngx_stream_thrift_channel_envelope(struct msghdr *msg, struct iovec *iov,
    ngx_stream_thrift_control_t *control, size_t size)
{
    iov->iov_base = ngx_stream_thrift_channel.letter;
    iov->iov_len = size;

    ngx_memzero(msg, sizeof(struct msghdr));
    ngx_memzero(control, sizeof(ngx_stream_thrift_control_t));

    msg->msg_iov = iov;
    msg->msg_iovlen = 1;
    msg->msg_control = control;
    msg->msg_controllen = sizeof(ngx_stream_thrift_control_t);
}


ngx_uint_t
ngx_stream_thrift_channel_generation(void)
{
    return ngx_stream_thrift_channel.generation;
}


ngx_uint_t
ngx_stream_thrift_channel_newest(void)
{
    return ngx_stream_thrift_channel.page
           ? ngx_stream_thrift_channel.page->generation : 0;
}


ngx_uint_t
ngx_stream_thrift_channel_wish(void)
{
    return (ngx_stream_thrift_channel.pair[0] == (ngx_socket_t) -1)
           ? NGX_STREAM_THRIFT_KEEP : ngx_stream_thrift_channel.page->wish;
}


/* One that is about to begin, or to come back, has not told so. */

ngx_uint_t
ngx_stream_thrift_channel_ended(void)
{
    ngx_uint_t                 i, newest;
    ngx_stream_thrift_page_t  *page;

    page = ngx_stream_thrift_channel.page;
    newest = ngx_stream_thrift_channel_newest();

    if (page == NULL || ngx_stream_thrift_channel_generation() == newest) {
        return 1;
    }

    for (i = 0; i < page->nworkers; i++) {
        if (page->workers[i] != 2 * newest + 1) {
            return 0;
        }
    }

    return 1;
}


ngx_uint_t
ngx_stream_thrift_channel_busy(void)
{
    return ngx_stream_thrift_channel.timer.set;
}


u_char *
ngx_stream_thrift_channel_letter(void)
{
    return ngx_stream_thrift_channel.letter;
}


void
ngx_stream_thrift_channel_send(ngx_socket_t fd, size_t size,
    void (*sent)(void))
{
    ngx_stream_thrift_channel.fd = fd;
    ngx_stream_thrift_channel.size = size;
    ngx_stream_thrift_channel.sent = NULL;

    ngx_stream_thrift_channel_write(NULL);

    ngx_stream_thrift_channel.sent = sent;
}


/* The timer is not cancelable: the worker stays as long as a letter waits. */

static void
ngx_stream_thrift_channel_write(void *data)
{
    int                           fd;
    ssize_t                       n;
    ngx_err_t                     err;
    struct iovec                  iov;
    struct msghdr                 msg;
    struct cmsghdr               *cmsg;
    ngx_stream_thrift_control_t   control;

    fd = ngx_stream_thrift_channel.fd;

    ngx_stream_thrift_channel_envelope(&msg, &iov, &control,
                                       ngx_stream_thrift_channel.size);

    cmsg = CMSG_FIRSTHDR(&msg);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));

    ngx_memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));

    n = sendmsg(ngx_stream_thrift_channel.pair[0], &msg, 0);
    err = (n == -1) ? ngx_socket_errno : 0;

    if (err == NGX_EAGAIN || err == NGX_EINTR || err == ENOBUFS
        || err == ENOMEM || err == ETOOMANYREFS)
    {
        ngx_thrift_timer_set(&ngx_stream_thrift_channel.timer,
                             ngx_current_msec
                             + NGX_STREAM_THRIFT_CHANNEL_RETRY);
        return;
    }

    if (err) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, err, "sendmsg() failed");
    }

    (void) ngx_close_socket(fd);

    if (ngx_stream_thrift_channel.sent) {
        ngx_stream_thrift_channel.sent();
    }
}
