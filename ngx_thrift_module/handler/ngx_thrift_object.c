/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Between a file and a running handler stands a copy, in memory that nobody
 * can write to any more: replacing or overwriting the file is harmless, and
 * all workers of one configuration run the same code, also one that is
 * started again later.  The master never opens it: dlopen() runs code of the
 * object, and gives back the old object for a name that it has seen.
 */

#include "ngx_thrift.h"

#include <dlfcn.h>
#include <poll.h>


#define NGX_THRIFT_OBJECT_BLOCK    65536    /* bytes, copied at a time */
#define NGX_THRIFT_OBJECT_SECONDS  5        /* for loading it */

/* The first byte that a child sends. */

#define NGX_THRIFT_OBJECT_GOOD     'g'
#define NGX_THRIFT_OBJECT_BAD      'b'


static ngx_int_t ngx_thrift_object_copy(ngx_conf_t *cf, ngx_str_t *path,
    ngx_fd_t to);
static ngx_fd_t ngx_thrift_object_memory(ngx_conf_t *cf);
static ngx_int_t ngx_thrift_object_seal(ngx_conf_t *cf, ngx_fd_t fd);
static void ngx_thrift_object_close(void *data);
static ngx_int_t ngx_thrift_object_wait(pid_t pid, int fd, ngx_uint_t n,
    ngx_pool_t *pool, ngx_uint_t *wrong, ngx_str_t *why);
static void ngx_thrift_object_child(ngx_array_t *objects,
    ngx_thrift_object_check_pt check, void *data, int fd);
static ngx_uint_t ngx_thrift_object_listen(int fd, char *verdict);
static ngx_int_t ngx_thrift_object_say(char *text, int status,
    ngx_pool_t *pool, ngx_str_t *why);


#ifdef MFD_ALLOW_SEALING

ngx_thrift_object_t *
ngx_thrift_object_create(ngx_conf_t *cf, ngx_str_t *path)
{
    ngx_pool_cleanup_t   *cln;
    ngx_thrift_object_t  *object;

    object = ngx_pcalloc(cf->pool, sizeof(ngx_thrift_object_t));
    if (object == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    object->path = *path;

    object->fd = ngx_thrift_object_memory(cf);
    if (object->fd == NGX_INVALID_FILE) {
        return NULL;
    }

    cln->handler = ngx_thrift_object_close;
    cln->data = object;

    if (ngx_thrift_object_copy(cf, path, object->fd) != NGX_OK
        || ngx_thrift_object_seal(cf, object->fd) != NGX_OK)
    {
        return NULL;
    }

    return object;
}


static ngx_fd_t
ngx_thrift_object_memory(ngx_conf_t *cf)
{
    ngx_fd_t    fd;
    ngx_uint_t  flags;

    flags = MFD_CLOEXEC|MFD_ALLOW_SEALING;
    fd = NGX_INVALID_FILE;

#ifdef MFD_EXEC
    fd = memfd_create("thrift_handler", flags|MFD_EXEC);
#endif

    if (fd == NGX_INVALID_FILE) {
        fd = memfd_create("thrift_handler", flags);
    }

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "memfd_create() failed");
    }

    return fd;
}


static ngx_int_t
ngx_thrift_object_seal(ngx_conf_t *cf, ngx_fd_t fd)
{
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW
                               |F_SEAL_WRITE)
        == -1)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "fcntl(F_ADD_SEALS) failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}

#else

ngx_thrift_object_t *
ngx_thrift_object_create(ngx_conf_t *cf, ngx_str_t *path)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "handlers need memfd_create(), which this platform "
                       "does not have");
    return NULL;
}

#endif


static ngx_int_t
ngx_thrift_object_copy(ngx_conf_t *cf, ngx_str_t *path, ngx_fd_t to)
{
    u_char     *buf;
    ssize_t     n;
    ngx_fd_t    fd;
    ngx_int_t   rc;

    buf = ngx_palloc(cf->temp_pool, NGX_THRIFT_OBJECT_BLOCK);
    if (buf == NULL) {
        return NGX_ERROR;
    }

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", path);
        return NGX_ERROR;
    }

    rc = NGX_OK;

    for ( ;; ) {
        n = ngx_read_fd(fd, buf, NGX_THRIFT_OBJECT_BLOCK);

        if (n == 0) {
            break;
        }

        if (n == -1) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                               ngx_read_fd_n " \"%V\" failed", path);
            rc = NGX_ERROR;
            break;
        }

        if (ngx_write_fd(to, buf, n) != n) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                               "copying \"%V\" to memory failed", path);
            rc = NGX_ERROR;
            break;
        }
    }

    (void) ngx_close_file(fd);

    return rc;
}


static void
ngx_thrift_object_close(void *data)
{
    ngx_thrift_object_t  *object = data;

    (void) ngx_close_file(object->fd);
}


ngx_int_t
ngx_thrift_object_open(ngx_thrift_object_t *object, char *text, size_t size)
{
    char        name[sizeof("/proc//fd/") + 2 * NGX_INT64_LEN];
    size_t      len;
    const char  *error;

    /*
     * A name that no other object of this process has had; debuggers and
     * profilers can open it, too.
     */

    *ngx_sprintf((u_char *) name, "/proc/%P/fd/%d", ngx_pid, object->fd) = 0;

    object->handle = dlopen(name, RTLD_NOW|RTLD_LOCAL);

    if (object->handle) {
        return NGX_OK;
    }

    error = dlerror();
    len = ngx_strlen(name);

    if (access("/proc/self/fd", X_OK) != 0) {
        error = "handlers are opened through /proc, which is not mounted";
    }

    /* it says where it looked: that is not what was written */

    if (ngx_strncmp(error, name, len) == 0
        && error[len] == ':' && error[len + 1] == ' ')
    {
        error += len + 2;
    }

    (void) ngx_cpystrn((u_char *) text, (u_char *) error, size);

    return NGX_ERROR;
}


/* A fork costs as much as nginx is large; so there is one for all. */

ngx_int_t
ngx_thrift_object_check_all(ngx_array_t *objects,
    ngx_thrift_object_check_pt check, void *data, ngx_pool_t *pool,
    ngx_uint_t *wrong, ngx_str_t *why)
{
    int        fds[2];
    pid_t      pid;
    ngx_int_t  rc;

    *wrong = 0;

    if (objects->nelts == 0) {
        return NGX_OK;
    }

    if (pipe(fds) == -1) {
        ngx_str_set(why, "pipe() failed");
        return NGX_ERROR;
    }

    pid = fork();

    if (pid == 0) {
        (void) close(fds[0]);
        ngx_thrift_object_child(objects, check, data, fds[1]);
        /* not reached */
    }

    (void) close(fds[1]);

    if (pid == -1) {
        ngx_str_set(why, "fork() failed");
        rc = NGX_ERROR;

    } else {
        rc = ngx_thrift_object_wait(pid, fds[0], objects->nelts, pool, wrong,
                                    why);
    }

    (void) close(fds[0]);

    return rc;
}


/* One verdict for each object, in their order, until one is wrong. */

static ngx_int_t
ngx_thrift_object_wait(pid_t pid, int fd, ngx_uint_t n, ngx_pool_t *pool,
    ngx_uint_t *wrong, ngx_str_t *why)
{
    int         status;
    char        verdict[NGX_THRIFT_OBJECT_TEXT];
    ngx_uint_t  i, heard;

    heard = 1;

    for (i = 0; i < n; i++) {
        heard = ngx_thrift_object_listen(fd, verdict);

        if (!heard || verdict[0] != NGX_THRIFT_OBJECT_GOOD) {
            break;
        }
    }

    if (!heard) {
        /* it has ended, or has to */
        (void) kill(pid, SIGKILL);
    }

    status = 0;

    while (waitpid(pid, &status, 0) == -1 && ngx_errno == NGX_EINTR) {
        /* void */
    }

    if (i == n) {
        return NGX_OK;
    }

    *wrong = i;

    return ngx_thrift_object_say(heard ? verdict + 1 : NULL, status, pool, why);
}


static void
ngx_thrift_object_child(ngx_array_t *objects, ngx_thrift_object_check_pt check,
    void *data, int fd)
{
    char                   verdict[NGX_THRIFT_OBJECT_TEXT];
    sigset_t               set;
    ngx_int_t              rc;
    ngx_uint_t             i;
    ngx_thrift_object_t  **object;

    static const int  signals[] = {
        SIGALRM, SIGCHLD, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT
    };

    /* the master's ways with signals are not the objects' business */

    ngx_pid = ngx_getpid();

    for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        (void) signal(signals[i], SIG_DFL);
    }

    sigemptyset(&set);
    (void) sigprocmask(SIG_SETMASK, &set, NULL);

    object = objects->elts;
    rc = NGX_OK;

    for (i = 0; i < objects->nelts && rc == NGX_OK; i++) {

        (void) alarm(NGX_THRIFT_OBJECT_SECONDS);

        ngx_memzero(verdict, sizeof(verdict));

        rc = ngx_thrift_object_open(object[i], verdict + 1,
                                    sizeof(verdict) - 1);

        if (rc == NGX_OK) {
            rc = check(object[i], data, verdict + 1, sizeof(verdict) - 1);
        }

        verdict[0] = (rc == NGX_OK) ? NGX_THRIFT_OBJECT_GOOD
                                    : NGX_THRIFT_OBJECT_BAD;

        if (write(fd, verdict, sizeof(verdict)) != sizeof(verdict)) {
            _exit(2);
        }
    }

    _exit(0);
}


/*
 * The next verdict of the child, which it writes at once; what it has started
 * may hold the pipe open, so its end is not waited for.
 */

static ngx_uint_t
ngx_thrift_object_listen(int fd, char *verdict)
{
    int            rc;
    ssize_t        n;
    struct pollfd  pfd;

    pfd.fd = fd;
    pfd.events = POLLIN;

    do {
        rc = poll(&pfd, 1, 1000 * NGX_THRIFT_OBJECT_SECONDS);
    } while (rc == -1 && ngx_errno == NGX_EINTR);

    if (rc != 1) {
        return 0;
    }

    do {
        n = read(fd, verdict, NGX_THRIFT_OBJECT_TEXT);
    } while (n == -1 && ngx_errno == NGX_EINTR);

    return n == NGX_THRIFT_OBJECT_TEXT;
}


/* `text` NULL: the child has not come to its end. */

static ngx_int_t
ngx_thrift_object_say(char *text, int status, ngx_pool_t *pool, ngx_str_t *why)
{
    u_char  *p;

    p = ngx_pnalloc(pool, NGX_THRIFT_OBJECT_TEXT);
    if (p == NULL) {
        ngx_str_set(why, "no memory");
        return NGX_ERROR;
    }

    why->data = p;

    if (text) {
        p = ngx_cpymem(p, text, ngx_strlen(text));

    } else if (WIFSIGNALED(status)
               && (WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGKILL))
    {
        p = ngx_sprintf(p, "it takes longer than %d seconds to load",
                        NGX_THRIFT_OBJECT_SECONDS);

    } else if (WIFSIGNALED(status)) {
        p = ngx_sprintf(p, "it crashes when it is loaded: signal %d",
                        WTERMSIG(status));

    } else {
        p = ngx_sprintf(p, "it exits when it is loaded: code %d",
                        WEXITSTATUS(status));
    }

    why->len = p - why->data;

    return NGX_ERROR;
}
