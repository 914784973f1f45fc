#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What the status zone says of handlers and of connections: how long a handler's
# code ran, how long it held the event loop, and for which reasons connections to
# servers were closed.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use List::Util qw(sum0);
use Test::More;
use Test::Thrift;


my $t = Test::Thrift->new(undef, http => 1, log => 'info');

$t->handler('nap');

$t->write_conf(<<'EOC');

%%TEST_GLOBALS%%

worker_processes  1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location = /metrics { thrift_status prometheus; }
        location = /json    { thrift_status json; }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_status_zone  thrift  1m;

    upstream shared {
        server            127.0.0.1:%%PORT_users%%  max_fails=0;
        thrift_keepalive  4 timeout=300ms;
    }

    upstream kept {
        server            127.0.0.1:%%PORT_users%%;
        thrift_keepalive  4;
    }

    upstream once {
        server            127.0.0.1:%%PORT_users%%;
        thrift_keepalive  4 requests=1;
    }

    upstream own {
        server  127.0.0.1:%%PORT_users%%;
    }

    upstream narrow {
        server            127.0.0.1:%%PORT_users%%;
        thrift_keepalive  1 max=1;
    }

    upstream foreign {
        server                    127.0.0.1:%%PORT_users%%;
        thrift_upstream_protocol  compact;
    }

    server {
        listen       127.0.0.1:%%PORT_foreign%%;
        thrift_pass  foreign;
    }

    upstream silent {
        server  127.0.0.1:%%PORT_users%%;
    }

    upstream few {
        server            127.0.0.1:%%PORT_users%%;
        thrift_keepalive  1;
    }

    upstream two {
        server  127.0.0.1:%%PORT_users%%;
        server  127.0.0.1:%%PORT_slow%%;
    }

    server {
        listen          127.0.0.1:%%PORT_few%%;
        thrift_trusted  on;
        thrift_pass     few;
    }

    server {
        listen             127.0.0.1:%%PORT_two%%;
        thrift_trusted     on;
        thrift_idempotent  on;
        thrift_hedge       20ms percent=100;
        thrift_pass        two;
    }

    server {
        listen       127.0.0.1:%%PORT_narrow%%;
        thrift_pass  narrow;
    }

    server {
        listen               127.0.0.1:%%PORT_silent%%;
        thrift_read_timeout  200ms;
        thrift_pass          silent;
    }

    server {
        listen      127.0.0.1:%%PORT_handler%%;
        thrift_idl  %%TOP%%/t/data/handler/nap.thrift;

        thrift_service Nap {
            thrift_handler       %%TESTDIR%%/nap.so;
            thrift_handler_slow  500ms;
        }
    }

    server {
        listen          127.0.0.1:%%PORT_shared%%;
        thrift_trusted  on;
        thrift_timeout  300ms;
        thrift_pass     shared;
    }

    server {
        listen          127.0.0.1:%%PORT_kept%%;
        thrift_trusted  on;
        thrift_pass     kept;
    }

    server {
        listen          127.0.0.1:%%PORT_once%%;
        thrift_trusted  on;
        thrift_pass     once;
    }

    server {
        listen       127.0.0.1:%%PORT_own%%;
        thrift_pass  own;
    }
}

EOC

my $users = $t->backend('users');

$users->script(closed => { close => 'request' }, half => { cut => 0.5 },
               garbage => { garbage => 1 }, mute => { stall => 1 },
               held => { hold => 1 });

$t->backend('slow')->script(get => { stall => 1 });

$t->run();

my $c = $t->client('handler');

$c->call('nap', [ [ 1, i32 => $_ ] ]) for 0, 600;
$t->client('own')->call('get', []);

my ($nap) = grep { $_->{method} eq 'nap' } @{json()->{methods}};
my $handler = $nap->{handler};

is($handler->{holds}, 1, 'it held the event loop once');
cmp_ok($handler->{hold_seconds}, '>=', 0.6, 'so long');
cmp_ok($handler->{seconds}{sum}, '>=', 0.6, 'its code ran for longer');
is($handler->{seconds}{buckets}{'1.0'} + $handler->{seconds}{buckets}{'5.0'}, 1,
   'once');

my $metrics = $t->http('web')->request('GET', '/metrics')->{body};

like($metrics, qr/^nginx_thrift_handler_duration_seconds_count\{.*thrift_method="nap".*\} 2$/m,
     'calls of a handler');
like($metrics, qr/^nginx_thrift_event_loop_holds_total\{.*"nap".*\} 1$/m,
     'times of holding');
like($metrics, qr/^nginx_thrift_event_loop_hold_seconds_total\{.*"nap".*\} (?:0\.[6-9]|[1-4]\.)/m,
     'and how long');
is(scalar(() = $metrics =~ /^nginx_thrift_handler_duration_seconds_count/mg), 1,
   'nothing of methods without a handler');

# a call in another protocol than its server's, and one in the same

$t->client('foreign', protocol => $_)->call('get', []) for qw(binary compact);

my ($foreign) = grep { $_->{upstream} eq 'foreign' && $_->{server} ne '-' }
                @{json()->{upstreams}};

is("$foreign->{attempts}{answered} $foreign->{translated}", '2 1',
   'one of two is translated');

# connections

closed('shared', 'server', sub { $t->client('shared')->call('closed', []) });
closed('shared', 'error', sub { $t->client('shared')->call('garbage', []) });
closed('shared', 'idle', sub { $t->client('shared')->call('get', []) });
closed('once', 'not_kept', sub { $t->client('once')->call('get', []) });
closed('own', 'client', sub {
    my $own = $t->client('own');

    $own->call('get', []);
    $own->close();
});

closed('silent', 'timeout', sub { $t->client('silent')->call('half', []) });
closed('shared', 'timeout', sub { $t->client('shared')->call('mute', []) });

# its client leaves, and a hedged call of which another server has the answer

closed('own', 'given_up', sub {
    my $own = $t->client('own');

    $own->start('mute', []);
    ok(wait_for(sub { $users->calls('mute') == 2 }), 'a call is on its way');
    $own->close();
});
closed('two', 'given_up', sub {
    my $two = $t->client('two');

    is(answer($two->call('get', [])), 'users', 'answered') for 1 .. 2;
});

# more idle ones than there may be

closed('few', 'not_kept', sub {
    my @clients = map { $t->client('few') } 1 .. 2;

    $_->start('held', []) for @clients;
    ok(wait_for(sub { $users->calls('held') == 2 }), 'calls are on their way');
    $users->release();
    is(answer($_->read_message()), 'users', 'answered') for @clients;
});

closed('narrow', 'room', sub {
    my @clients = map { $t->client('narrow') } 1 .. 2;

    # the connection of the first one is its own, and idle

    is(answer($_->call('get', [])), 'users', 'answered') for @clients;
});

# a reload: what is idle goes with its worker

$t->client('kept')->call('get', []);

my $before = count('kept', 'exit');

$t->reload();
ok(wait_for(sub { count('kept', 'exit') > $before }), 'kept: exit');

$metrics = $t->http('web')->request('GET', '/metrics')->{body};
like($metrics, qr/^nginx_thrift_upstream_connections_closed_total\{.*"own".*reason="client"\} [1-9]/m,
     'as metrics');

$t->expect_log(qr/\[error\]/);
$t->done();


sub json {
    return JSON::PP->new->decode($t->http('web')->request('GET', '/json')->{body});
}


sub count {
    my ($upstream, $reason) = @_;

    my @servers = grep { $_->{upstream} eq $upstream && $_->{server} ne '-' }
                  @{json()->{upstreams}};

    return sum0(map { $_->{connections}{closed_for}{$reason} // 0 } @servers);
}


# One more is closed for that reason, and in all one more than the others say.

sub closed {
    my ($upstream, $reason, $code) = @_;

    my $before = count($upstream, $reason);

    $code->();

    ok(wait_for(sub { count($upstream, $reason) > $before }),
       "$upstream: $reason")
        or diag(JSON::PP->new->encode([ map { $_->{connections} } @{json()->{upstreams}} ]));
}
