/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/host/drive.c: the host of tools/host/ for scripts: commands on standard
 * input, a line each, and a line on standard output for each of them.
 *
 *     set NAME NUMBER         threads, work, timeout, memory: options of the
 *                             next "open", see host.h
 *     arg KEY VALUE           an argument of the start hook
 *     open FILE SERVICE       "ok", or "error: ..."
 *     start, stop, close      "ok", or "failed"
 *     call HEX                an unframed message: its number, or "refused"
 *     result NUMBER           "open", "replied HEX", "failed HEX", "done" or
 *                             "cancelled REASON"
 *     leave NUMBER            the client of the call leaves
 *     free NUMBER             the call is forgotten
 *     advance MILLISECONDS    the clock moves
 *     answer MILLISECONDS HEX
 *     failure MILLISECONDS TEXT
 *                             what the next call to an upstream gets, after
 *                             so long: a result in binary, or none; such
 *                             lines may stand in a queue
 *     log                     "log N" and N lines; they are forgotten
 *
 * It ends with its input.
 */

#include "host/host.h"

#include "wire/head.h"

#include <errno.h>
#include <stdlib.h>


#define DRIVE_LINE   (16 * 1024 * 1024)
#define DRIVE_CALLS  1024
#define DRIVE_ARGS   16
#define DRIVE_TEXT   512
#define DRIVE_QUEUE  64


static host_options_t   options;
static nthrift_arg_t    args[DRIVE_ARGS];
static host_t          *host;
static host_call_t     *calls[DRIVE_CALLS];
static size_t           n_calls;


/* What upstreams answer: `text` of a failure, or the bytes of a result. */

typedef struct {
    uint32_t             msec;
    char                *text;
    uint8_t             *body;
    size_t               size;
    nthrift_failure_t    failure;
} drive_answer_t;


static drive_answer_t   answers[DRIVE_QUEUE];
static size_t           n_answers;      /* that were given so far, */
static size_t           n_asked;        /* and so many of them are used */


static void
drive_fail(const char *text)
{
    fprintf(stderr, "drive: %s\n", text);
    exit(2);
}


static char *
drive_copy(const char *s)
{
    char  *copy;

    copy = strdup(s);

    if (copy == NULL) {
        drive_fail("no memory");
    }

    return copy;
}


static unsigned long
drive_number(const char *s)
{
    char           *end;
    unsigned long   n;

    errno = 0;
    n = strtoul(s, &end, 10);

    if (end == s || *end != '\0' || errno != 0) {
        drive_fail("not a number");
    }

    return n;
}


static host_call_t **
drive_find(const char *s)
{
    unsigned long  i;

    i = drive_number(s);

    if (i >= n_calls || calls[i] == NULL) {
        drive_fail("no such call");
    }

    return &calls[i];
}


static void
drive_said(int rc)
{
    printf("%s\n", (rc == NTHRIFT_OK) ? "ok" : "failed");
}


static void
drive_set(char *name, char *value)
{
    unsigned long  n;

    n = drive_number(value);

    if (strcmp(name, "threads") == 0) {
        options.threads = (n != 0);

    } else if (strcmp(name, "work") == 0) {
        options.work = (n != 0);

    } else if (strcmp(name, "timeout") == 0) {
        options.timeout = (uint32_t) n;

    } else if (strcmp(name, "memory") == 0) {
        options.memory = n;

    } else {
        drive_fail("no such option");
    }

    printf("ok\n");
}


static void
drive_arg(char *key, char *value)
{
    if (options.n_args == DRIVE_ARGS) {
        drive_fail("too many arguments");
    }

    args[options.n_args].key = drive_copy(key);
    args[options.n_args++].value = drive_copy(value);

    printf("ok\n");
}


static unsigned
drive_digit(char c)
{
    static const char  digits[] = "0123456789abcdef";

    const char  *p;

    p = (c != '\0') ? strchr(digits, c) : NULL;

    if (p == NULL) {
        drive_fail("no hexadecimal digit");
    }

    return (unsigned) (p - digits);
}


/* The bytes take the place of their digits; returns how many. */

static size_t
drive_unhex(char *hex, uint8_t **bytes)
{
    size_t  n;

    *bytes = (uint8_t *) hex;

    for (n = 0; hex[2 * n] != '\0'; n++) {
        (*bytes)[n] = (uint8_t) (drive_digit(hex[2 * n]) << 4
                                 | drive_digit(hex[2 * n + 1]));
    }

    return n;
}


static drive_answer_t *
drive_queue(const char *msec)
{
    drive_answer_t  *answer;

    if (n_answers == DRIVE_QUEUE) {
        drive_fail("too many answers");
    }

    answer = &answers[n_answers++];
    answer->msec = (uint32_t) drive_number(msec);

    drive_said(NTHRIFT_OK);

    return answer;
}


static void
drive_answer(char *msec, char *hex)
{
    drive_answer_t  *answer;

    answer = drive_queue(msec);

    answer->text = drive_copy(hex);
    answer->size = drive_unhex(answer->text, &answer->body);
}


static void
drive_failure(char *msec, char *text)
{
    drive_answer_t  *answer;

    answer = drive_queue(msec);

    answer->text = drive_copy(text);
    answer->failure.type = NTHRIFT_EXC_INTERNAL_ERROR;
    answer->failure.text = nthrift_str_of(answer->text, strlen(text));
}


/* A host_upstream_pt */

static void
drive_upstream(void *data, const char *upstream,
    const nthrift_method_t *method, const uint8_t *body, size_t size,
    host_answer_t *answer)
{
    drive_answer_t  *next;

    static nthrift_failure_t  nobody = {
        NTHRIFT_EXC_INTERNAL_ERROR, false, nthrift_string("nobody answers")
    };

    (void) data;
    (void) upstream;
    (void) method;
    (void) body;
    (void) size;

    if (n_asked == n_answers) {
        answer->failure = &nobody;
        return;
    }

    next = &answers[n_asked++];

    answer->msec = next->msec;
    answer->body = next->body;
    answer->size = next->size;
    answer->failure = (next->body == NULL) ? &next->failure : NULL;
}


static void
drive_open(char *path, char *service)
{
    char  text[DRIVE_TEXT];

    options.args = args;
    options.upstream = drive_upstream;
    host = host_open(path, service, &options, text, sizeof(text));

    if (host == NULL) {
        printf("error: %s\n", text);
        return;
    }

    printf("ok\n");
}


static void
drive_close(char *a, char *b)
{
    (void) a;
    (void) b;

    host_close(host);
    host = NULL;

    n_calls = 0;

    while (options.n_args != 0) {
        options.n_args--;
        free((void *) args[options.n_args].key);
        free((void *) args[options.n_args].value);
    }

    while (n_answers != 0) {
        free(answers[--n_answers].text);
    }

    n_asked = 0;
    memset(answers, 0, sizeof(answers));
    memset(&options, 0, sizeof(options));

    printf("ok\n");
}


static void
drive_call(char *hex, char *b)
{
    size_t            n;
    uint8_t          *p;
    nthrift_head_t    head;
    nthrift_error_t   err = { NULL };
    nthrift_rules_t   rules;
    host_request_t    request;

    (void) b;

    n = drive_unhex(hex, &p);

    memset(&rules, 0, sizeof(rules));
    rules.transport = NTHRIFT_UNFRAMED;

    if (nthrift_head_read(&rules, p, p + n, &head, &err) != NTHRIFT_OK) {
        drive_fail("no message");
    }

    request.method = head.name;
    request.seqid = head.seqid;
    request.protocol = head.protocol;
    request.oneway = (head.type == NTHRIFT_ONEWAY);
    request.body = p + head.size;
    request.size = n - head.size;

    if (n_calls == DRIVE_CALLS) {
        drive_fail("too many calls");
    }

    calls[n_calls] = host_call(host, &request);

    if (calls[n_calls] == NULL) {
        printf("refused\n");
        return;
    }

    printf("%zu\n", n_calls++);
}


static void
drive_result(char *a, char *b)
{
    size_t                i;
    const char           *reason;
    const host_result_t  *result;

    static const char *const  ends[] = {
        "open", "replied", "failed", "done", "cancelled"
    };

    static const char *const  reasons[] = {
        "", " client", " deadline", " failed"
    };

    (void) b;

    result = host_result(*drive_find(a));
    reason = reasons[result->reason];

    printf("%s%s%s", ends[result->end], reason,
           (result->reply != NULL) ? " " : "");

    for (i = 0; i < result->size; i++) {
        printf("%02x", result->reply[i]);
    }

    printf("\n");
}


static void
drive_log(char *a, char *b)
{
    size_t       n;
    const char  *p;

    (void) a;
    (void) b;

    for (n = 0, p = host_log(host); *p != '\0'; p++) {
        n += (*p == '\n');
    }

    printf("log %zu\n%s", n, host_log(host));

    host_log_clear(host);
}


static void
drive_start(char *a, char *b)
{
    (void) a;
    (void) b;

    drive_said(host_start(host));
}


static void
drive_stop(char *a, char *b)
{
    (void) a;
    (void) b;

    host_stop(host);
    drive_said(NTHRIFT_OK);
}


static void
drive_leave(char *a, char *b)
{
    (void) b;

    host_leave(*drive_find(a));
    drive_said(NTHRIFT_OK);
}


static void
drive_free(char *a, char *b)
{
    host_call_t  **call;

    (void) b;

    call = drive_find(a);
    host_free(*call);
    *call = NULL;
    drive_said(NTHRIFT_OK);
}


static void
drive_advance(char *a, char *b)
{
    (void) b;

    host_advance(host, (uint32_t) drive_number(a));
    drive_said(NTHRIFT_OK);
}


static const struct {
    const char  *name;
    void       (*run)(char *a, char *b);
    int          open;          /* only then */

} drive_commands[] = {
    { "set", drive_set, 0 },
    { "arg", drive_arg, 0 },
    { "open", drive_open, 0 },
    { "start", drive_start, 1 },
    { "stop", drive_stop, 1 },
    { "close", drive_close, 1 },
    { "call", drive_call, 1 },
    { "result", drive_result, 1 },
    { "leave", drive_leave, 1 },
    { "free", drive_free, 1 },
    { "advance", drive_advance, 1 },
    { "answer", drive_answer, 1 },
    { "failure", drive_failure, 1 },
    { "log", drive_log, 1 },
};


/* One command; `a` and `b` are its words, empty if there are fewer. */

static void
drive_run(const char *name, char *a, char *b)
{
    size_t  i;

    for (i = 0; i < sizeof(drive_commands) / sizeof(drive_commands[0]); i++) {

        if (strcmp(drive_commands[i].name, name) != 0) {
            continue;
        }

        if (drive_commands[i].open && host == NULL) {
            drive_fail("nothing is open");
        }

        drive_commands[i].run(a, b);
        return;
    }

    drive_fail("no such command");
}


/* The word that begins behind the first blank of `s`, which ends there. */

static char *
drive_word(char *s)
{
    char  *p;

    p = s + strcspn(s, " ");

    if (*p != '\0') {
        *p++ = '\0';
    }

    return p;
}


int
main(void)
{
    char         *a, *b;
    static char   line[DRIVE_LINE];

    setvbuf(stdout, NULL, _IOLBF, 0);

    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';

        a = drive_word(line);
        b = drive_word(a);

        drive_run(line, a, b);
    }

    if (host != NULL) {
        drive_close(line, line);
    }

    return 0;
}
