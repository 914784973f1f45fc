#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# At a reload clients go to the new workers with all that belongs to them:
# whatever they have come by, whatever they have sent already.  Those who cannot
# go stay.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $template = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  2;
#main

events {
    worker_connections  256;
}

stream {
    %%TEST_GLOBALS_STREAM%%

    #stream

    log_format  test  '$thrift_method $thrift_generation $status';
    access_log  %%TESTDIR%%/access.log  test;

    map "" $proxied {
        default  "$remote_port $proxy_protocol_addr $proxy_protocol_server_port";
    }

    limit_conn_zone  $binary_remote_addr  zone=clients:1m;

    ssl_certificate      cert.pem;
    ssl_certificate_key  key.pem;

    server {
        listen  127.0.0.1:%%PORT_plain%%;
        listen  [::1]:%%PORT_plain%%;
        listen  unix:%%SOCK_plain%%;
        #answer
    }

    server {
        listen         *:%%PORT_many%%;
        thrift_return  INTERNAL_ERROR  "$thrift_generation any";
    }

    server {
        listen         127.0.0.2:%%PORT_many%%;
        thrift_return  INTERNAL_ERROR  "$thrift_generation second";
    }

    server {
        listen  127.0.0.1:%%PORT_shared%%  reuseport;
        #answer
    }

    server {
        listen             127.0.0.1:%%PORT_proxied%%  proxy_protocol;
        set_real_ip_from   127.0.0.1;
        thrift_return      INTERNAL_ERROR
                           "$thrift_generation $remote_addr $proxied";
    }

    server {
        listen             127.0.0.1:%%PORT_later%%  #later
        #answer
    }

    server {
        listen      127.0.0.1:%%PORT_limited%%;
        #answer
        limit_conn  clients 1;
    }

    server {
        listen  127.0.0.1:%%PORT_rules%%;
        #answer
        #rules
    }

    #removed

    server {
        listen                127.0.0.1:%%PORT_tls%%  ssl;
        #answer
        thrift_shutdown_idle  #idle
    }

    server {
        listen          127.0.0.1:%%PORT_pinned%%;
        thrift_balance  connection;
        thrift_pass     127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen               127.0.0.1:%%PORT_passed%%;
        thrift_buffer_size   2k;
        thrift_max_pipeline  4;
        thrift_pass          127.0.0.1:%%PORT_backend%%;
    }
}

EOF

my %always = (
    later  => ';',
    idle   => '10s;',
    answer => 'thrift_return INTERNAL_ERROR "$thrift_generation $remote_addr";',
);

my $t = Test::Thrift->new(text(removed => <<'EOF'), log => 'info');
    server {
        listen  127.0.0.1:%%PORT_removed%%;
        thrift_return  INTERNAL_ERROR  "$thrift_generation $remote_addr";
    }
EOF

$t->certificate();

my $backend = $t->backend('backend', script => { slow => { delay => 0.3 } });

$t->run();

# those who come each in their way

my %come = (
    'IPv4'          => [ 'plain', qr/^6 (\d+) 127\.0\.0\.1$/ ],
    'reuseport'     => [ 'shared', qr/^6 (\d+) 127\.0\.0\.1$/ ],
    'wildcard'      => [ 'many', qr/^6 (\d+) any$/ ],
    'one of many'   => [ 'many', qr/^6 (\d+) second$/, '127.0.0.2' ],
    'limited'       => [ 'limited', qr/^6 (\d+) 127\.0\.0\.1$/ ],
    'unix'          => [ 'unix', qr/^6 (\d+) unix:$/ ],
    'IPv6'          => [ 'plain', qr/^6 (\d+) ::1$/, '::1' ],
    'PROXY'         => [ 'proxied',
                         qr/^6\ (\d+)\ 192\.0\.2\.7\ 4711\ 192\.0\.2\.7
                            \ 8080$/x ],
    'PROXY later'   => [ 'later', qr/^6 (\d+) 127\.0\.0\.1$/ ],
);

my %clients = map { $_ => come(@{$come{$_}}) } sort keys %come;
my %others = map { $_ => $t->client($_) } qw(rules removed pinned);

$others{tls} = $t->client('tls', ssl => {});

generation(1, 'at first');
is(answer($others{$_}->call('x')), '6 1 127.0.0.1', "$_ at first")
    for qw(rules removed tls);
is(answer($others{pinned}->call('x')), 'backend', 'pinned at first');

for my $n (2 .. 4) {
    ok($t->reload(text(rules => 'deny all;', removed => '',
                       later => 'proxy_protocol;')), 'reload');
    generation($n, "after reload $n");
}

is(answer($others{tls}->call('x')), '6 1 127.0.0.1', 'TLS stays');
is(answer($others{pinned}->call('x')), 'backend', 'pinned');
is($backend->accepted(), 1, 'and meets its server by the same connection');
ok($others{rules}->closed(), 'denied by the new configuration');
ok($others{removed}->closed(), 'nobody listens there any more');

# a worker that had no clients has nothing to say

like(scalar(() = $t->grep_log(qr/thrift clients of generation 1:/)),
     qr/^[12]$/, 'a line by each of the old workers');
is(lines(qr/thrift clients of generation 1:.* (\d+) handed over/), 11, 'gone');
is(lines(qr/thrift clients of generation 1:.*\((\d+) TLS/), 1, 'of TLS');
is(lines(qr/thrift clients of generation 1:.* (\d+) pinned/), 1, 'pinned ones');

$_->close() for values %clients, values %others;

ok(wait_for(sub { $t->workers(1) == 2 }), 'old workers end');

# whoever has TLS and is idle is closed after thrift_shutdown_idle

ok($t->reload(text(idle => '2s;')), 'a time for idle clients');
$clients{tls} = $t->client('tls', ssl => {});
is(answer($clients{tls}->call('x')), '6 5 127.0.0.1', 'TLS');
ok($t->reload(), 'reload');
elapse(0.2);
is(answer($clients{tls}->call('x')), '6 5 127.0.0.1', 'TLS is still there');
ok($clients{tls}->closed(), 'and is closed when idle');
ok($t->old_workers_gone(), 'old workers end');

# any part of what was sent goes along; calls in flight are answered first

my $cut = 0;
my $bytes = join('', map { call_bytes($_ == 2 ? 'slow' : 'x', $_,
                                      [ [ 1, string => 'y' x 600 ] ]) }
                         1 .. 12);

for my $c (map { $t->client('passed') } 1 .. 24) {
    push @{$clients{parts}}, $c;
    $c->send(substr($bytes, 0, $cut += 150 + $cut % 77));
    $c->{cut} = $cut;
}

ok($t->reload(), 'reload');

for my $c (@{$clients{parts}}) {
    $c->send(substr($bytes, $c->{cut})) if $c->{cut} < length($bytes);
    is(join(' ', map { my $m = $c->read_message();
                       $m ? $m->{seqid} : $c->{eof} || 'none' } 1 .. 12),
       join(' ', 1 .. 12), "$c->{cut} bytes were sent");
    $c->close();
}

ok($t->old_workers_gone(), 'old workers end');

# without

my $stays = $t->client('plain');
my $n = (answer($stays->call('x')) =~ /^6 (\d+)/)[0];
ok($t->reload(text(stream => 'thrift_handover off;')), 'handover off');
is(answer($stays->call('x')), "6 $n 127.0.0.1", 'a client stays');
ok($t->reload(text()), 'and on again');
ok(wait_for(sub { answer($stays->call('x')) eq '6 ' . ($n + 2)
                                               . ' 127.0.0.1' }),
   'it goes');

# a worker is killed; the next one takes part

my ($worker) = $t->workers();
$t->expect_log(qr/\[alert\].*worker process $worker exited on signal 9/);
$t->signal('KILL', $worker);
ok(wait_for(sub { (grep { $_ != $worker } $t->workers()) == 2 }),
   'another worker');
$_->close() for $stays;

%clients = map { $_ => $t->client('plain') } 1 .. 10;
answer($_->call('x')) for values %clients;
ok($t->reload(), 'reload');
like(answer($clients{$_}->call('x')), qr/^6 @{[ $n + 3 ]} /, "client $_")
    for sort keys %clients;

# a configuration without stream has nobody to go to

ok($t->reload("%%TEST_GLOBALS%%\n\nevents {\n}\n"), 'no stream');
ok($_->closed(), 'closed') for values %clients;
ok($t->old_workers_gone(), 'old workers end');
ok($t->reload(text()), 'stream again');

# nginx ends while some are still on their way, and others stay

%clients = map { $_ => $t->client('plain') } 1 .. 10;
$clients{tls} = $t->client('tls', ssl => {});
answer($_->call('x')) for values %clients;

ok($t->reload(), 'reload');
like(answer($clients{tls}->call('x')), qr/^6 \d+ 127/, 'TLS stays');

$t->signal('HUP');
$t->signal('QUIT');
ok($_->closed(), 'closed') for values %clients;

$t->done();


sub text {
    return conf($template, %always, @_);
}


sub come {
    my ($name, undef, $host) = @_;

    return $t->client($t->sock('plain')) if $name eq 'unix';

    my $c = $t->client($host ? ($host =~ /:/ ? "[$host]" : $host)
                               . ':' . $t->port($name) : $name);

    $c->send("PROXY TCP4 192.0.2.7 192.0.2.8 4711 8080\r\n")
        if $name eq 'proxied';

    return $c;
}


sub generation {
    my ($n, $name) = @_;

    for my $who (sort keys %clients) {
        my $text = answer($clients{$who}->call('x'));

        my ($is) = $text =~ $come{$who}[1];
        is($is || $text, $n, "$who $name");
    }
}


# The sum of what is found in the lines of the error log.

sub lines {
    my ($re) = @_;

    my $sum = 0;

    $sum += $_ for map { /$re/ ? $1 : () } split /\n/, $t->read_log();

    return $sum;
}
