#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Calls in the dialect of their server, replies in that of their client: real
# clients and servers of each transport and protocol say the same to each other
# as without nginx.  Names with a service, without one, and with another one.
# What cannot be translated.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Peers;


my $top = Test::Thrift->top();
my $here = "$top/t/peers";
my $build = "$top/build/peers";

ok(system('make', '-s', '-C', $top, '-f', 't/peers/peers.mk', 'peers') == 0,
   'build');

$ENV{PYTHONPATH} = "$build/py:$here";
$ENV{PYTHONDONTWRITEBYTECODE} = 1;

my @python = ('/usr/bin/python3', '-B');
my @formats = map { my $framing = $_; map { [ $framing, $_ ] }
                                          qw(binary compact) }
                  qw(framed buffered);

# servers that know no version of the binary protocol

my @lax = map { [ $_, 'lax' ] } qw(framed buffered);

sub formats_of {
    my ($server) = @_;

    return (@formats, $server eq 'py' ? @lax : ());
}

my %client = (
    py => sub { @python, "$here/client.py", @_ },
    cpp => sub { "$build/client", @_ },
);

# how names go to which server

my %named = (
    on       => 'thrift_upstream_multiplexed on;',
    off      => 'thrift_upstream_multiplexed off;',
    same     => 'thrift_upstream_multiplexed same;',
    rename   => 'thrift_upstream_service Inner;',
    renameon => 'thrift_upstream_service Inner;
                 thrift_upstream_multiplexed on;',
    drop     => 'thrift_upstream_service Inner;
                 thrift_upstream_multiplexed off;',
);

my $conf = conf(<<'EOF', peers => of_peers(), names => of_names());

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    #peers
    #names

    upstream compact {
        server                     127.0.0.1:%%PORT_backend%%  max_fails=1;
        thrift_upstream_protocol   compact;
        thrift_upstream_transport  unframed;
    }

    upstream binary {
        server                     127.0.0.1:%%PORT_backend%%  max_fails=1;
        thrift_upstream_protocol   binary;
        thrift_upstream_transport  framed;
    }

    upstream two {
        server                     127.0.0.1:%%PORT_backend%%;
        server                     127.0.0.1:%%PORT_second%%;
        thrift_upstream_protocol   compact;
    }

    upstream many {
        server                     127.0.0.1:%%PORT_backend%%;
        thrift_upstream_protocol   compact;
        thrift_pipeline            8 connections=1;
    }

    thrift_trusted  on;

    server {
        listen                   127.0.0.1:%%PORT_compact%%;
        thrift_pass              compact;
        thrift_validate          off;
        thrift_max_message_size  100k;
    }

    server {
        listen                   127.0.0.1:%%PORT_binary%%;
        thrift_pass              binary;
        thrift_validate          off;
        thrift_max_message_size  100k;
    }

    server {
        listen                127.0.0.1:%%PORT_two%%;
        thrift_pass           two;
        thrift_next_upstream  error timeout exception non_idempotent;
    }

    server {
        listen         127.0.0.1:%%PORT_mirror%%;
        thrift_pass    127.0.0.1:%%PORT_second%%;
        thrift_mirror  compact;
    }

    server {
        listen           127.0.0.1:%%PORT_many%%;
        thrift_pass      many;
        thrift_validate  off;
    }

    server {
        listen             127.0.0.1:%%PORT_hedge%%;
        thrift_pass        two;
        thrift_hedge       50ms  percent=100;
        thrift_idempotent  on;
    }
}

EOF

my $t = Test::Thrift->new($conf, log => 'info');

my $backend = $t->backend('backend');
my $second = $t->backend('second');

start_servers($t, map { $_ => words($_) } qw(py cpp));
$t->run();

squares();
names();
values_of_all_types();
exceptions();
malformed();
too_large();
oneway();
retried();
mirrored();
hedged();
pipelined();

$t->done();


sub of_peers {
    return join("\n", map {
        my $kind = $_;

        map {
            my ($transport, $protocol) = @$_;
            my $name = join('_', $kind, @$_);
            my $other = $transport eq 'buffered' ? 'unframed' : $transport;

            <<"EOF";
    upstream $name {
        server                     127.0.0.1:%%PORT_direct_$name%%;
        thrift_upstream_transport  $other;
        thrift_upstream_protocol   $protocol;
    }

    server {
        listen       127.0.0.1:%%PORT_$name%%;
        thrift_pass  $name;
    }
EOF
        } formats_of($kind);
    } sort keys %client);
}


sub of_names {
    return join("\n", map { <<"EOF" } sort keys %named);
    upstream $_ {
        server  127.0.0.1:%%PORT_backend%%;
        $named{$_}
    }

    server {
        listen          127.0.0.1:%%PORT_$_%%;
        thrift_service  Users  { thrift_pass  $_; }
        thrift_pass     $_;
    }
EOF
}


sub words {
    my ($kind) = @_;

    return [ map { join(':', 'threaded', @$_,
                        $t->port(join('_', 'direct', $kind, @$_))) }
             formats_of($kind) ];
}


# Every client to every server, also with the names of services.

sub squares {
    for my $client (sort keys %client) {
        for my $from (@formats) {
            my %direct;

            for my $server (sort keys %client) {
                for my $to (formats_of($server)) {
                    next if $client ne $server && "@$from" eq "@$to";

                    my @how = "@$to" lt "@$from" ? 'multi' : ();
                    my $key = join('_', $server, @$from);
                    my $name = join('_', $server, @$to);

                    $direct{$key, "@how"} //=
                        output($client{$client}->(@$from,
                               $t->port("direct_$key"), @how));

                    is(output($client{$client}->(@$from, $t->port($name),
                                                 @how)),
                       $direct{$key, "@how"},
                       "$client @$from to $server @$to @how");
                }
            }
        }
    }
}


sub names {
    my %sent = (
        'on get' => 'Users:get',
        'on Users:get' => 'Users:get',
        'off get' => 'get',
        'off Users:get' => 'get',
        'same get' => 'get',
        'same Users:get' => 'Users:get',
        'rename get' => 'get',
        'rename Users:get' => 'Inner:get',
        'renameon get' => 'Inner:get',
        'renameon Users:get' => 'Inner:get',
        'drop Users:get' => 'get',
    );

    for (sort keys %sent) {
        my ($server, $name) = split / /;
        my $m = $t->client($server)->call($name);

        is("$m->{name} " . answer($m), 'get backend', "$_: answered");
        is(($backend->calls())[-1]{method}, $sent{$_}, "$_: name");
    }

    # servers that do not know the service answer with the name as it came

    $backend->script('Inner:get' => { name => 'Inner:get',
                                      exception => [ 7, 'no service' ] });

    is(answer($t->client('rename')->call('Users:get')),
       '7 no service', 'the name that was sent comes back');

    $backend->script('Inner:get' => { name => 'Inner',
                                      exception => [ 1, 'no service' ] });

    is(answer($t->client('rename')->call('Users:get')),
       '1 no service', 'the service comes back');

    $backend->script();
}


sub values_of_all_types {
    my @fields = (
        [ 1, string => 'x' x 100 ], [ 2, bool => 1 ], [ 3, bool => 0 ],
        [ 4, i8 => -5 ], [ 5, i16 => -300 ], [ 6, i32 => -70000 ],
        [ 7, i64 => -2 ** 40 ], [ 8, double => 0.1 ],
        [ 40, list => [ i32 => 1 .. 20 ] ], [ 41, list => [ bool => 1, 0 ] ],
        [ 42, map => [ 'string', 'bool', 'a', 1, 'b', 0 ] ],
        [ 43, struct => [ [ 1, double => 0.5 ], [ 20, string => '' ] ] ],
        [ 44, string => 'y' x 5000 ], [ 45, list => [ i64 => 1 .. 3000 ] ]
    );

    $backend->script('*' => { echo => 1 });

    for my $to (qw(compact binary)) {
        for my $from (qw(compact binary)) {
            for my $transport (qw(framed unframed)) {
                my $m = $t->client($to, protocol => $from,
                                   transport => $transport)
                    ->call('echo', \@fields);

                is($m->{body}, encode_struct($from, @fields),
                   "$transport $from to $to and back");
                is(($backend->calls())[-1]{protocol}, $to, 'its protocol');
                is(($backend->calls())[-1]{transport},
                   $to eq 'compact' ? 'unframed' : 'framed',
                   'its transport');
            }
        }
    }

    $backend->script();
}


sub exceptions {
    $backend->script('*' => { exception => [ 6, 'on purpose' ] });

    for my $to (qw(compact binary)) {
        for my $from (qw(compact binary)) {
            my $m = $t->client($to, protocol => $from)->call('get', undef,
                                                             seqid => -7);

            is(join(' ', answer($m), @$m{qw(protocol transport seqid)}),
               "6 on purpose $from framed -7",
               "an exception, $from to $to");
        }
    }

    $backend->script();
}


# It is the client's fault, or the server's: nobody else pays.

sub malformed {
    my $c = $t->client('compact');

    for my $case ([ "\x01\x00\x01\x00", 'unknown type of field' ],
                  [ "\x0b\x00\x01\x00\x00\x01\x00",
                    'string longer than its message' ],
                  [ "\x08\x00\x01\x00\x00", 'frame shorter than its message' ],
                  [ "\x00\x00", 'frame longer than its message' ])
    {
        is(answer($c->call('get', $case->[0])),
           "7 call cannot be translated: $case->[1]",
           "a call: $case->[1]");
    }

    is(answer($c->call('get')), 'backend', 'the client is answered');
    is(answer($t->client('compact')->call('get')), 'backend',
       'the server is not blamed');

    $backend->script(bad => { body => "\x01\x00\x01\x00" });

    like(answer($t->client('binary', protocol => 'compact')->call('bad')),
         qr/^6 upstream sent a malformed reply: unknown type/,
         'a malformed reply');

    $backend->script();
}


# A compact number of one byte has eight in binary.

sub too_large {
    my $body = "\x19\xf6" . "\x80\xfa\x01" . "\x02" x 32000 . "\x00";

    my $c = $t->client('binary', protocol => 'compact');

    is(answer($c->call('get', $body)),
       '7 call cannot be translated: message larger than '
       . 'allowed (thrift_max_message_size allows 102400 bytes)', 'a call that gets too large');
    is(answer($c->call('get')), 'backend', 'the next one');
}


sub oneway {
    my $n = $backend->calls();

    $t->client('compact')->oneway('tell', [ [ 1, i32 => 5 ] ]);

    ok(wait_for(sub { $backend->calls() > $n }), 'oneway');

    my $call = ($backend->calls())[-1];

    is("$call->{method} $call->{protocol} $call->{type}", 'tell compact 4',
       'a oneway call');
}


sub retried {
    $backend->script('*' => { exception => [ 6, 'no' ] });
    $second->script('*' => { echo => 1 });

    for (1 .. 4) {
        my $m = $t->client('two')->call('echo', [ [ 1, string => 'a' x 4000 ],
                                                  [ 2, i64 => $_ ] ]);

        is($m->{fields}{2}, $_, 'another server is tried');
    }

    $backend->script();
    $second->script();
}


sub mirrored {
    my $n = $backend->calls();

    is(answer($t->client('mirror')->call('get', [ [ 1, i32 => 77 ] ])),
       'second', 'a call with a mirror');
    ok(wait_for(sub { $backend->calls() > $n }), 'mirrored');
    is(($backend->calls())[-1]{protocol}, 'compact',
       'in the dialect of the mirror');
}


sub hedged {
    $backend->script('*' => { echo => 1, delay => 0.5 });
    $second->script('*' => { echo => 1, delay => 0.5 });

    my $n = $backend->calls() + $second->calls();
    my $m = $t->client('hedge')->call('echo', [ [ 1, string => 'a' x 4000 ],
                                                [ 2, i32 => 9 ] ]);

    is($m->{fields}{2}, 9, 'a call with a hedge');
    is($backend->calls() + $second->calls() - $n, 2, 'two servers had it');

    $backend->script();
    $second->script();
}


sub pipelined {
    $backend->script('*' => { echo => 1 });

    my $c = $t->client('many');
    my $bytes = join '', map { call_bytes('echo', $_, [ [ 1, i32 => $_ ] ],
                                          protocol => 'binary',
                                          transport => 'framed') } 1 .. 30;

    is(join(' ', map { $_->{fields}{1} } $c->exchange($bytes, 30)),
       join(' ', 1 .. 30), 'many calls at once');

    # those that are malformed fail alone

    $bytes = join '', map { call_bytes('echo', $_,
                                       $_ % 5 ? [ [ 1, i32 => $_ ] ]
                                              : "\x01\x00\x01",
                                       protocol => 'binary',
                                       transport => 'framed') } 1 .. 30;

    is(join(' ', map { answer_of($_) } $t->client('many')
                                         ->exchange($bytes, 30)),
       join(' ', map { $_ % 5 ? $_ : 'E7' } 1 .. 30),
       'malformed ones among them');

    $backend->script();
}


sub answer_of {
    my ($m) = @_;

    return $m->{type} == EXCEPTION ? "E$m->{exception}" : $m->{fields}{1};
}
