/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_tail.c: "nthrift tail": reads an access log of JSON lines as it
 * grows, over its rotation, and shows rates, errors and times by method.
 *
 * A line must have "method", "status" and "seconds", as those of the formats in
 * docs/operations.md and conf/ do, and may have "service", "in", "out" and
 * "exception".
 */

#include "nthrift.h"
#include "nthrift_option.h"
#include "nthrift_screen.h"

#include "base/map.h"
#include "load/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>


#define TAIL_BLOCK     (256 * 1024)     /* bytes: of the arena's blocks */
#define TAIL_READ      (256 * 1024)     /* bytes: read at once */
#define TAIL_LINE      (64 * 1024)      /* bytes: of a line */
#define TAIL_POLL      200              /* milliseconds: between two looks */
#define TAIL_INTERVAL  2                /* seconds: -i */
#define TAIL_METHODS   2000             /* that are told apart */
#define TAIL_NAME      256              /* bytes */
#define TAIL_TEXT      120              /* bytes of an exception */

#define TAIL_OK        0
#define TAIL_WRONG     1
#define TAIL_USAGE     2


typedef struct {
    char                      *words[1];
    double                     interval;        /* seconds */
    unsigned                   all;
    unsigned                   once;
    unsigned                   plain;
    unsigned                   help;
    char                      *sort;
} tail_options_t;

/* What is known of a method; that of this interval is cleared with it. */

typedef struct {
    char                       name[TAIL_NAME];
    uint64_t                   calls;
    uint64_t                   errors;
    uint64_t                   declared;
    uint64_t                   in;
    uint64_t                   out;
    hist_t                     hist;            /* nanoseconds */
    char                       last[TAIL_TEXT];     /* error */
} tail_row_t;

typedef struct {
    const tail_options_t      *options;
    nthrift_arena_t           *arena;
    nthrift_map_t              map;             /* tail_row_t by its name */
    tail_row_t               **rows;            /* n, sorted when shown */
    size_t                     n;
    tail_row_t                *total;

    int                        fd;
    ino_t                      inode;
    off_t                      offset;
    char                      *line;            /* its beginning */
    size_t                     len;
    int                        skip;            /* up to its end */

    uint64_t                   lines;           /* all that were read */
    uint64_t                   unread;          /* no such lines */
    uint64_t                   rotations;
    uint64_t                   since;           /* nanoseconds */
    nthrift_screen_t           screen;
} tail_t;


static const char  tail_usage[] =
    "usage: nthrift tail [options] FILE\n"
    "\n"
    "Reads an access log with a JSON object on each line, follows it over its\n"
    "rotation, and shows rates, errors and times by method.  FILE may be -.\n"
    "\n"
    "-i SECONDS      of an interval that is shown; default 2\n"
    "--all           begin with what is in the file\n"
    "--once          read what is in the file, show all of it, and end\n"
    "--sort KEY      calls, errors, time (p99) or name; default calls\n"
    "--plain         no terminal: each interval behind the one before\n"
    "\n"
    "Keys: c, e, t, n sort; space stops and goes on; q ends.\n";


/* Rows */

static tail_row_t *
tail_row(tail_t *t, const char *service, const char *method)
{
    int             n;
    char            name[TAIL_NAME];
    tail_row_t     *row;
    nthrift_str_t   key;

    n = snprintf(name, sizeof(name), "%s%s%s", service,
                 (*service != '\0') ? "." : "", method);
    key.data = (uint8_t *) name;
    key.len = (n < (int) sizeof(name)) ? (size_t) n : sizeof(name) - 1;

    row = nthrift_map_find(&t->map, &key);

    if (row != NULL) {
        return row;
    }

    if (t->n == TAIL_METHODS - 1) {
        strcpy(name, "(others)");
    }

    if (t->n == TAIL_METHODS) {
        return t->rows[TAIL_METHODS - 1];
    }

    row = calloc(1, sizeof(tail_row_t));

    if (row == NULL) {
        nthrift_say("not enough memory");
        exit(TAIL_WRONG);
    }

    strcpy(row->name, name);
    key.data = (uint8_t *) row->name;
    key.len = strlen(row->name);
    t->rows[t->n++] = row;

    if (nthrift_map_add(&t->map, &key, row) == NTHRIFT_ERROR) {
        nthrift_say("not enough memory");
        exit(TAIL_WRONG);
    }

    return row;
}


static const char *
tail_string(const json_t *o, const char *key)
{
    const char  *s;

    s = json_string_value(json_object_get(o, key));

    return (s != NULL) ? s : "";
}


static uint64_t
tail_number(const json_t *o, const char *key)
{
    const json_t  *v;

    v = json_object_get(o, key);

    return (json_is_integer(v) && json_integer_value(v) > 0)
           ? (uint64_t) json_integer_value(v) : 0;
}


static int
tail_is_error(const char *status)
{
    return strcmp(status, "exception") == 0 || strcmp(status, "failed") == 0
           || strcmp(status, "refused") == 0 || strcmp(status, "cut") == 0;
}


static void
tail_add(tail_row_t *row, const json_t *o, const char *status, double seconds)
{
    row->calls++;
    row->in += tail_number(o, "in");
    row->out += tail_number(o, "out");
    row->declared += (strcmp(status, "declared") == 0);

    hist_add(&row->hist, (seconds > 0) ? (uint64_t) (seconds * SECOND) : 0);

    if (tail_is_error(status)) {
        row->errors++;
        snprintf(row->last, sizeof(row->last), "%s %s", status,
                 tail_string(o, "exception"));
    }
}


static void
tail_line(tail_t *t, const char *line, size_t len)
{
    json_t      *o;
    const char  *status;
    json_t      *seconds;

    if (len == 0) {
        return;
    }

    t->lines++;

    o = json_loadb(line, len, 0, NULL);
    seconds = json_object_get(o, "seconds");
    status = tail_string(o, "status");

    if (*status == '\0' || json_object_get(o, "method") == NULL
        || !json_is_number(seconds))
    {
        t->unread++;
        json_decref(o);
        return;
    }

    tail_add(tail_row(t, tail_string(o, "service"), tail_string(o, "method")),
             o, status, json_number_value(seconds));
    tail_add(t->total, o, status, json_number_value(seconds));

    json_decref(o);
}


/* The file */

/* A line that goes beyond TAIL_LINE is none. */

static void
tail_bytes(tail_t *t, const char *p, size_t n)
{
    size_t       len;
    const char  *end;

    while (n != 0) {
        end = memchr(p, '\n', n);
        len = (end != NULL) ? (size_t) (end - p) : n;

        if (t->len + len > TAIL_LINE) {
            t->skip = 1;
            t->len = 0;
        }

        if (!t->skip) {
            memcpy(t->line + t->len, p, len);
            t->len += len;
        }

        if (end == NULL) {
            return;
        }

        if (t->skip) {
            t->lines++;
            t->unread++;

        } else {
            tail_line(t, t->line, t->len);
        }

        t->len = 0;
        t->skip = 0;
        p += len + 1;
        n -= len + 1;
    }
}


static int
tail_open(tail_t *t, int end)
{
    struct stat  st;

    if (strcmp(t->options->words[0], "-") == 0) {
        t->fd = STDIN_FILENO;
        return 0;
    }

    t->fd = open(t->options->words[0], O_RDONLY | O_CLOEXEC);

    if (t->fd == -1 || fstat(t->fd, &st) != 0) {
        return -1;
    }

    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return -1;
    }

    t->inode = st.st_ino;
    t->offset = 0;
    t->len = 0;
    t->skip = 0;

    if (end && S_ISREG(st.st_mode)) {
        t->offset = lseek(t->fd, 0, SEEK_END);
    }

    return 0;
}


/* All that is there now; 1 at the end of a pipe. */

static int
tail_read(tail_t *t)
{
    ssize_t      n;
    static char  buf[TAIL_READ];

    for ( ;; ) {
        n = read(t->fd, buf, sizeof(buf));

        if (n <= 0) {
            return n == 0;
        }

        t->offset += n;
        tail_bytes(t, buf, (size_t) n);

        if (t->fd == STDIN_FILENO) {
            return 0;
        }
    }
}


/*
 * Another file has its name, or it has got shorter: it is opened again once
 * all of the old one was read.
 */

static void
tail_look(tail_t *t)
{
    int          old;
    struct stat  st;

    if (t->fd == STDIN_FILENO || stat(t->options->words[0], &st) != 0) {
        return;
    }

    if (st.st_ino == t->inode && st.st_size >= t->offset) {
        return;
    }

    old = t->fd;

    if (st.st_ino != t->inode) {
        (void) tail_read(t);
    }

    if (tail_open(t, 0) != 0) {
        t->fd = old;
        return;
    }

    close(old);
    t->rotations++;
    (void) tail_read(t);
}


/* What is shown */

static char  tail_sort_key;


static int
tail_compare(const void *a, const void *b)
{
    uint64_t           x, y;
    const tail_row_t  *l, *r;

    l = *(tail_row_t *const *) a;
    r = *(tail_row_t *const *) b;

    switch (tail_sort_key) {

    case 'e':
        x = l->errors;
        y = r->errors;
        break;

    case 't':
        x = (l->calls != 0) ? hist_value(&l->hist, 0.99) : 0;
        y = (r->calls != 0) ? hist_value(&r->hist, 0.99) : 0;
        break;

    case 'n':
        x = y = 0;
        break;

    default:
        x = l->calls;
        y = r->calls;
    }

    return (x != y) ? ((x < y) ? 1 : -1) : strcmp(l->name, r->name);
}


static void
tail_print(tail_t *t, const tail_row_t *row, double seconds)
{
    FILE  *out;

    out = t->screen.out;

    nthrift_screen_name(&t->screen, row->name, 32);
    fprintf(out, " %9.1f %6.2f %6.2f", (double) row->calls / seconds,
            (double) row->errors * 100 / (double) row->calls,
            (double) row->declared * 100 / (double) row->calls);
    fprintf(out, " %8.1f %8.1f %8.1f %8.1f",
            (double) hist_value(&row->hist, 0.5) / 1000000,
            (double) hist_value(&row->hist, 0.9) / 1000000,
            (double) hist_value(&row->hist, 0.99) / 1000000,
            (double) row->hist.max / 1000000);
    fprintf(out, " %9.0f %9.0f", (double) row->in / seconds,
            (double) row->out / seconds);

    if (row->last[0] != '\0') {
        fputs("  ", out);
        nthrift_screen_name(&t->screen, row->last, -60);
    }

    fputc('\n', out);
}


static void
tail_show(tail_t *t, double seconds)
{
    char    when[32];
    FILE   *out;
    time_t  now;
    size_t  i;

    now = time(NULL);
    (void) strftime(when, sizeof(when), "%H:%M:%S", localtime(&now));

    nthrift_screen_begin(&t->screen);
    out = t->screen.out;

    fprintf(out, "%s%s  %s  %llu lines", when,
            t->screen.paused ? "  stopped" : "",
            t->options->words[0], (unsigned long long) t->lines);

    if (t->unread != 0) {
        fprintf(out, "  %llu without \"method\", \"status\" and \"seconds\"",
                (unsigned long long) t->unread);
    }

    if (t->rotations != 0) {
        fprintf(out, "  rotated %llu times",
                (unsigned long long) t->rotations);
    }

    fprintf(out, "\n%-32s %9s %6s %6s %8s %8s %8s %8s %9s %9s  %s\n",
            "method", t->options->once ? "calls" : "calls/s", "err %", "decl %",
            "p50 ms", "p90 ms", "p99 ms", "max ms",
            t->options->once ? "in B" : "in B/s",
            t->options->once ? "out B" : "out B/s", "latest error");

    tail_sort_key = t->screen.sort;
    qsort(t->rows, t->n, sizeof(tail_row_t *), tail_compare);

    if (t->total->calls != 0) {
        tail_print(t, t->total, seconds);
    }

    for (i = 0; i < t->n; i++) {
        if (t->rows[i]->calls != 0) {
            tail_print(t, t->rows[i], seconds);
        }
    }

    if (t->screen.plain && !t->options->once) {
        fputc('\n', out);
    }

    nthrift_screen_show(&t->screen);
}


static void
tail_clear_row(tail_row_t *row)
{
    size_t  name;

    name = offsetof(tail_row_t, calls);
    memset((char *) row + name, 0, sizeof(tail_row_t) - name);
}


static void
tail_clear(tail_t *t)
{
    size_t  i;

    for (i = 0; i < t->n; i++) {
        tail_clear_row(t->rows[i]);
    }

    tail_clear_row(t->total);
    t->since = clock_ns();
}


static void
tail_follow(tail_t *t)
{
    int       key, ended;
    uint64_t  now, interval;

    interval = (uint64_t) (t->options->interval * SECOND);

    for ( ;; ) {
        key = nthrift_screen_wait(&t->screen, TAIL_POLL,
                                  (t->fd == STDIN_FILENO) ? t->fd : -1);

        if (key == NTHRIFT_SCREEN_END) {
            return;
        }

        ended = tail_read(t);
        tail_look(t);
        nthrift_screen_key(&t->screen, key);

        now = clock_ns();
        ended = (ended && t->fd == STDIN_FILENO);

        if (now - t->since >= interval || ended || key != 0) {
            if (!t->screen.paused || key != 0) {
                tail_show(t, (double) (now - t->since + 1) / SECOND);
            }
        }

        if (ended) {
            return;
        }

        if (now - t->since >= interval && !t->screen.paused) {
            tail_clear(t);
        }
    }
}


/* The time that all of it is of is unknown: there are no rates. */

static void
tail_once(tail_t *t)
{
    while (!tail_read(t)) { /* void */ }

    if (t->len != 0) {
        tail_line(t, t->line, t->len);
    }

    tail_show(t, 1);
}


static void
tail_free(tail_t *t)
{
    size_t  i;

    for (i = 0; i < t->n; i++) {
        free(t->rows[i]);
    }

    if (t->arena != NULL) {
        nthrift_arena_destroy(t->arena);
    }

    if (t->fd != -1) {
        close(t->fd);
    }

    free(t->rows);
    free(t->line);
    free(t->total);
    free(t);
}


/* Did it find no line that it can read, and some that it cannot? */

static int
tail_end(const tail_t *t)
{
    if (t->lines == 0 || t->unread != t->lines) {
        return TAIL_OK;
    }

    nthrift_say("no line of %s is a JSON object with \"method\", \"status\" "
                "and \"seconds\"; log_format of docs/operations.md makes "
                "such lines", t->options->words[0]);

    return TAIL_WRONG;
}


static tail_t *
tail_create(const tail_options_t *o)
{
    tail_t  *t;

    t = nthrift_malloc(sizeof(tail_t));
    memset(t, 0, sizeof(tail_t));

    t->options = o;
    t->arena = nthrift_arena_create(TAIL_BLOCK, 0);
    t->rows = nthrift_malloc(TAIL_METHODS * sizeof(tail_row_t *));
    t->line = nthrift_malloc(TAIL_LINE);
    t->total = nthrift_malloc(sizeof(tail_row_t));

    memset(t->total, 0, sizeof(tail_row_t));
    strcpy(t->total->name, "all");
    nthrift_map_init(&t->map, t->arena, nthrift_seed());

    return t;
}


static int
tail_run(const tail_options_t *o)
{
    int      rc;
    tail_t  *t;

    t = tail_create(o);

    if (t->arena == NULL || tail_open(t, !o->all && !o->once) != 0) {
        nthrift_say("cannot open %s: %s", o->words[0], strerror(errno));
        tail_free(t);
        return TAIL_WRONG;
    }

    nthrift_screen_open(&t->screen, o->plain || o->once, o->sort);
    tail_clear(t);

    if (o->once) {
        tail_once(t);

    } else {
        tail_follow(t);
    }

    nthrift_screen_close(&t->screen);

    rc = tail_end(t);
    tail_free(t);

    return rc;
}


static int
tail_check(const tail_options_t *o, int n)
{
    if (n == 0) {
        nthrift_say("FILE is missing: nthrift tail FILE");
        return -1;
    }

    return nthrift_screen_check(o->sort);
}


int
nthrift_tail(int argc, char **argv)
{
    int             n;
    tail_options_t  o;

    nthrift_option_t  options[] = {
        { "-i", NTHRIFT_OPTION_SECONDS, &o.interval, 0, 0 },
        { "--all", NTHRIFT_OPTION_SET, &o.all, 1, 0 },
        { "--once", NTHRIFT_OPTION_SET, &o.once, 1, 0 },
        { "--plain", NTHRIFT_OPTION_SET, &o.plain, 1, 0 },
        { "--sort", NTHRIFT_OPTION_TEXT, &o.sort, 0, 0 },
        { "--help", NTHRIFT_OPTION_SET, &o.help, 1, 0 },
        { "-h", NTHRIFT_OPTION_SET, &o.help, 1, 0 },
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    memset(&o, 0, sizeof(tail_options_t));
    o.interval = TAIL_INTERVAL;

    n = nthrift_option_parse(options, argc, argv, o.words, 1);

    if (n < 0) {
        return TAIL_USAGE;
    }

    if (o.help) {
        fputs(tail_usage, stdout);
        return TAIL_OK;
    }

    return (tail_check(&o, n) != 0) ? TAIL_USAGE : tail_run(&o);
}
