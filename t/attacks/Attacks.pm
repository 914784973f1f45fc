# SPDX-License-Identifier: BSD-2-Clause

package Attacks;

# The attacks of "make attacks", a row for each:
#
#     [ name, { what it needs }, sub { the attack, and what has to come of it } ]
#
# server    of "users", by its name in t/matrix/Servers.pm; cpp
# format    its dialect; framed-binary
# env       of that server
# handlers  of this folder or of t/data/handler
# conf      servers of its own
# prepare   code, before nginx is started
# victim    the port that the victim calls; users
# workers, connections

use strict;
use warnings;

use Exporter qw(import);
use Test::More;
use Time::HiRes qw(sleep);

use Hostile;
use Test::Thrift;
use Test::Thrift::Bytes;

our @EXPORT = qw(attacks);

my $ECHO = [ [ 1, string => 'x' ] ];
my $TOO_MUCH = qr/^6 overloaded: calls hold too much memory/;

my @ELEMENTS = ('list of longer elements', 'list of shorter elements',
                'list of longer elements, a call that goes on');
my @UUIDS = ('undeclared uuid', 'undeclared uuid, a call in it',
             'uuid in containers');


my %IDL = (hold => '%%TOP%%/t/attacks/hold.thrift',
           null => '%%TOP%%/t/data/handler/null.thrift');


# a server of its own for a handler

sub hosted {
    my ($port, $service, $more) = @_;

    my $file = lc $service;

    return <<"EOC";

    server {
        listen      127.0.0.1:%%PORT_$port%%  backlog=1024;
        thrift_idl  $IDL{$file};
        @{[ $more // '' ]}

        thrift_service $service {
            thrift_handler  %%TESTDIR%%/$file.so;
        }
    }
EOC
}


sub passed {
    my ($port, $where, $more) = @_;

    return <<"EOC";

    server {
        listen       127.0.0.1:%%PORT_$port%%  backlog=1024;
        thrift_pass  $where;
        @{[ $more // '' ]}
    }
EOC
}

my $PEERS = 'thrift_idl %%TOP%%/t/peers/peers.thrift;';

my $TEN = <<'EOC' . passed('other', 'one', $PEERS);

    upstream ten { server 127.0.0.1:%%PORT_first%%; thrift_keepalive 5; }
    upstream one { server 127.0.0.1:%%PORT_one%%; }
EOC

my $ONE = "upstream one { server 127.0.0.1:%%PORT_one%%; }\n";


# --- what servers read otherwise --------------------------------------------

my @BODIES = (
    [ 'list of other elements', {}, sub {
        my $a = shift;
        $a->rounds(2, 'users', @ELEMENTS) } ],

    [ 'list of other elements, not checked', { victim => 'unchecked' }, sub {
        my $a = shift;
        $a->rounds(2, 'unchecked', @ELEMENTS) } ],

    (map { my $format = $_;
           [ "undeclared uuid, thriftpy2 $format",
             { server => 'thriftpy2', format => $format }, sub {
                 my $a = shift;
                 $a->rounds(2, 'users', @UUIDS) } ] }
         qw(framed-binary buffered-binary)),

    [ 'names that servers read otherwise', { conf => <<'EOC' }, \&names ],

    server {
        listen      127.0.0.1:%%PORT_forbidden%%;
        thrift_idl  %%TOP%%/t/peers/peers.thrift;

        thrift_service Peer {
            thrift_pass  users;

            thrift_method tell { thrift_return INTERNAL_ERROR "no"; }
        }
    }
EOC

    [ 'calls in the wrong transport',
      { format => 'buffered-binary', victim => 'unchecked' }, sub {
          my $a = shift;
          $a->rounds(2, 'unchecked', 'other transport, oneway',
                     'other transport, call') } ],

    [ 'a service with a typo, and latin1', { server => 'python' }, sub {
        my $a = shift;
        $a->rounds(2, 'users', 'unknown service', 'text that is not UTF-8',
                   'unknown method of a service') } ],

    [ 'a typo and latin1, not checked',
      { server => 'python', victim => 'unchecked' },
      sub {
          my $a = shift;
          $a->rounds(2, 'unchecked', 'unknown service',
                     'text that is not UTF-8', 'unknown method of a service')
      } ],
);


sub names {
    my ($a) = @_;

    my $c = $a->client('forbidden');

    $a->again(1.5, sub {
        for (qw(Peer:tell Peer::tell :tell tell Peer:Peer:tell)) {
            $c->oneway($_, [ [ 1, string => 'forbidden' ] ]);
        }
    });

    # on either server

    is(answer($c->call('told', [ [ 1, string => 'forbidden' ] ])), 0,
       'not executed') for 1 .. 4;
}


# --- servers that others wait for -------------------------------------------

my @SERVERS = (
    [ 'calls that miss their deadline', { conf => passed('deadline', 'users',
        'thrift_timeout 200ms;') }, sub {
        my $a = shift;
        my $n = 0;
        $a->again(3, sub {
            my $c = $a->client('deadline');
            $n++ if answer($c->call('sleep', [ [ 1, i32 => 400 ] ]))
                    =~ /^6 timed out after 2\d\dms/;
        });
        cmp_ok($n, '>', 8, 'are timed out') } ],

    [ 'servers that close after 3 s', { server => 'aio' }, sub {
        my $a = shift;
        my $c = $a->client('users');
        $a->again(7, sub {
            is(answer($c->call('echoString', $ECHO)), 'x', 'a call');
            sleep(0.05);
        }) } ],

    [ 'a server that repeats replies', { conf => $ONE . passed('pass', 'one'),
        prepare => sub {
            shift->t()->backend('one', script => {
                again => { replies => [ map { [ 1, first => 'old' ] }
                                            1 .. 20_000 ] } });
        } }, sub {
        my $a = shift;
        for (1 .. 20) {
            my $c = $a->client('pass');
            $c->call('first');
            like(answer($c->call('again')), qr/^6 upstream sent a malformed/,
                 'a call fails');
            $c->close();
        }
        cmp_ok(length $a->t()->read_log(), '<', 100_000, 'the log is short')
      } ],

    [ 'a server that answers oddly', { conf => $ONE . passed('pass', 'one'),
        prepare => sub {
            shift->t()->backend('one', script => odd_replies());
        } }, \&odd ],

    [ 'more clients than a server has threads',
      { server => 'python', env => { PEERS_THREADS => 10 },
        conf => $TEN . passed('ten', 'ten', $PEERS), victim => 'other',
        prepare => \&one_cpp }, sub {
        my $a = shift;
        many($a, 'ten', 14) for 1 .. 4 } ],

    [ 'more clients than threads, not checked',
      { server => 'python', env => { PEERS_THREADS => 10 },
        conf => $TEN . passed('ten', 'ten'), victim => 'other',
        prepare => \&one_cpp }, sub {
        my $a = shift;
        many($a, 'ten', 14) for 1 .. 4 } ],

    [ 'four threads for two workers',
      { workers => 2, conf => <<'EOC' . passed('four', 'four', $PEERS),

    upstream four {
        server            127.0.0.1:%%PORT_one%%  max_conns=4;
        zone              four 64k;
        thrift_keepalive  1;
    }
EOC
        prepare => sub { one_cpp(shift, 'pool') } }, sub {
        my $a = shift;
        my @c = $a->keep(map { $a->client('four') } 1 .. 16);
        is(answer($_->call('echoString', $ECHO)), 'x', 'one by one') for @c;
        many($a, 'four', 4) for 1 .. 8 } ],

    [ 'a state that stays with a connection',
      { conf => passed('pinned', 'users', 'thrift_balance connection;'),
        victim => 'pinned' }, sub {
        my $a = shift;
        $a->rounds(2, 'pinned', 'state of a connection') } ],
);


# one_cpp(attack, kind): a server of Peer at the port "one".

sub one_cpp {
    my ($a, $kind) = @_;

    my $t = $a->t();

    $t->run_daemon([ $t->top() . '/build/peers/server',
                     ($kind || 'threaded') . ':framed:binary:'
                     . $t->port('one') ], port => 'one');
}


# Each client makes a call that takes 100 ms, all at once.

sub many {
    my ($a, $port, $n) = @_;

    my @c = map { $a->client($port) } 1 .. $n;

    $_->start('sleep', [ [ 1, i32 => 100 ] ]) for @c;

    is(scalar(grep { answer($_->read_message()) eq '100' } @c), $n,
       'all are answered');
    $_->close() for @c;
}


my %ODD = (
    no_name   => { name => '', exception => [ 6, 'why' ] },
    no_seqid  => { seqid => 0 },
    seqid     => { seqid => 77 },
    call      => { type => CALL },
    other     => { name => 'somebody' },
    full      => { name => 'Peer:full' },
    cut       => { body => [ [ 0, string => 'y' x 100_000 ] ], cut => 0.5 },
    reset     => { body => [ [ 0, string => 'y' x 100_000 ] ], close => 'mid',
                   reset => 1 },
    empty     => { raw => "\0\0\0\0" },
    twice     => { twice => 1 },
    unframed  => { transport => 'unframed' },
    compact   => { protocol => 'compact' },
    http      => { raw => "HTTP/1.1 400 Bad Request\r\n\r\n",
                   close => 'after' },
    sasl      => { raw => "\3\0\0\0\7no such", close => 'after' },
    text      => { body => [ [ 0, string => "\xff\xfe" ] ] },
    negative  => { body => "\x0b\0\0\xff\xff\xff\xff\0" },
    closes    => { close => 'after' },
    never     => { close => 'request' },
    garbage   => { garbage => 1 },
);

sub odd_replies {
    return { %ODD };
}


sub odd {
    my ($a) = @_;

    my $answered = 0;

    $a->again(2.5, sub {
        for (sort keys %ODD) {
            my $c = $a->client('pass', timeout => 1);
            my $m = eval { $c->call($_) };

            $answered++ if $m;
            $c->close();
        }
    });

    cmp_ok($answered, '>', 20, 'each call has an answer');
}


# --- oneways ----------------------------------------------------------------

my @ONEWAYS = (
    [ 'oneways that take long', {}, sub {
        my $a = shift;
        my $c = $a->client('users');
        $c->oneway('tell', [ [ 1, string => 'sleep 1500' ] ]) for 1 .. 8;
        sleep(2) } ],

    [ 'a oneway that takes long, and a call',
      { conf => 'upstream one { server 127.0.0.1:%%PORT_first%%;'
                . ' thrift_keepalive 0; }'
                . passed('ordered', 'one', 'thrift_max_pipeline 1;') }, sub {
        my $a = shift;
        my $c = $a->client('ordered');
        for (1 .. 8) {
            $c->oneway('tell', [ [ 1, string => "sleep 10$_" ] ]);
            is(answer($c->call('told', [ [ 1, string => "sleep 10$_" ] ])), 1,
               'is not overtaken');
        } } ],

    [ 'oneways, then a reset', {}, sub {
        my $a = shift;
        $a->rounds(2, 'users', 'oneways in a row, then reset') } ],

    [ 'hosted oneways, then a reset', { handlers => [ 'hold' ],
        conf => hosted('hold', 'Hold') }, sub {
        my $a = shift;
        for (1 .. 20) {
            my $c = $a->client('hold');
            $c->oneway('tell', [ [ 1, i32 => 300 ] ]) for 1 .. 4;
            sleep(0.02);
            $c->reset();
        }
        is(scalar $a->t()->wait_log(qr/\[notice\].* told/, undef, 5, 80), 80,
           'are all executed') } ],
);


# --- memory, connections, time ------------------------------------------------

sub hold {
    my ($seqid, $msec, $n) = @_;

    return call_bytes('hold', $seqid, pack('C n N', 8, 1, $msec)
                      . ($n ? structs(2, $n) : '') . "\0");
}


# a list of empty structs

sub structs {
    my ($id, $n) = @_;

    return pack('C n C N', 15, $id, 12, $n) . "\0" x $n;
}

my %HOLD = (handlers => [ 'hold' ]);

my @BOUNDS = (
    [ 'clients that leave with their pipeline full',
      { %HOLD, conf => hosted('single', 'Hold', 'thrift_max_pipeline 1;'
                              . ' thrift_timeout 0;')
                       . hosted('hold', 'Hold', 'thrift_timeout 0;') }, sub {
        my $a = shift;
        for my $n (1 .. 20) {
            my $c = $a->client('single');
            $c->send(hold($n, 600_000));
            sleep(0.01);
            $c->close();
            $c = $a->client('hold');
            $c->send(join('', map { hold($_, 600_000) } 1 .. 32));
            sleep(0.02);
            $c->close();
        }
        is(scalar $a->t()->wait_log(qr/^127\.0\.0\.2\|hold\|cancelled/,
                                    'calls.log', 5, 660), 660,
           'all their calls are given up') } ],

    [ 'a reply of 8 MB behind a slow one', { conf => $ONE
        . passed('pass', 'one', 'thrift_read_timeout 1s;'),
        prepare => sub {
            shift->t()->backend('one', script => {
                slow => { delay => 1.5 },
                fast => { body => [ [ 0, string => 'x' x 8_000_000 ] ] } });
        } }, sub {
        my $a = shift;
        my $c = $a->client('pass');
        $c->send(call_bytes('slow', 1) . call_bytes('fast', 2));
        is($c->read_message()->{seqid}, 1, 'the first');
        is($c->read_message()->{type}, REPLY, 'and the second') } ],

    [ '15,000 small calls that wait',
      { %HOLD, conf => hosted('hold', 'Hold', 'thrift_max_pipeline 20000;') },
      sub {
          my $a = shift;
          my ($c) = $a->keep($a->client('hold'));
          my $calls = join('', map { hold($_, 600_000) } 1 .. 50);
          $c->send($calls, 0.05) || last for 1 .. 300;
          sleep(1) } ],

    [ '200 clients of 32 calls that wait',
      { %HOLD, conf => hosted('hold', 'Hold') }, sub {
          my $a = shift;
          my $call = hold(1, 600_000);
          for (1 .. 200) {
              my ($c) = $a->keep($a->client('hold'));
              $c->send($call) for 1 .. 32;
          }
          sleep(1) } ],

    [ 'calls that hold much in a handler',
      { %HOLD, conf => hosted('hold', 'Hold') }, sub {
          my $a = shift;
          my @c = $a->keep(map { $a->client('hold') } 1 .. 8);
          my $calls = join('', map { hold($_, 1000, 250_000) } 1 .. 4);
          $_->send($calls) for @c;
          my @answers = map { answer($_->read_message()) } @c;
          is(scalar(grep { !/^250000$/ && $_ !~ $TOO_MUCH } @answers), 0,
             'are answered, or told why not') } ],

    [ '17 clients of 32 calls, 512 connections',
      { connections => 512, conf => <<'EOC' . $ONE . passed('pass', 'one',

    thrift_limit_calls_zone  $remote_addr  zone=address:64k;
    thrift_limit_calls       address  100;

EOC
            'thrift_timeout 2s;'),
        prepare => sub {
            shift->t()->backend('one', script => { hold => { hold => 1 } });
        } }, sub {
        my $a = shift;
        my @c = $a->keep(map { $a->client('pass') } 1 .. 17);
        $_->send(join('', map { call_bytes('hold', $_) } 1 .. 32)) for @c;
        my $n = 0;
        for my $c (@c) {
            $n++ while $c->read_message(5) && $n % 32 != 31;
            $n++;
        }
        is($n, 17 * 32, 'each has an answer') } ],

    (map { my ($name, $port, $more) = @$_;
      ([ "16 MB of empty structs, $name", { %HOLD,
          conf => hosted('hold', 'Hold')
                  . checked('checked', '') . checked('pass', 'users') },
         sub {
             my $a = shift;
             large($a, $port, structs(2, 16_000_000)) for 1 .. 2 } ],

       [ "100 MB of empty structs, unframed, $name", { %HOLD,
          conf => hosted('hold', 'Hold')
                  . checked('checked', '') . checked('pass', 'users') },
         sub {
             my $a = shift;
             large($a, $port, structs(2, 100 * 1024 * 1024 - 100),
                   transport => 'unframed') } ]) }
         [ 'checked', 'checked' ], [ 'passed', 'pass' ],
         [ 'to a handler', 'hold' ]),

    [ '3,000,000 unknown fields',
      { %HOLD, conf => hosted('hold', 'Hold') }, sub {
          my $a = shift;
          large($a, 'hold', pack('C n C N', 15, 2, 12, 1_800_000)
                            . "\x0b\0\x63\0\0\0\0\0" x 1_800_000) for 1 .. 2
      } ],

    [ 'a handler that wants 100 MB',
      { %HOLD, conf => hosted('hold', 'Hold') }, sub {
          my $a = shift;
          my $n = 0;
          $a->again(2, sub {
              my $c = $a->client('hold');
              $n++ if answer($c->call('text', [ [ 1, i32 => 100_000_000 ] ]))
                      !~ /thrift_handler_memory/;
              $c->close();
          });
          is($n, 0, 'is told that it does not get them') } ],
);


# The definition of the handler's service, but nobody hosts it.

sub checked {
    my ($port, $upstream) = @_;

    my $who = $upstream ? "thrift_pass $upstream;"
                        : 'thrift_return INTERNAL_ERROR "no";';

    return <<"EOC";

    server {
        listen      127.0.0.1:%%PORT_$port%%;
        thrift_idl  $IDL{hold};

        thrift_service Hold { $who }
    }
EOC
}


sub large {
    my ($a, $port, $body, %o) = @_;

    my $c = $a->client($port, timeout => 20, %o);

    $c->send(call_bytes('hold', 1, pack('C n N', 8, 1, 50) . $body . "\0",
                        %o));

    my $m = eval { $c->read_message() };

    ok($m, 'is answered');
    note(answer($m));
    $c->close();
}


# --- logs, and mistakes of handlers ---------------------------------------------

my @LOGS = (
    [ 'names with line ends in an address', { conf => <<'EOC' }, sub {

    map $thrift_service $somewhere { default $thrift_service; }

    server {
        listen            127.0.0.1:%%PORT_variable%%;
        resolver          127.0.0.1:%%PORT_nobody%%;
        resolver_timeout  100ms;
        thrift_pass       $somewhere:9090;
    }
EOC
        my $a = shift;
        my $evil = "x\n2026/11/28 00:00:00 [emerg] 1#1: disk on fire\e[31m";
        $a->again(2, sub {
            my $c = $a->client('variable');
            $c->call("$evil:m", []);
            $c->call("a b\ncd/:m", []);
            $c->close();
        });
        is(scalar $a->t()->grep_log(qr/^(?!\d{4}\/)|^\S+ \S+ \[emerg\]
                                       |[\0-\x1f]/x), 0, 'write no line')
      } ],

    [ 'malformed numbers, not checked', { %HOLD,
        conf => hosted('hold', 'Hold', 'thrift_validate off;') }, sub {
        my $a = shift;
        my $n = 0;
        $a->again(1.5, sub {
            my $c = $a->client('hold', protocol => 'compact');
            my $m = $c->call('hold', "\x15" . "\xff" x 6 . "\1\0");
            $n++ if answer($m) =~ /^7 .*malformed/;
            $c->close();
        });
        cmp_ok($n, '>', 20, 'are said to be that') } ],

    [ 'a handler that gives NULL', { handlers => [ 'null' ],
        conf => hosted('null', 'Null') }, sub {
        my $a = shift;
        my $n = 0;
        $a->again(1.5, sub {
            my $c = $a->client('null');
            for (qw(result bytes)) {
                $n++ if answer($c->call('act', [ [ 1, string => $_ ] ]))
                        =~ /^6\ handler\ (?:replied\ with\ NULL
                                            |sent\ a\ malformed\ reply)$/x;
            }
            $c->close();
        });
        cmp_ok($n, '>', 20, 'fails its calls only') } ],
);


sub attacks {
    return (@BODIES, @SERVERS, @ONEWAYS, @BOUNDS, @LOGS);
}


1;
