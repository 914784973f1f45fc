#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_transport: found out for each message, or fixed.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOF');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method $thrift_transport $thrift_status';
    access_log  %%TESTDIR%%/access.log  test;

    thrift_transport  framed;

    server {
        listen            127.0.0.1:%%PORT_auto%%;
        thrift_transport  auto;
        thrift_pass       127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen       127.0.0.1:%%PORT_framed%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen            127.0.0.1:%%PORT_unframed%%;
        thrift_transport  unframed;
        thrift_pass       127.0.0.1:%%PORT_backend%%;
    }
}

EOF

my $backend = $t->backend('backend');

$t->run();

# per message, and the upstream gets what the client sent

my $c = $t->client('auto', transport => undef);
my $seqid = 10;

for my $transport (qw(framed unframed unframed framed framed unframed)) {
    my $m = $c->call($transport, undef, transport => $transport,
                     seqid => ++$seqid);

    is("$m->{transport} $m->{name} $m->{seqid}",
       "$transport $transport $seqid", "auto, $transport");
    is(($backend->calls())[-1]{transport}, $transport, "upstream, $transport");
}

# all of them in one write, and in small pieces

my $bytes = join '', map { call_bytes("call$_", $_, [ [ 1, i32 => $_ ] ],
                                      transport => $_ % 3 ? 'framed'
                                                          : 'unframed') }
                         1 .. 12;

for my $size (length $bytes, 1, 7) {
    my $c = $t->client('auto', transport => undef);

    $c->send_pieces($bytes, $size, 0.0005);

    is(join(' ', map { my $m = $c->read_message();
                       $m ? "$m->{seqid}$m->{transport}" : 'none' } 1 .. 12),
       join(' ', map { $_ . ($_ % 3 ? 'framed' : 'unframed') } 1 .. 12),
       "auto, pieces of $size");
}

# the next one may be another while the first is on its way

$backend->script(slow => { delay => 0.1 });

$c = $t->client('auto', transport => undef);
$c->start('slow', undef, seqid => 1, transport => 'unframed');
$c->start('get', undef, seqid => 2, transport => 'framed');
is($c->read_message()->{transport}, 'unframed', 'slow unframed');
is($c->read_message()->{transport}, 'framed', 'framed behind it');

# what we answer ourselves is in the call's own transport

$c = $t->client('auto', transport => undef);

for my $transport (qw(unframed framed)) {
    $backend->script(gone => { close => 'request' });

    my $m = $c->call('gone', undef, transport => $transport);

    is("$m->{transport} $m->{exception}", "$transport 6",
       "exception, $transport");
}

# fixed

for (
    [ 'framed', 'unframed', 'unframed message where a framed one is expected' ],
    [ 'unframed', 'framed',
      'framed message where an unframed one is expected' ],
) {
    my ($good, $bad, $text) = @$_;

    my $c = $t->client($good, transport => $good);

    is($c->call('get')->{transport}, $good, "fixed, $good");
    is($c->call('get')->{transport}, $good, "again $good");

    my $n = $backend->calls();

    $c->start('get', undef, transport => $bad);
    ok($c->closed(), "fixed $good, $bad closes");

    like(($t->wait_log(qr/client sent \Q$text\E/))[0],
         qr/ \[info\] .*client sent \Q$text\E while reading call from client, /,
         "log says $bad");
    is(scalar $backend->calls(), $n, "upstream saw no $bad call");

    is($t->client($good, protocol => 'compact', transport => $good)
         ->call('get')->{transport}, $good, "fixed $good, compact");
}

# a refused message has no line of its own

$t->client('auto')->call('last');
is(scalar $t->wait_log(qr/^last/, 'access.log'), 1, 'access log');
is(join(' ', $t->grep_log(qr/^gone/, 'access.log')),
   'gone unframed exception gone framed exception', 'transport logged');
is(scalar $t->grep_log(qr/^get/, 'access.log'), 7, 'no line for refused');

$t->done();
