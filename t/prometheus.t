#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What Prometheus, the real one, has counted is what clients have, over reloads
# and the end of two workers; the dashboard and the alerts in conf/ ask for metrics
# that there are.  "make test-prometheus" installs it, and takes minutes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;
use Test::Thrift;
use Time::HiRes qw(time);


my $SECONDS = $ENV{PROMETHEUS_SECONDS} || 6;
my $CLIENTS = 6;
my $RELOADS = $SECONDS < 20 ? 1 : $SECONDS / 20;    # seconds between them

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
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_status_zone  counted  256k;
    thrift_trusted      on;

    log_format  ids  '$thrift_call_id';

    upstream users {
        zone              users  64k;
        server            127.0.0.1:%%PORT_users%%;
        server            127.0.0.1:%%PORT_nobody%%  max_fails=0;
        thrift_keepalive  8;
    }

    server {
        listen       127.0.0.1:%%PORT_proxy%%;
        thrift_name  proxy;
        access_log   %%TESTDIR%%/ids.log  ids;
        thrift_pass  users;
    }
}

EOF

my $t = Test::Thrift->new($conf, http => 1, log => 'notice');
my ($prometheus) = grep { -x } map { "$_/prometheus" } split /:/, $ENV{PATH};

$t->backend('users')->script(no => { exception => [ 6, 'no' ] });
$t->expect_log(qr/refused|signal 9/);
$t->run();

my @clients = map { $t->client('proxy') } 1 .. $CLIENTS;
my %sent = (success => 0, exception => 0);
my ($lost, $reloads) = (0, 0);

calls('get');
calls('no');

expressions();
promtool();

SKIP: {
    skip 'no prometheus', 8 unless $prometheus;

    start_prometheus();
    load();
    sums();
    exemplars();
    asked();
}

$t->done();


# One call of each client; those whose worker was killed connect anew.

sub calls {
    my ($method) = @_;

    my %waiting;

    for my $i (0 .. $#clients) {
        $waiting{$i} = eval { $clients[$i]->start($method); 1 };
    }

    for my $i (0 .. $#clients) {
        my $m = $waiting{$i} ? eval { $clients[$i]->read_message() } : undef;

        if (!$m) {
            $clients[$i] = $t->client('proxy');
            $lost++;
            next;
        }

        $sent{$m->{type} == 3 ? 'exception' : 'success'}++;
    }
}


sub load {
    my $begin = time();
    my $next = $begin + $RELOADS;
    my @kills = map { $begin + $SECONDS * $_ / 3 } 1, 2;
    my $n = 0;

    while (time() < $begin + $SECONDS) {
        calls($n++ % 7 ? 'get' : 'no');

        if (time() > $next) {
            $t->reload();
            $reloads++;
            $next = time() + $RELOADS;
        }

        if (@kills && time() > $kills[0]) {
            my ($victim) = $t->workers();
            $t->signal('KILL', $victim);
            shift @kills;
        }

        elapse(0.01);
    }
}


sub start_prometheus {
    my $dir = $t->dir();

    $t->write_file('prometheus.yml', <<'EOF');
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files:
  - %%TOP%%/conf/prometheus_alerts.yml
scrape_configs:
  - job_name: nginx
    metrics_path: /metrics
    static_configs:
      - targets: ['127.0.0.1:%%PORT_web%%']
EOF

    $t->run_daemon([ $prometheus, "--config.file=$dir/prometheus.yml",
                     "--storage.tsdb.path=$dir/tsdb", '--log.level=warn',
                     '--enable-feature=exemplar-storage',
                     '--web.listen-address=' . $t->address('prometheus') ],
                   port => 'prometheus', timeout => 60);
}


# What Prometheus says of an expression, or undef.

sub ask {
    my ($expr) = @_;

    $expr =~ s/([^\w.-])/sprintf '%%%02x', ord $1/eg;

    my $r = $t->http('prometheus')->request('GET',
                                            "/api/v1/query?query=$expr");
    my $answer = $r && eval { decode_json($r->{body}) } or return;

    return unless $answer->{status} eq 'success';
    return $answer->{data}{result};
}


sub value {
    my ($expr) = @_;

    my $result = ask($expr);

    return $result && @$result ? $result->[0]{value}[1] : -1;
}


# Only calls that were in flight in a killed worker may be missing.

sub sums {
    my $all = $sent{success} + $sent{exception};

    note("$all calls, $lost lost, $reloads reloads");

    ok(wait_for(sub { value('sum(nginx_thrift_calls_total)') >= $all - 2 * $CLIENTS
                      && value('nginx_thrift_workers') == 2 }, 15),
       'all calls are counted');

    elapse(1.5);

    my %counted = map { $_ => value("sum(nginx_thrift_calls_total{"
                                    . "outcome=\"$_\"})") } keys %sent;

    for (sort keys %sent) {
        ok($counted{$_} <= $sent{$_} + $lost
           && $counted{$_} >= $sent{$_} - 2 * $CLIENTS,
           "$_: $counted{$_} of $sent{$_}, $lost lost");
    }

    is(value('sum(nginx_thrift_call_duration_seconds_count)'),
       value('sum(nginx_thrift_calls_total)'), 'the histogram has them, too');
}


# They are calls of the access log.

sub exemplars {
    my $r = $t->http('prometheus')->request('GET', '/api/v1/query_exemplars'
        . '?query=nginx_thrift_call_duration_seconds_bucket&start='
        . int(time() - $SECONDS - 30) . '&end=' . int(time() + 30));
    my @found = map { $_->{labels}{call_id} } map { @{$_->{exemplars}} }
                @{decode_json($r->{body})->{data}};

    cmp_ok(scalar @found, '>', 2, 'exemplars');

    open(my $fh, '<', $t->dir() . '/ids.log') or die $!;
    my %logged = map { $_ => 1 } map { split } <$fh>;

    is_deeply([ grep { !$logged{$_} } @found ], [], 'of calls in the log');
}


sub slurp {
    my ($name) = @_;

    open(my $fh, '<', $t->top() . "/conf/$name") or die "$name: $!";
    local $/;

    return scalar <$fh>;
}


# Of the dashboard, with its variables as for all servers.

sub dashboard {
    my $dashboard = decode_json(slurp('grafana_dashboard.json'));

    return map { s/\$__rate_interval/1m/gr =~ s/\$(?:server_zone|upstream)/.*/gr }
           map { $_->{expr} }
           map { @{$_->{targets} || []} } @{$dashboard->{panels}};
}


sub expressions {
    my $body = $t->http('web')->request('GET', '/metrics')->{body};
    my %there = map { $_ => 1 } $body =~ /^# TYPE (\S+)/mg;

    $there{$_} = 1 for $body =~ /^(nginx_thrift\w+)[{ ]/mg;

    my @asked = join("\n", slurp('prometheus_alerts.yml'),
                     slurp('grafana_dashboard.json'))
                =~ /\b(nginx_thrift_\w+)/g;

    cmp_ok(scalar @asked, '>', 30, 'expressions');
    is_deeply([ grep { !$there{$_} && $_ ne 'nginx_thrift_calls' } @asked ],
              [], 'ask for metrics that there are');

    my %labels = map { $_ => 1 } 'le', 'instance', $body =~ /[{,](\w+)="/g;
    my @labels = map { split /,\s*/ } map { /\bby \(([^)]*)\)/g } dashboard();

    push @labels, map { /[{,](\w+)[!=]/g } dashboard();
    push @labels, slurp('grafana_dashboard.json') =~ /\{\{(\w+)\}\}/g;

    is_deeply([ grep { !$labels{$_} } @labels ], [], 'and labels');
}


sub promtool {
    my ($promtool) = grep { -x } map { "$_/promtool" } split /:/, $ENV{PATH};

    SKIP: {
        skip 'no promtool', 1 unless $promtool;

        my $rules = $t->top() . '/conf/prometheus_alerts.yml';

        like(`$promtool check rules $rules 2>&1`, qr/SUCCESS: \d+ rules found/,
             'alerts');
    }
}


# Prometheus takes all expressions, and has an answer to those of calls.

sub asked {
    my @exprs = dashboard();
    my @bad = grep { !ask($_) } @exprs;
    my @empty = grep { my $r = ask($_); $r && !@$r } @exprs;

    is_deeply(\@bad, [], 'expressions of the dashboard');
    is_deeply([ grep { !/hedges|waits/ } @empty ], [], 'have answers');
}
