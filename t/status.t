#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# thrift_status_zone counts what clients count, over reloads and the end of a
# worker; thrift_status says it to Prometheus and as JSON.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;
use Test::Thrift;
use Test::Thrift::Files qw(slurp);


my $LONG = 'l' x 128;

my $conf = <<'EOF';

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location = /metrics {
            thrift_status  prometheus;
        }

        location = /json {
            thrift_status  json;
        }

        location = /limited {
            thrift_status  json;

            limit_except  GET {
                deny  all;
            }
        }

        location = /call {
            thrift_door  named;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_status_zone  counted  256k;
    thrift_trusted      on;

    log_format  ids  '$thrift_method $thrift_call_id $thrift_trace_id '
                     '$thrift_trace_sampled';

    upstream users {
        zone    users  64k;
        server  127.0.0.1:%%PORT_users%%;
        server  127.0.0.1:%%PORT_nobody%%  down;
    }

    upstream dead {
        server  127.0.0.1:%%PORT_nobody%%;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_name  named;

        thrift_service Users {
            thrift_pass  users;

            thrift_method get    { }
            thrift_method wait   { }
            thrift_method gone   { thrift_pass dead; }
            thrift_method late   { thrift_timeout 100ms; }
            thrift_method no     { thrift_return INTERNAL_ERROR "no"; }
            thrift_method "a\"b\\c{}" { }
            thrift_method "%%HOSTILE%%" { }
            thrift_method %%LONG%% { }
        }
    }

    server {
        listen               127.0.0.1:%%PORT_logged%%;
        thrift_name          logged;
        thrift_trace_sample  off;
        access_log           %%TESTDIR%%/ids.log  ids;

        thrift_service Users {
            thrift_pass  users;

            thrift_method get    { }
            thrift_method late   { thrift_timeout 100ms; }
        }
    }

    server {
        listen       127.0.0.1:%%PORT_plain%%;
        thrift_pass  127.0.0.1:%%PORT_users%%;
    }
}

EOF

my $hostile = "\xff\xc3(<b>\x{c3}\x{a4}";

$conf =~ s/%%HOSTILE%%/$hostile/;
$conf =~ s/%%LONG%%/$LONG/;

my $t = Test::Thrift->new($conf, http => 1, log => 'info');
my $users = $t->backend('users');

$users->script(declared => { body => [ [ 1, struct => [] ] ] },
               exception => { exception => [ 6, 'no' ] },
               odd => { exception => [ 77, 'no' ] },
               silent => { type => EXCEPTION, body => [ [ 2, i32 => 6 ] ] },
               late => { delay => 0.5 },
               wait => { hold => 1 });

wrong_configurations();

$t->run();

my $web = $t->http('web');
my $c = $t->client('proxy');

outcomes();
failures();
names();
formats();
exemplars();
reloads();
killed();
many_failures();
full();

$t->done();


# The metrics: { name => { labels => value } }

sub metrics {
    my (%headers) = @_;

    my $r = $t->http('web')->request('GET', '/metrics', %headers);
    my %m;

    for (split /\n/, $r->{body}) {
        next if /^#/;

        /^(\w+)(?:\{(.*)\})? (\S+)$/ or die "line $_";
        die "twice: $_" if exists $m{$1}{$2 // ''};

        $m{$1}{$2 // ''} = $3;
    }

    return \%m;
}


sub json {
    my ($path) = @_;

    return decode_json($t->http('web')->request('GET', $path
                                                        || '/json')->{body});
}


# What is said of a method, and of a server.

sub method {
    my ($name, $service, $server) = @_;

    my ($found) = grep { $_->{method} eq $name
                         && $_->{service} eq ($service || 'Users')
                         && $_->{server} eq ($server || 'named') }
                  @{json()->{methods}};

    return $found;
}


sub upstream {
    my ($name, $server) = @_;

    my ($found) = grep { $_->{upstream} eq $name
                         && $_->{server} eq $server }
                  @{json()->{upstreams}};

    return $found;
}


# Outcomes that are not 0, as text.

sub calls {
    my ($m) = @_;

    my %n = %{$m->{calls} || {}};
    my %e = %{$m->{exceptions} || {}};

    return join(' ', map { "$_ $n{$_}" } grep { $n{$_} } sort keys %n),
           map { "$_ $e{$_}" } grep { $e{$_} } sort keys %e;
}


sub sum {
    my (@n) = @_;

    my $sum = 0;
    $sum += $_ for @n;

    return $sum;
}


sub wrong_configurations {
    for (
        [ 'thrift_status_zone counted 256k;',
          'thrift_status_zone counted 256k; thrift_status_zone other 1m;',
          qr/"thrift_status_zone" directive is duplicate/ ],
        [ 'counted 256k', 'counted 1k', qr/zone "counted" is too small/ ],
        [ 'counted 256k', 'counted 256k failures=10001',
          qr/invalid value "failures=10001" in "thrift_status_zone" / ],
        [ 'counted 256k', 'counted 256k errors=1',
          qr/invalid value "errors=1" in "thrift_status_zone" directive, / ],
        [ 'counted 256k', 'counted many',
          qr/invalid value "many" in "thrift_status_zone" directive, .* size/ ],
        [ 'thrift_status_zone counted 256k;', '',
          qr/"thrift_status" needs a "thrift_status_zone" in stream in / ],
        [ 'thrift_status prometheus;', 'thrift_status xml;',
          qr/invalid value "xml" in "thrift_status" directive, it must be / ],
        [ 'thrift_status prometheus;',
          'thrift_status prometheus; thrift_status json;',
          qr/"thrift_status" directive is duplicate/ ],
        [ 'thrift_status prometheus;',
          'thrift_status prometheus; thrift_door named;',
          qr/"thrift_door" directive cannot stand beside "thrift_status"/ ],
    ) {
        my ($from, $to, $error) = @$_;

        (my $text = $conf) =~ s/  +/ /g;
        $text =~ s/\Q$from\E/$to/ or die $from;

        like($t->config_error($text), $error, $to);
    }
}


sub outcomes {
    $c->call("Users:$_") for ('get') x 5, qw(declared exception odd late no
                                             gone);
    $c->call('Users:get', "\5\0\1");
    $c->oneway('Users:get');
    $t->client('proxy')->call('Users:late');
    failed(7);
    $t->client('proxy')->call('Nobody:get');
    failed(8);
    $t->client('proxy')->exchange("GET / HTTP/1.0\r\n\r\n", 1);

    ok(wait_for(sub { (calls(method('get')))[0] =~ /oneway/ }), 'oneway');

    is((calls(method('get')))[0], 'oneway 1 success 5', 'get');
    is(join(' ', calls(method('-'))),
       'declared_exception 1 INTERNAL_ERROR 1 other 1', 'names of no block');
    is((calls(method('late')))[0], 'timed_out 2', 'late');
    is((calls(method('no')))[0], 'returned 1', 'returned');
    is((calls(method('gone')))[0], 'upstream_failed 1', 'no server');
    is((calls(method('-', '-')))[0], 'malformed 1 not_thrift 1 unknown_method 1',
       'the server itself');

    $t->client('plain')->call('Any:thing') for 1 .. 3;
    is((calls(method('-', '-', '127.0.0.1:' . $t->port('plain'))))[0],
       'success 3', 'a server without name');

    my $m = method('get');
    is(sum(values %{$m->{seconds}{buckets}}), 6, 'times');
    ok($m->{seconds}{sum} > 0 && $m->{seconds}{sum} < 7, 'their sum');
    is(sum(@{method('late')->{seconds}{buckets}}{qw(0.1 0.25 0.5 1.0)}), 2,
       'time of what is late');

    my $u = upstream('users', '127.0.0.1:' . $t->port('users'));

    is($u->{attempts}{answered}, 6, 'answered');
    is($u->{attempts}{exception}, 2, 'with an exception');
    is($u->{attempts}{oneway}, 1, 'sent');
    is($u->{attempts}{timed_out}, 2, 'too late');
    ok($u->{connections}{opened} >= 1 && $u->{connections}{reused} >= 4,
       'connections');
    is($u->{connections}{opened} - $u->{connections}{closed},
       $u->{connections}{open}, 'those that are open');
    is(upstream('dead', '127.0.0.1:' . $t->port('nobody'))
           ->{attempts}{unreachable}, 1, 'unreachable');

    my %state = map { ("$_->{upstream} $_->{server}" => $_->{state}) }
                @{json()->{servers}};

    is($state{'users 127.0.0.1:' . $t->port('users')}, 'up', 'up');
    is($state{'users 127.0.0.1:' . $t->port('nobody')}, 'down', 'down');

    is($web->post('/call', call_bytes('Users:get', 1, undef,
                                      transport => 'unframed'))->{status},
       200, 'by http');
    is(method('get')->{calls}{success}, 6, 'counts');

    my $waiting = $t->client('proxy');
    $waiting->start('Users:wait');
    ok(wait_for(sub { (method('wait') || { in_flight => 0 })->{in_flight}
                      == 1 }), 'in flight');
    $waiting->close();
    ok(wait_for(sub { method('wait')->{in_flight} == 0 }), 'client has left');
    is((calls(method('wait')))[0], 'cancelled 1', 'cancelled');
    $users->release();
}


# So many calls have failed.  A worker counts one when its reply is written: a
# client may be sooner, with another one.

sub failed {
    my ($n) = @_;

    return wait_for(sub { @{json()->{failures}} == $n });
}


# The latest first: what is known of calls that have failed.

sub failures {
    my @f = @{json()->{failures}};
    my %by = map { $_->{method} => $_ } @f;

    is(join(' ', map { $_->{outcome} } @f),
       'not_thrift unknown_method timed_out malformed upstream_failed returned '
       . 'timed_out exception exception', 'failures');
    is(join(' ', map { $_->{number} } @f), '8 7 6 5 4 3 2 1 0', 'numbers');

    my $late = $by{late};

    is($late->{upstream_server}, '127.0.0.1:' . $t->port('users'), 'its server');
    like($late->{text}, qr/^timed out after 1\d\dms /, 'text');
    is($late->{exception}, 'INTERNAL_ERROR', 'exception');
    ok($late->{seconds} > 0.09 && $late->{seconds} < 3, 'seconds');
    ok(abs($late->{time} - time()) < 60, 'time');

    is("$f[8]{text} $f[8]{exception}", 'no INTERNAL_ERROR',
       'a server\'s exception');
    is($f[7]{exception}, 'other', 'an odd one');
    is($by{no}{upstream_server}, '', 'of no server');
    is("$f[1]{service} $f[1]{method}", '- -', 'no name of a client\'s');

    $c->call('Users:silent');

    my ($silent) = @{json()->{failures}};

    is("$silent->{text} $silent->{exception}", ' INTERNAL_ERROR',
       'an exception without a text');
}


# Nothing of a client's is a name, and names of the configuration do no harm.

sub names {
    my $before = json()->{zone}{rows};

    $c->call("Users:x$_") for 1 .. 50;
    $t->client('proxy')->call("N$_:y") for 1 .. 5;

    is(json()->{zone}{rows}, $before, 'names of clients are not kept');

    $c->call('Users:a"b\c{}');
    $c->call("Users:$hostile");
    $c->call("Users:$LONG");

    my $body = $t->http('web')->request('GET', '/metrics')->{body};

    like($body, qr/thrift_method="a\\"b\\\\c\{\}",/, 'quote, backslash');
    like($body, qr/thrift_method="\\\\xff\\\\xc3\(<b>\xc3\xa4",/,
         'bytes that are no UTF-8');
    unlike($body, qr/l{100}/, 'a long name');
    is(scalar(grep { $_->{method} =~ /^\\xff\\xc3\(<b>/ }
              @{json()->{methods}}), 1, 'JSON');
}


sub formats {
    my $r = $web->request('GET', '/metrics');

    is($r->{headers}{'content-type'},
       'text/plain; version=0.0.4; charset=utf-8', 'type');
    like($r->{body}, qr/^# TYPE nginx_thrift_calls_total counter$/m, 'TYPE');
    unlike($r->{body}, qr/EOF/, 'no end');

    is($t->http('web')->post('/metrics', 'x')->{status}, 405, 'POST');
    is($t->http('web')->post('/limited', 'x')->{status}, 403, 'limit_except');
    is(ref json('/limited')->{methods}, 'ARRAY', 'and GET');

    $r = $t->http('web')->request('GET', '/metrics',
        Accept => 'application/openmetrics-text;version=1.0.0,*/*;q=0.1');

    like($r->{headers}{'content-type'}, qr{^application/openmetrics-text},
         'OpenMetrics');
    like($r->{body}, qr/^# TYPE nginx_thrift_calls counter$/m, 'its TYPE');
    like($r->{body}, qr/^# UNIT nginx_thrift_call_duration_seconds seconds$/m,
         'UNIT');
    like($r->{body}, qr/\n# EOF\n\z/, 'its end');

    my $m = metrics();
    my $labels = 'server_zone="named",thrift_service="Users",'
                 . 'thrift_method="get"';

    is($m->{nginx_thrift_calls_total}{"$labels,thrift_success=\"true\","
           . 'outcome="success",thrift_exception_type=""'}, 6, 'a counter');
    is($m->{nginx_thrift_call_duration_seconds_bucket}{"$labels,le=\"+Inf\""},
       7, 'a histogram');
    is($m->{nginx_thrift_call_duration_seconds_count}{$labels}, 7, 'its count');
    is($m->{nginx_thrift_workers}{''}, 2, 'workers');

    SKIP: {
        my $promtool = $ENV{PROMTOOL} || 'promtool';

        skip 'no promtool', 1 unless grep { -x "$_/promtool" }
                                     split(/:/, $ENV{PATH}), ''
                                     or -x $promtool;

        my $file = $t->write_file('metrics.txt',
                                  $t->http('web')->request('GET', '/metrics')
                                      ->{body});

        is(`$promtool check metrics < $file 2>&1`, '', 'promtool');
    }

    schema(json());
}


# A bucket of times names a call of it that is in a log.

sub exemplars {
    my $client = $t->client('logged');

    $client->call('Users:get') for 1 .. 3;
    $client->call('Users:late');

    my %ids;

    wait_for(sub { %ids = map { /^(\w+) (\S+) \S+ 0$/ ? ($2 => $1) : () }
                          split /\n/, slurp($t->dir() . '/ids.log');
                   keys %ids == 4 });

    my @found = openmetrics() =~
        /^nginx_thrift_call_duration_seconds_bucket\{(.*)\}\ \d+
         \ \#\ \{call_id="(.*)"\}\ (\S+)\ (\S+)$/mgx;

    my %by;

    while (my ($labels, $id, $took, $time) = splice(@found, 0, 4)) {
        my ($method) = $labels =~ /thrift_method="(\w+)"/;
        my ($le) = $labels =~ /le="(.*)"/;

        push @{$by{$method}}, $id;

        is($ids{$id}, $method, "$method: a call of the log");
        ok($took <= ($le eq '+Inf' ? 1e9 : $le), 'in its bucket');
        ok(abs($time - time()) < 60, 'the time');
    }

    ok($by{get} && @{$by{get}} <= 3 && @{$by{late}} == 1, 'of each method');
    unlike($t->http('web')->request('GET', '/metrics')->{body}, qr/call_id/,
           'not in the older format');

    my ($failure) = grep { $_->{server} eq 'logged' } @{json()->{failures}};

    is($ids{$failure->{call_id}}, 'late', 'a failure has its id');
    is((grep { $_->{server} eq 'named' } @{json()->{failures}})[0]{call_id},
       '', 'when it was made');

    sampled();
}


sub sampled {
    ok($t->reload($conf =~ s/(trace_sample)  off/$1  on/r), 'reload');
    $t->old_workers_gone(10);

    # an exemplar is of another second than the one before it

    my $client = $t->client('logged');
    my $traced = qr/call_id="(\S+)",trace_id="([0-9a-f]{32})"\} \S+ \S+$/m;
    my @ids;

    ok(wait_for(sub { $client->call('Users:get');
                      @ids = openmetrics() =~ $traced }), 'a trace');
    ok(wait_for(sub { index(slurp($t->dir() . '/ids.log'), "@ids 1\n") > 0 }),
       'as in the log');
}


sub openmetrics {
    return $t->http('web')->request('GET', '/metrics',
        Accept => 'application/openmetrics-text; version=1.0.0')->{body};
}


# docs/status.md

sub schema {
    my ($j) = @_;

    is(join(' ', sort keys %$j), 'failures generation methods reload_clients '
                                 . 'servers time upstreams version workers '
                                 . 'zone', 'members');
    is($j->{version}, 1, 'version');
    is(join(' ', sort keys %{$j->{zone}}), 'free full name rows size', 'zone');

    my %keys = (
        methods => 'calls exceptions handler in_flight method received_bytes '
                   . 'seconds sent_bytes server service',
        upstreams => 'attempts connections hedges in_flight received_bytes '
                     . 'retries seconds sent_bytes server translated '
                     . 'upstream wait_seconds waiting waits',
        servers => 'server state upstream',
        failures => 'arguments call_id exception method number outcome seconds '
                    . 'server service text time upstream_server',
    );

    for my $part (sort keys %keys) {
        my %found = map { join(' ', sort keys %$_) => 1 } @{$j->{$part}};
        is(join(', ', keys %found), $keys{$part}, "members of $part");
    }

    my $docs = do {
        open(my $fh, '<', "$FindBin::Bin/../docs/status.md") or die $!;
        local $/;
        <$fh>;
    };

    my ($m, $u, $f) = map { $j->{$_}[0] } qw(methods upstreams failures);

    my @missing = grep { $docs !~ /\b\Q$_\E\b/ }
                  keys %$j, keys %{$j->{zone}}, keys %$m, keys %{$m->{calls}},
                  keys %$u, keys %{$u->{attempts}}, keys %{$u->{connections}},
                  keys %$f;

    is("@missing", '', 'all of them are documented');
}


# Each call of clients is counted once, also by workers that shut down.

sub reloads {
    my $before = method('get')->{calls}{success};
    my $sent = 0;
    my @clients = map { $t->client('proxy') } 1 .. 8;

    $t->old_workers_gone(10);

    my ($generation, $handed) = (json()->{generation},
                                 json()->{reload_clients}{handed_over});

    for my $round (1 .. 5) {
        $_->start('Users:get') for @clients;

        if ($round % 2) {
            (my $text = $conf) =~ s/thrift_method gone/thrift_method new { }
                                    thrift_method gone/ if $round == 3;
            ok($t->reload($text), 'reload');
        }

        for (@clients) {
            $sent++ if answer($_->read_message()) eq 'users';
        }
    }

    is(json()->{generation}, $generation + 3, 'generation');
    ok(wait_for(sub { metrics()->{nginx_thrift_reload_clients_total}
                      {'fate="handed_over"'} >= $handed + 3 * 8 }),
       'clients were handed over');

    is($sent, 40, 'all are answered');
    ok(wait_for(sub { method('get')->{calls}{success} == $before + $sent }),
       'and counted');
    is(method('get')->{in_flight}, 0, 'none is in flight');
}


sub killed {
    ok($t->reload(), 'reload');
    $t->old_workers_gone(10);

    my $before = method('get')->{calls}{success};
    my @waiting = map { $t->client('proxy') } 1 .. 6;

    $_->start('Users:wait') for @waiting;
    ok(wait_for(sub { method('wait')->{in_flight} == 6 }), 'six in flight');

    my $n = 0;
    my @clients = map { $t->client('proxy') } 1 .. 6;

    for (1 .. 5) {
        answer($_->call('Users:get')) eq 'users' and $n++ for @clients;
    }

    # a client may have its reply before the call has been counted

    ok(wait_for(sub { method('get')->{calls}{success} == $before + $n }),
       'all are counted');

    my ($victim) = $t->workers();

    $t->expect_log(qr/worker process \d+ exited on signal 9/);
    $t->signal('KILL', $victim);
    ok(wait_for(sub { !grep { $_ == $victim } $t->workers() }), 'killed');
    ok(wait_for(sub { $t->workers() == 2 }), 'another one begins');

    is(method('get')->{calls}{success}, $before + $n,
       'what it had counted is there');

    $users->release();

    my $answered = grep { ($_->read_message(1) || {})->{type} } @waiting;

    ok(wait_for(sub { method('wait')->{in_flight} == 0 }),
       'none is in flight');
    is(method('wait')->{calls}{success} + 0, $answered,
       'those of the other one are counted');
    ok(wait_for(sub { metrics()->{nginx_thrift_workers}{''} == 2 }),
       'two workers');
}


# More failures than are kept, of several workers at a time; and texts that are
# long, or do harm.

sub many_failures {
    my $before = json()->{failures}[0]{number};

    $users->script(long => { exception => [ 1, 'a' . ("\xc3\xa4" x 200) ] },
                   harm => { exception => [ 1, '"</script>' . "\0\xff" ] });

    my @clients = map { $t->client('proxy') } 1 .. 8;

    for (1 .. 40) {
        $_->start('Users:no') for @clients;
        $_->read_message() for @clients;
    }

    $clients[0]->call("Users:$_") for qw(long harm);

    # a client may have its reply before the call has been counted

    my @f;

    wait_for(sub {
        @f = @{json()->{failures}};
        $f[0]{number} >= $before + 322;
    });

    my $kept = @f;

    ok($kept > 50 && $kept <= 100, 'the latest');
    is($f[0]{number}, $before + 322, 'all are counted');
    is($f[0]{text}, '"</script>\x00\xff', 'harmless');
    is($f[1]{text}, 'a' . "\x{e4}" x 95, 'cut between characters');
    is(scalar(grep { $_->{text} ne 'no' } @f[2 .. $#f]), 0, 'whole entries');
}


# More names than the zone has room for.

sub full {
    my $methods = join("\n", map { "thrift_method many$_ { }" } 1 .. 400);

    (my $text = $conf) =~ s/counted  256k/small    64k/;
    $text =~ s/thrift_method gone/$methods\nthrift_method gone/;

    ok($t->reload($text), 'reload with a small zone');
    $t->old_workers_gone(10);

    my $client = $t->client('proxy');

    $client->call("Users:many$_") for 1 .. 400;

    # a client may have its reply before the call has been counted

    my ($j, $counted);

    wait_for(sub {
        $j = json();
        $counted = sum(map { $_->{calls}{success} } @{$j->{methods}});
        $counted >= 400;
    });

    ok($j->{zone}{full}, 'full');
    ok($j->{zone}{rows} < 100, 'rows');
    is($counted, 400, 'none is lost');
    ok(wait_for(sub { $t->grep_log(qr/"small" is full: names/) == 1 }),
       'one line');
    is(metrics()->{nginx_thrift_status_full}{''}, 1, 'metric');
}
