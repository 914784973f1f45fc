/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Apache's library for c_glib as a reader: see t/agree/run.  A reader that
 * does not come to an end where its buffer does is killed, and another process
 * goes on with the next message.
 *
 *     read_glib CORPUS OUT
 */

#include "svc.h"

#include <thrift/c_glib/thrift.h>
#include <thrift/c_glib/processor/thrift_processor.h>
#include <thrift/c_glib/protocol/thrift_binary_protocol.h>
#include <thrift/c_glib/protocol/thrift_compact_protocol.h>
#include <thrift/c_glib/transport/thrift_memory_buffer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>


#define TAIL       4096
#define LINE       65536
#define PATIENCE   100000       /* microseconds of CPU for one message */


/* The service: its method returns 7. */

typedef struct { SvcHandler parent; } Seven;
typedef struct { SvcHandlerClass parent; } SevenClass;

G_DEFINE_TYPE(Seven, seven, TYPE_SVC_HANDLER)


static gboolean
seven_call(SvcIf *iface, gint32 *result, const Body *body, GError **error)
{
    (void) iface;
    (void) body;
    (void) error;

    *result = 7;

    return TRUE;
}


static void
seven_init(Seven *self)
{
    (void) self;
}


static void
seven_class_init(SevenClass *class)
{
    SVC_HANDLER_CLASS(class)->call = seven_call;
}


static ThriftProtocol *
make(int binary, const guint8 *bytes, gsize n, GByteArray **array)
{
    ThriftTransport  *transport;

    *array = g_byte_array_new();
    g_byte_array_append(*array, bytes, (guint) n);

    transport = g_object_new(THRIFT_TYPE_MEMORY_BUFFER, "buf", *array, NULL);

    return g_object_new(binary ? THRIFT_TYPE_BINARY_PROTOCOL
                               : THRIFT_TYPE_COMPACT_PROTOCOL,
                        "transport", transport, NULL);
}


static void
read_message(ThriftProcessor *processor, int binary, const guint8 *bytes,
    gsize n, FILE *out)
{
    GError            *error;
    gboolean           goes_on;
    GByteArray        *in_array, *out_array;
    ThriftProtocol    *in, *answer;

    static const struct itimerval  timer = { { 0, 0 }, { 0, PATIENCE } };

    setitimer(ITIMER_VIRTUAL, &timer, NULL);

    error = NULL;
    in = make(binary, bytes, n + TAIL, &in_array);
    answer = make(binary, bytes, 0, &out_array);

    goes_on = thrift_processor_process(processor, in, answer, &error);

    fprintf(out, "%s\t%zu\n", goes_on ? "on" : "closes",
            (size_t) (n + TAIL - in_array->len));
    fflush(out);

    g_clear_error(&error);
    g_object_unref(in);
    g_object_unref(answer);
}


static void
read_line(ThriftProcessor *processor, char *line, FILE *out)
{
    int       binary;
    char     *number, *hex;
    gsize     i, n;
    unsigned  byte;
    guint8   *bytes;

    number = strtok(line, "\t");
    binary = (strcmp(strtok(NULL, "\t"), "binary") == 0);
    hex = strtok(NULL, "\t");

    n = strlen(hex) / 2;
    bytes = g_malloc0(n + TAIL);

    for (i = 0; i < n; i++) {
        sscanf(hex + 2 * i, "%2x", &byte);
        bytes[i] = (guint8) byte;
    }

    fprintf(out, "%s\t", number);
    fflush(out);

    read_message(processor, binary, bytes, n, out);
    g_free(bytes);
}


static void
read_lines(ThriftProcessor *processor, const char *corpus, long *read,
    FILE *out)
{
    long         i;
    FILE        *in;
    static char  line[LINE];

    in = fopen(corpus, "r");

    for (i = 0; fgets(line, sizeof(line), in) != NULL; i++) {

        if (i >= *read) {
            *read = i + 1;
            read_line(processor, line, out);
        }
    }

    _exit(0);
}


int
main(int argc, char **argv)
{
    int               status;
    long             *read;
    FILE             *out;
    pid_t             pid;
    ThriftProcessor  *processor;

    if (argc != 3) {
        return 2;
    }

    out = fopen(argv[2], "a");
    read = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    processor = g_object_new(TYPE_SVC_PROCESSOR, "handler",
                             g_object_new(seven_get_type(), NULL), NULL);

    for ( ;; ) {
        pid = fork();

        if (pid == 0) {
            read_lines(processor, argv[1], read, out);
        }

        if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status)) {
            return WEXITSTATUS(status);
        }

        fprintf(out, "%s\t0\n",
                (WTERMSIG(status) == SIGVTALRM) ? "more" : "crashes");
        fflush(out);
    }
}
