#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A handler that does not get the memory that it asks for: its call fails, and
# says why; no client gets an empty value in place of one that there was no
# memory for.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, log => 'info');

$t->handler('needy', idl => <<'EOF', source => <<'EOF');
exception Refused { 1: string why }

service Needy {
    /** A text of that length, made in the given way. */
    string text(1: string how, 2: i32 n) throws (1: Refused refused),

    oneway void tell(1: i32 n),

    list<i32> numbers(1: list<i32> numbers),

    string other(1: string text)
}
EOF
#include "needy.h"


static const int32_t  zeros[20000];


static int
is(nthrift_str_t s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}


static void
on_other(nthrift_call_t *call, const nthrift_failure_t *failure,
    const Needy_other_result_t *result, void *data)
{
    (void) data;

    if (failure != NULL) {
        nthrift_call_fail(call, "failure: %.*s", NTHRIFT_ARG(failure->text));
        return;
    }

    Needy_text_reply(call, result->success);
}


static void
on_join(nthrift_call_t *call, void *data)
{
    nthrift_str_t  *s = data;

    Needy_text_reply(call, *s);
}


static void
do_work(void *data)
{
    *(nthrift_str_t *) data = NTHRIFT_STR("worked");
}


/* All that there is. */

static void
fill(nthrift_call_t *call)
{
    while (nthrift_call_alloc(call, 4096) != NULL) { /* void */ }
    while (nthrift_call_alloc(call, 8) != NULL) { /* void */ }
}


static void
text(nthrift_call_t *call, const Needy_text_args_t *args)
{
    Refused_t           refused;
    nthrift_str_t       s, how, *later;
    Needy_other_args_t  ask;

    how = args->how;

    if (is(how, "format")) {
        Needy_text_reply(call, nthrift_call_format(call, "%*d", args->n, 1));

    } else if (is(how, "copy")) {
        s.data = (uint8_t *) zeros;
        s.len = (size_t) args->n;
        Needy_text_reply(call, nthrift_call_copy(call, s));

    } else if (is(how, "throw")) {
        refused.why = nthrift_call_format(call, "%*d", args->n, 1);
        Needy_text_throw_refused(call, refused);

    } else if (is(how, "fail")) {
        s = nthrift_call_format(call, "%*d", args->n, 1);
        nthrift_call_fail(call, "because: %.*s", NTHRIFT_ARG(s));

    } else if (is(how, "need")) {
        s = nthrift_str_of(nthrift_call_need(call, (size_t) args->n), 0);
        Needy_text_reply(call, s);

    } else if (is(how, "look")) {
        if (nthrift_call_alloc(call, (size_t) args->n) == NULL) {
            Needy_text_reply(call, NTHRIFT_STR("without"));
            return;
        }

        Needy_text_reply(call, NTHRIFT_STR("with"));

    } else if (is(how, "forget")) {
        (void) nthrift_call_alloc(call, (size_t) args->n);

    } else if (is(how, "ask")) {
        ask.text = nthrift_call_format(call, "%*d", args->n, 1);
        Needy_other_call(call, "backend", &ask, on_other, NULL);

    } else if (is(how, "join")) {
        later = nthrift_call_alloc(call, sizeof(nthrift_str_t));

        if (args->n != 0) {
            fill(call);
        }

        (void) nthrift_call_work(call, "pool", do_work, NULL, later);
        (void) nthrift_call_join(call, on_join, later);

    } else if (is(how, "info")) {
        fill(call);
        Needy_text_reply(call, nthrift_call_info(call)->method);

    } else {
        Needy_text_reply(call, NTHRIFT_STR("?"));
    }
}


static void
tell(nthrift_call_t *call, const Needy_tell_args_t *args)
{
    (void) nthrift_call_format(call, "%*d", args->n, 1);
}


static void
numbers(nthrift_call_t *call, const Needy_numbers_args_t *args)
{
    nthrift_list_i32_t  list;

    (void) args;

    list.n = sizeof(zeros) / sizeof(zeros[0]);
    list.items = zeros;

    (void) nthrift_call_alloc(call, 4000);

    Needy_numbers_reply(call, list);
}


static void
other(nthrift_call_t *call, const Needy_other_args_t *args)
{
    Needy_other_reply(call, args->text);
}


Needy_HANDLER(.text = text, .tell = tell, .numbers = numbers, .other = other)
EOF

$t->write_conf(<<'EOF');

%%TEST_GLOBALS%%

thread_pool  pool  threads=1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_idl  %%TESTDIR%%/gen-needy/needy.thrift;

    log_format  calls  '$thrift_method $thrift_status $status '
                       '$thrift_exception';
    access_log  %%TESTDIR%%/access.log  calls;

    upstream backend {
        server  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen  127.0.0.1:%%PORT_loop%%;

        thrift_handler_memory  64k;

        thrift_service Needy {
            thrift_handler  %%TESTDIR%%/needy.so;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_threads%%;

        thrift_handler_memory  64k;

        thrift_service Needy {
            thrift_handler  %%TESTDIR%%/needy.so  threads=pool;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_unchecked%%;

        thrift_validate  off;

        thrift_service Needy {
            thrift_handler  %%TESTDIR%%/needy.so;
        }
    }
}

EOF

my $backend = $t->backend('backend');

$t->run();

my $refused = '6 handler needs more memory than "thrift_handler_memory" allows';
my $c;

for my $where (qw(loop threads)) {
    $c = $t->client($where);

    for my $how (qw(format copy throw fail need forget)) {
        is(text($how, 70000), $refused, "$where: $how, too much");
    }

    is(text('format', 3), '  1', "$where: format");
    is(text('copy', 3), "\0\0\0", "$where: copy");
    is(text('throw', 3), 'throws 1', "$where: throw");
    is(text('fail', 3), '6 because:   1', "$where: fail");
    is(text('look', 70000), 'without', "$where: one that looks");
    is(text('look', 100), 'with', "$where: one that gets it");
    is(text('info', 0), 'text', "$where: what is known needs no memory");
}

$t->expect_log(qr/\[error\].*handler\ needs\ more\ memory\ than
                  \ "thrift_handler_memory".*call:\ "text"/x);
ok($t->wait_log(qr/^text exception 500 INTERNAL_ERROR: handler needs/,
                'access.log'), 'in the access log');

$c = $t->client('loop');

$c->oneway('tell', [ [ 1, i32 => 70000 ] ]);
ok($t->wait_log(qr/^tell failed 500 INTERNAL_ERROR: handler needs/,
                'access.log'), 'oneway');

is(answer($c->call('numbers', [ [ 1, list => [ i32 => 1 ] ] ])),
   q(6 handler's reply needs more memory than "thrift_handler_memory" allows),
   'a reply that is too large');
$t->expect_log(qr/\[error\].*handler's reply needs more memory/);

# nothing is asked or waited for with an empty value

is(text('ask', 10), 'backend', 'a call');
is(text('ask', 70000), '6 handler needs more memory than'
                       . ' "thrift_handler_memory" allows', 'is not made');
is($backend->calls('other'), 1, 'the server was asked once');

is(text('join', 0), 'worked', 'work');
is(text('join', 1), $refused, 'that is not done');
$t->expect_log(qr/\[error\].*no memory for a handler's work/);

# what is malformed is not what needs memory

$c = $t->client('unchecked', protocol => 'compact');

is(answer($c->call('numbers', "\x19\x15" . "\xff" x 6 . "\x01\0")),
   '7 arguments cannot be read: malformed body', 'malformed number');
ok($t->grep_log(qr/\[info\].*client sent arguments that cannot be read: malf/),
   'is logged');

$t->done();


sub text {
    my ($how, $n) = @_;

    return answer($c->call('text', [ [ 1, string => $how ], [ 2, i32 => $n ] ]));
}
