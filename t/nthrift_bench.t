#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift bench: calls are counted and checked, one by one, in each transport
# and protocol and over TLS; what is no result is told apart; with --rate, a
# call's time begins when it is due.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More;
use Test::Thrift::Authority;
use Test::Thrift::Backend;
use Test::Thrift::Files;


my $root = abs_path("$FindBin::Bin/..");
my $asan = $ENV{TEST_NGINX_STATIC} ? '-asan' : '';
my $nthrift = "$root/build/nthrift$asan";
my $tmp = tempdir(CLEANUP => 1);

plan(skip_all => "no $nthrift") unless -x $nthrift;

$ENV{ASAN_OPTIONS} = 'exitcode=99';

spew("$tmp/shop.thrift", <<'EOF');
exception Missing { 1: string what }
struct Item { 1: required string name, 2: optional i32 n }

service Shop {
    string get(1: string key),
    Item item(1: i32 id) throws (1: Missing missing, 2: Missing other),
    void nothing(),
    oneway void tell(1: string what)
}
EOF

my $number = 0;

sub backend {
    my ($script, %o) = @_;

    $number++;

    return Test::Thrift::Backend->new(address => "$tmp/b$number",
                                      id => "b$number",
                                      log => "$tmp/b$number.log",
                                      script => $script, %o);
}

# bench(backend, words): the report, standard error, the exit code

sub bench {
    my ($backend, $method, @args) = @_;

    my ($out, $err, $rc) = run_apart($nthrift, 'bench',
                                     "unix:$backend->{address}",
                                     "Shop.$method", @args, '--idl',
                                     "$tmp/shop.thrift", '--json');

    return ($out =~ /^\{/ ? JSON::PP::decode_json($out) : $out, $err, $rc);
}

my $good = { get => { body => [ [ 0, string => 'value' ] ] },
             item => { body => [ [ 0, struct => [ [ 1, string => 'x' ] ] ] ] },
             nothing => { body => [] } };

# results

my $b = backend($good);

my ($r, $err, $rc) = bench($b, 'get', '["k"]', '-n', 500, '-c', 7,
                           '--expect', '"value"');

is($rc, 0, 'results') or diag($err);
is($r->{calls}, 500, 'calls');
is($r->{results}, 500, 'all of them');
is(scalar($b->calls('get')), 500, 'as the server has counted');
is(scalar($b->accepted()), 7, 'connections');
is_deeply($r->{without_result}, [], 'nothing else');
is($r->{method}, 'Shop.get', 'its method');
cmp_ok($r->{milliseconds}{min}, '<=', $r->{milliseconds}{p50}, 'times');
cmp_ok($r->{milliseconds}{p50}, '<=', $r->{milliseconds}{'p99.9'}, 'in order');
cmp_ok($r->{milliseconds}{'p99.9'}, '<=', $r->{milliseconds}{max}, 'to the end');

my $sum = 0;
$sum += $_->{calls} for @{$r->{histogram}};
is($sum, 500, 'a histogram of all');

# transports and protocols

for my $how ('--framed --compact', '--unframed', '--unframed --compact',
             '--theader', '--theader --compact', '--multiplexed', '--lax')
{
    ($r, $err, $rc) = bench(backend($good), 'item', '[1]', '-n', 60, '-c', 3,
                            split(' ', $how), '--expect', '{"name": "x"}');
    is("$rc $r->{results}", '0 60', $how) or diag($err);
}

my $ca = Test::Thrift::Authority->new($tmp, 'ca');

($r, $err, $rc) = bench(backend($good, ssl => $ca->issue('server',
                                names => [ 'a.test' ])),
                        'get', '["k"]', '-n', 60, '-c', 3, '--ca',
                        "$tmp/ca.pem", '--tls-name', 'a.test');
is("$rc $r->{results}", '0 60', 'TLS') or diag($err);

# without results

$b = backend($good);
($r, $err, $rc) = bench($b, 'tell', '["x"]', '-n', 100, '-c', 4);
is("$rc $r->{results}", '0 100', 'oneway');

($r, $err, $rc) = bench($b, 'nothing', '-n', 10);
is("$rc $r->{results}", '0 10', 'void');

# what is no result

sub kinds {
    my ($script, @args) = @_;

    my ($report, $said, $code) = bench(backend($script), @args, '-n', 20,
                                       '-c', 2);

    return join(', ', $code, map { "$_->{calls} $_->{kind} $_->{text}" }
                             @{ref $report ? $report->{without_result} : []});
}

is(kinds({ item => { body => [ [ 2, struct => [] ] ] } }, 'item', '[1]'),
   '1, 20 exception other', 'a declared exception');
is(kinds({ get => { exception => [ 6, 'not today' ] } }, 'get', '["k"]'),
   '1, 20 exception INTERNAL_ERROR "not today"', 'an exception');
is(kinds($good, 'get', '["k"]', '--expect', '"another"'),
   '3, 20 wrong another result than --expect', 'another result');
is(kinds({ get => { body => [ [ 0, i32 => 1 ] ] } }, 'get', '["k"]'),
   '3, 20 error does not fit the IDL: wrong type, string expected in '
   . 'success', 'a result that does not fit');
is(kinds({ get => { close => 'request' } }, 'get', '["k"]'),
   '3, 20 error connection closed without a reply', 'no reply');
is(kinds({ get => { body => [ [ 0, string => 'v' ] ], seqid => 77 } }, 'get',
         '["k"]'),
   '3, 20 error the reply to another call', 'the reply to another call');
like(kinds({ get => { garbage => 1 } }, 'get', '["k"]'),
     qr/^3, 20 error malformed reply: /, 'garbage');
like(kinds({ get => { hold => 1 } }, 'get', '["k"]', '--timeout', '0.05'),
     qr/^3, 20 error no reply within its time \(--timeout\)$/, 'silence');

# a connection that is closed is opened again

($r, $err, $rc) = bench(backend({ get => [ map { { %{$good->{get}},
                            close => $_ % 9 ? 0 : 'after' } } 1 .. 100 ] }),
                        'get', '["k"]', '-n', 100, '-c', 1);
is($r->{calls}, 100, 'connections that are closed');
cmp_ok($r->{results}, '>', 80, 'are opened again');

# a time, and a rate

my $start = time();
($r, $err, $rc) = bench(backend($good), 'get', '["k"]', '-z', 1);
cmp_ok($r->{seconds}, '>', 0.9, 'for a second');
is($r->{calls}, $r->{results}, 'all are answered');

($r, $err, $rc) = bench(backend($good), 'get', '["k"]', '-n', 100, '--rate',
                        200);
is($r->{results}, 100, 'a rate');
cmp_ok($r->{seconds}, '>', 0.45, 'is not exceeded');

# a server that stands still does so for all calls that are due meanwhile

$b = backend($good);

my $stopper = fork();
die "fork: $!" unless defined $stopper;

if ($stopper == 0) {
    my $deadline = time() + 20;

    select(undef, undef, undef, 0.02)
        while $b->calls('get') < 40 && time() < $deadline;
    kill('STOP', $b->pid());
    select(undef, undef, undef, 0.6);
    kill('CONT', $b->pid());
    require POSIX;
    POSIX::_exit(0);
}

($r, $err, $rc) = bench($b, 'get', '["k"]', '-n', 200, '--rate', 100, '-c', 2);
waitpid($stopper, 0);
is($r->{results}, 200, 'a server that stood still');
cmp_ok($r->{milliseconds}{p75}, '>', 50, 'more than those on their way wait');
cmp_ok($r->{milliseconds}{max}, '>', 400, 'and as long as it does');

# for people

my ($out) = run_apart($nthrift, 'bench', "unix:$b->{address}", 'Shop.get',
                      '["k"]', '--idl', "$tmp/shop.thrift");
like($out, qr{^calls     200 in [\d.]+ s\nresults   200\nrate      [\d.]+/s$}m,
     'a report');
like($out, qr/^ +99\.9 % +[\d.]+$/m, 'its percentiles');

# what is wrong

for ([ 'http://127.0.0.1:1/ Shop.get', 'IDL',
       '"http://127.0.0.1:1/": bench does not speak HTTP' ],
     [ 'x', 'IDL', 'Service.method is missing: nthrift bench ADDRESS '
       . 'Service.method [JSON] --idl FILE' ],
     [ '127.0.0.1:1 Shop.get', '', '--idl is missing: the .thrift file that '
       . 'has Shop.get' ],
     [ '127.0.0.1:1 Shop.get -c 0', 'IDL', '-c: "0" is not possible: a number '
       . 'from 1 to 100000 expected' ],
     [ '127.0.0.1:1 Shop.get --expect x', 'IDL', '--expect: no JSON: invalid '
       . 'token near \'x\'' ],
     [ '127.0.0.1:1 Shop.get -n 1', 'IDL', '127.0.0.1:1: cannot connect: '
       . 'Connection refused (connection 1 of 16)' ])
{
    my ($words, $idl, $text) = @$_;

    (undef, $err) = run_apart($nthrift, 'bench', split(' ', $words),
                              $idl ? ('--idl', "$tmp/shop.thrift") : ());
    is($err, "nthrift: $text\n", "nthrift bench $words");
}

done_testing();
