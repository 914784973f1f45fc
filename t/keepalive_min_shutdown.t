#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# A connection that thrift_keepalive "min" opens ahead, and that is there only
# when its worker shuts down already: the worker closes it before it exits.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;

eval { require IO::Socket::SSL; require Test::Thrift::Authority; 1 }
    or plan(skip_all => 'IO::Socket::SSL is missing');


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    upstream tls {
        server            127.0.0.1:%%PORT_tls%%;
        thrift_ssl        on;
        thrift_keepalive  1 min=1;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_pass  tls;
    }

    server {
        listen      127.0.0.1:%%PORT_other%%;
        proxy_pass  127.0.0.1:%%PORT_sink%%;
    }
}

EOC

my $dir = $t->dir();
my $key = Test::Thrift::Authority->new($dir, 'ca')->issue('tls');

$t->server('tls', \&serve);
$t->backend('sink');
$t->run();

# It is looked for what is opened once in a second, and it is closed then; so
# this may be too late.

my $opened = 0;

for my $n (1 .. 10) {

    # it keeps the worker

    my $other = $t->client('other');

    wait_for(sub { $t->grep_log(qr/^accepted by \Q$n\E$/, 'tls.log') });
    $t->reload();
    $t->write_file("go-$n", '');

    my ($line) = $t->wait_log(qr/^(?:open|closed) $n$/, 'tls.log');

    $other->close();
    ok($t->old_workers_gone(), "the worker exits, $n");

    last if $opened = ($line || '') =~ /^open/;
}

ok($opened, 'a connection was opened while it shut down');

$t->done();


# Each worker's first connection waits until it may go on.

sub serve {
    my ($socket) = @_;

    my $n = 1;

    $n++ while -e "$dir/go-$n";

    note_line("accepted by $n");
    wait_for(sub { -e "$dir/go-$n" }, 30);

    my $tls = IO::Socket::SSL->start_SSL($socket, SSL_server => 1, %$key);

    note_line(($tls ? 'open' : 'closed') . " $n");

    1 while $tls && sysread($tls, my $bytes, 4096);
}


sub note_line {
    my ($line) = @_;

    open(my $fh, '>>', "$dir/tls.log") or die "tls.log: $!";
    syswrite($fh, "$line\n");
}
