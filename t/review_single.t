#!/usr/bin/perl

# "master_process off": one process that reloads itself, while clients of the
# old configuration stay.  Without zones: nginx itself unmaps those of the old
# configuration at once in this mode.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Time::HiRes qw(sleep);


my $conf = <<'EOC';

master_process  off;

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  test  '$thrift_method|$thrift_seqid|$thrift_status|VERSION';
    access_log  %%TESTDIR%%/access.log  test;

    upstream two {
        server            127.0.0.1:%%PORT_10%%  max_conns=4;
        server            127.0.0.1:%%PORT_11%%  max_conns=4;
        thrift_keepalive  8  timeout=1s;
    }

    server {
        listen               127.0.0.1:%%PORT_0%%;
        thrift_max_pipeline  200;
        thrift_pass          two;
    }
}

EOC

sub version {
    my ($n) = @_;

    (my $text = $conf) =~ s/VERSION/$n/;

    return $text;
}

my $t = Test::Thrift->new(version(1));

my %script = (hold => { hold => 1 });
my @b = map { $t->backend($_, id => "b$_", script => \%script) } 10, 11;

my $pid = $t->run_daemon(sub {
    $t->_exec_nginx(1, '-p', $t->dir(), '-c', $t->dir() . '/nginx.conf',
                    '-e', $t->dir() . '/error.log');
}, port => 0);

sub answers {
    my ($c, $n) = @_;

    return join(' ', sort map { my $m = $c->call('get');
                                $m->{fields}{0} || $m->{message} } 1 .. $n);
}

my $old = $t->client(0);

is(answers($old, 4), 'b10 b10 b11 b11', 'calls');

# in flight across reloads

$old->start('hold', [], seqid => 77);
ok(wait_for(sub { 1 == map { $_->calls('hold') } @b }), 'held');

for my $n (2 .. 4) {
    $t->write_conf(version($n));
    kill('HUP', $pid);

    ok(wait_for(sub {
        my $c = $t->client(0);
        $c->call("get$n");
        $c->close();
        return $t->grep_log(qr/^get$n\|.*\|$n$/, 'access.log');
    }), "reload $n");
}

$_->release() for @b;
is($old->read_message()->{seqid}, 77, 'reply across reloads');
is(scalar($t->wait_log(qr/^hold\|77\|success\|1$/, 'access.log')), 1,
   'logged by the old one');
is(answers($old, 4), 'b10 b10 b11 b11', 'old client');

# a burst, so that what is kept for reuse is full, and then the cycle goes

my @m = $old->exchange(join('', map { call_bytes('get', $_) } 1 .. 100), 100);

is(scalar(@m), 100, 'burst');
$old->close();

# the timer that cleans old cycles comes every 30 s: not waited for; idle
# connections of the old pools end by themselves

ok(wait_for(sub { my $n = 0;
                  $n += $_->accepted() - $_->closed() for @b; $n <= 2 }, 4),
   'old pools ended');

my $new = $t->client(0);
is(answers($new, 4), 'b10 b10 b11 b11', 'new client');
$new->start('hold', []);
ok(wait_for(sub { 2 == map { $_->calls('hold') } @b }), 'held again');

kill('QUIT', $pid);
sleep(0.2);
$_->release() for @b;
ok($new->read_message(), 'reply after quit');
$new->close();

my $status;
ok(wait_for(sub { my $r = waitpid($pid, 1); $status = $?; $r == $pid }, 8),
   'ended');
is($status, 0, 'with code 0');

$t->done();
