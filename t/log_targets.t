#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Every way in which access_log writes, one line per call each: plain, with
# "if=", gzip, a file named by a variable, a cache of open files, syslog.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::INET;
use IO::Uncompress::Gunzip qw(gunzip);
use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(<<'EOC', log => 'info');

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status';

    map $thrift_status $failed {
        volatile;
        default    0;
        exception  1;
    }

    access_log  %%TESTDIR%%/plain.log  test;
    access_log  %%TESTDIR%%/if.log     test  if=$failed;
    access_log  %%TESTDIR%%/gzip.log   test  gzip  buffer=4k  flush=100ms;
    access_log  %%TESTDIR%%/by-$thrift_method.log  test;
    log_format  bytes  '$thrift_status $upstream_bytes_sent';
    access_log  %%TESTDIR%%/bytes.log  bytes;
    access_log  syslog:server=127.0.0.1:%%PORT_udp%%  test;

    server {
        listen       127.0.0.1:%%PORT_plain%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
    }

    server {
        listen               127.0.0.1:%%PORT_cached%%;
        open_log_file_cache  max=2  inactive=1s  min_uses=1;
        thrift_pass          127.0.0.1:%%PORT_backend%%;
    }
}

EOC

my $udp = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'udp',
                                LocalPort => $t->port('udp')) or die "udp: $!";
$udp->blocking(0);

my $backend = $t->backend('backend',
    script => { no => { exception => [ 6, 'x' ] }, late => { delay => 0.02 },
                hold => { hold => 1 } });

$t->run();

my @methods = map { ('one', 'no', 'two', 'late') } 1 .. 20;
my %n;

for my $where (qw(plain cached)) {
    my $n = 0;
    my @m = $t->client($where)->exchange(join('', map { call_bytes($_, ++$n) }
                                                       @methods), 80);
    is(scalar(@m), 80, "answered, $where");
}

sub lines {
    my ($name) = @_;

    return scalar(my @lines = $t->wait_log(qr/^\w+\|\d+\|\w+$/, $name, 2, 160));
}

is(lines('plain.log'), 160, 'plain file');
is(scalar($t->wait_log(qr/^no\|/, 'if.log', 2, 40)), 40,
   'if= with a call that failed');
is(scalar($t->grep_log(qr/./, 'if.log')), 40, 'if= without the others');
is(scalar($t->wait_log(qr/^$_\|/, "by-$_.log", 2, 40)), 40, "by $_")
    for qw(one no two late);

my $text = '';

ok(wait_for(sub {
    my $packed = $t->read_log('gzip.log');
    $text = '';
    gunzip(\$packed => \$text, MultiStream => 1) if length $packed;
    return 160 == (() = $text =~ /^\w+\|\d+\|\w+$/mg);
}), 'gzip file');

my $syslog = 0;

wait_for(sub {
    while (defined $udp->recv(my $packet, 2048)) {
        $syslog++ if $packet =~ /: \w+\|\d+\|\w+$/;
    }
    return $syslog == 160;
});

is($syslog, 160, 'syslog');

# what was sent of a call whose client left

my $c = $t->client('plain');
$c->start('hold', []);
ok(wait_for(sub { 1 == $backend->calls('hold') }), 'call is held');
$c->reset();
is(scalar($t->wait_log(qr/^cancelled [1-9]/, 'bytes.log', 2)), 1,
   'bytes of a cancelled call');

$t->done();
