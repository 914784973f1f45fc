#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Who is to blame.  What one client sends takes no server away from others,
# however its servers take it; and a server that is broken is left alone, also
# when only one client calls.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Time::HiRes ();
use Test::Thrift;


my $top = Test::Thrift->top();
my $here = "$top/t/peers";
my $idl = "$here/peers.thrift";
my $venv = "$top/build/peers/venv/bin/python3";

ok(system('make', '-s', '-C', $top, '-f', 't/peers/peers.mk', 'peers') == 0,
   'build');

# real servers, two of each in an upstream

my @python = ('/usr/bin/python3', '-B');
my @thriftpy = (-x $venv ? ($venv, '-B', "$here/server_thriftpy.py",
                            'thriftpy2')
                         : (@python, "$here/server_thriftpy.py", 'thriftpy'),
                $idl, 'framed');

my %servers = (
    cpp      => sub { [ "$top/build/peers/server",
                        map { "threaded:framed:binary:$_" } @_ ] },
    py       => sub { [ 'env', "PYTHONPATH=$top/build/peers/py", @python,
                        "$here/server.py",
                        map { "threaded:framed:binary:$_" } @_ ] },
    thriftpy => sub { map { [ @thriftpy, $_ ] } @_ },
);

# what a client may do, alone, with any of them; its calls have less time than
# those of others

my $deadline = 0.15;        # thrift_timeout

my %hostile = (
    'wrong types'     => sub { $_[0]->call('echoString', [ [ 1, 'i64', 7 ] ]) },
    'no end'          => sub { $_[0]->call('echoList',
                                           pack('C n C N', 15, 1, 10, 3)
                                           . "\0" x 24 . "\0") },
    'unknown method'  => sub { $_[0]->call('nope') },
    'unknown service' => sub { $_[0]->call('Nope:echoString') },
    'not multiplexed' => sub { $_[0]->call('name') },
    'other protocol'  => sub { $_[0]->call('nothing', [],
                                           protocol => 'compact') },
    'other transport' => sub { $_[0]->call('nothing', [],
                                           transport => 'unframed') },
    'deadline'        => sub { $_[0]->call('sleep', [ [ 1, i32 => 400 ] ]) },
    'reply too large' => sub { $_[0]->call('echoString',
                                           [ [ 1, string => 'x' x 3_950 ] ]) },
    'closes'          => sub { $_[0]->send(call_bytes('sleep', 1,
                                                      [ [ 1, i32 => 300 ] ]));
                               elapse(0.02);
                               $_[0]->close() },
    'undeclared'      => sub { $_[0]->call('fail') },
    'not UTF-8'       => sub { $_[0]->call('echoString',
                                           [ [ 1, string => "caf\xe9" ] ]) },
    'latin method'    => sub { $_[0]->call("\xe9\xff") },
);

# what a broken server does, and how many calls it may cost

my %broken = (
    refuse   => [ 1, undef ],
    closes   => [ 12, { '*' => { close => 'request' } } ],
    resets   => [ 12, { '*' => { close => 'request', reset => 1 } } ],
    accepts  => [ 12, { '!accept' => { close => 1 } } ],
    garbage  => [ 12, { '*' => { garbage => 1 } } ],
    wrong    => [ 12, { '*' => { seqid => 7 } } ],
    hangs    => [ 8, { '*' => { stall => 1 } } ],
    silent   => [ 8, { '!accept' => { ignore => 1 } } ],
    halfway  => [ 12, { '*' => { close => 'mid' } } ],
    primary  => [ 12, { '*' => { close => 'request' } } ],
);

# others are asked when it is out, and not before

my %backup = (primary => 1);

my $t = Test::Thrift->new(conf(<<'EOC',

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_timeout  150ms;

    #real
    #broken
}

EOC
    real => join("\n", map { <<"EOS" } sort keys %servers),
    upstream $_ {
        server  127.0.0.1:%%PORT_${_}_1%%  max_fails=1  fail_timeout=1h;
        server  127.0.0.1:%%PORT_${_}_2%%  max_fails=1  fail_timeout=1h;
    }

    server {
        listen                   127.0.0.1:%%PORT_$_%%;
        thrift_max_message_size  4000;
        thrift_pass              $_;
    }

    server {
        listen          127.0.0.1:%%PORT_${_}_others%%;
        thrift_timeout  @{[ time_factor() ]}s;
        thrift_pass     $_;
    }
EOS
    broken => join("\n", map { <<"EOS" } sort keys %broken)), log => 'info');
    upstream $_ {
        server  127.0.0.1:%%PORT_${_}_bad%%   max_fails=1  fail_timeout=1h;
        server  127.0.0.1:%%PORT_${_}_good%%  max_fails=1  fail_timeout=1h
                @{[ $backup{$_} ? 'backup' : '' ]};
    }

    server {
        listen       127.0.0.1:%%PORT_$_%%;
        thrift_pass  $_;
    }
EOS

my (%good, %bad);

for my $name (sort keys %servers) {
    my @ports = map { $t->port("${name}_$_") } 1 .. 2;

    $t->run_daemon($_) for $servers{$name}->(@ports);

    for my $port (@ports) {
        die "no server on port $port"
            unless wait_for(sub { Test::Thrift::listens("127.0.0.1:$port") },
                            20);
    }
}

for my $name (sort keys %broken) {
    my ($cost, $script) = @{$broken{$name}};

    $good{$name} = $t->backend("${name}_good", id => 'good');
    next unless $script;

    $bad{$name} = $t->backend("${name}_bad", id => 'bad', script => $script);
}

$t->run();

innocent($_) for sort keys %servers;
guilty($_) for sort keys %broken;
beside_others();

$t->done();


# Another client's calls are answered right after, by both servers.

sub innocent {
    my ($name) = @_;

    for my $kind (sort keys %hostile) {

        for (1 .. 8) {
            my $c = $t->client($name);
            eval { $hostile{$kind}->($c) };     # what comes is not read here
            $c->close();
        }

        my $c = $t->client("${name}_others");

        is(scalar(grep { echoed($c, $_) } 1 .. 6), 6, "$name after $kind");
        is(scalar($t->grep_log(qr/no live upstreams/)), 0, "$name is there");
    }

    # a server that was out would have been so for an hour

    ok(both_serve($name), "$name, both serve");
}


sub echoed {
    my ($c, $text) = @_;

    my $m = $c->call('echoString', [ [ 1, string => $text ] ]) || {};

    return ($m->{type} || 0) == REPLY && ($m->{fields}{0} || '') eq $text;
}


# Of two calls at the same time the second one goes to the other server.

sub both_serve {
    my ($name) = @_;

    my $c = $t->client("${name}_others");
    my $id = 0;

    return wait_for(sub {
        $c->send(join('', map { call_bytes('echoString', ++$id,
                                           [ [ 1, string => 'x' ] ]) }
                              1 .. 2));

        my @m = grep { ($_->{type} || 0) == REPLY } $c->exchange('', 2);
        my @used = grep { connected($t->port("${name}_$_")) } 1 .. 2;

        return @m == 2 && @used == 2;
    });
}


# Has nginx a connection to it.

sub connected {
    my ($port) = @_;
    my $hex = sprintf('%04X', $port);

    open(my $fh, '<', '/proc/net/tcp') or die "/proc/net/tcp: $!";

    return scalar(grep { /^\s*\d+: \w+:\w+ \w+:$hex 01 / } <$fh>);
}


# One client, and nobody else.  It is not long until all is answered.

sub guilty {
    my ($name) = @_;

    my ($cost) = @{$broken{$name}};
    my $end = Time::HiRes::time() + 4;
    my ($lost, $row) = (0, 0);
    my $c = $t->client($name);

    while ($row < 12 && Time::HiRes::time() < $end) {
        my $m = $c->call('get') || {};

        if (($m->{fields}{0} || '') eq 'good') {
            $row++;

        } else {
            $row = 0;
            $lost++;
            elapse(0.1);
        }
    }

    is($row, 12, "$name: it is left alone");
    cmp_ok($lost, '<=', $cost, "$name: after $lost calls");

    # a client that connects for each call finds the same

    is(scalar(grep { ($t->client($name)->call('get')->{fields}{0} || '')
                     eq 'good' } 1 .. 6), 6, "$name: for everybody");
}


# A client's calls fail again and again, beside others'.

sub beside_others {
    my $victim = $t->client('cpp_others');
    my $end = Time::HiRes::time() + 2.5;
    my ($right, $n) = (0, 0);

    while (Time::HiRes::time() < $end) {
        my $hostile = $t->client('cpp');

        $hostile->send(join('', map { call_bytes('sleep', $_,
                                                 [ [ 1, i32 => 250 ] ]) }
                                    1 .. 6));

        for (1 .. 4) {
            $right += echoed($victim, 'x');
            $n++;
            elapse(0.04);
        }

        $hostile->close() if $n % 8;
    }

    is($right, $n, "all of $n calls are answered");
    is(scalar($t->grep_log(qr/no live upstreams/)), 0, 'none is out');
    ok(both_serve('cpp'), 'both serve');
}
