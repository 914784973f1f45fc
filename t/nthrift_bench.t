#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift bench: calls are counted and checked, one by one, in each transport
# and protocol and over TLS; what is no result is told apart; with --rate, a
# call's time begins when it is due.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Test::More;
use Test::Thrift::Authority;
use Test::Thrift::Backend;
use Test::Thrift::Files;


my $nthrift = nthrift();
my $tmp = tempdir(CLEANUP => 1);

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

# HTTP

my %replies = (

    # what is said of the length, and whether the connection stays

    length => sub {
        my ($m, $n) = @_;
        return "HTTP/1.1 200 OK\r\nContent-Length: " . length($m)
               . "\r\n\r\n$m";
    },
    chunked => sub {
        my ($m, $n) = @_;
        return "HTTP/1.1 100 Continue\r\n\r\n"
               . "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               . join('', map { sprintf("%x;a=b\r\n%s\r\n", length, $_) }
                          $m =~ /(.{1,5})/gs)
               . "0\r\nTrailer: x\r\n\r\n";
    },
    close => sub {
        my ($m, $n) = @_;
        return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "
               . length($m) . "\r\n\r\n$m", 1;
    },
    end => sub {
        my ($m, $n) = @_;
        return "HTTP/1.0 500 Exception\r\n\r\n$m", 1;
    },
    page => sub {
        return "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\noops";
    },
    cut => sub {
        my ($m, $n) = @_;
        return "HTTP/1.1 200 OK\r\nContent-Length: " . (length($m) - 1)
               . "\r\n\r\n" . substr($m, 0, -1);
    },
    short => sub {
        return "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", 1;
    },
    other => sub {
        return "SSH-2.0-x\r\n\r\n";
    },
    chunk => sub {
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n";
    },
    large => sub {
        return "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";
    },
    none => sub {
        return "HTTP/1.1 204 No Content\r\n\r\n";
    },
);

my ($web, $web_port) = http_server();

sub bench_http {
    my ($path, $method, @args) = @_;

    my ($out, $err, $rc) = run_apart($nthrift, 'bench',
                                     "http://127.0.0.1:$web_port/$path",
                                     "Shop.$method", @args, '--idl',
                                     "$tmp/shop.thrift", '--json', '-n', 40,
                                     '-c', 3);
    my $report = $out =~ /^\{/ ? JSON::PP::decode_json($out) : {};

    return join(', ', $rc, $report->{results} // $err,
                map { "$_->{calls} $_->{text}" }
                @{$report->{without_result} || []});
}

for my $path (qw(length chunked close end)) {
    for my $protocol ('--binary', '--compact', '--json-protocol') {
        is(bench_http($path, 'get', '["k"]', $protocol, '--expect',
                      '"value"'), '0, 40', "HTTP, $path, $protocol");
    }
}

is(bench_http('none', 'tell', '["k"]'), '0, 40', 'HTTP, oneway');

for ([ page => 'HTTP status 404' ],
     [ cut => 'no reply in the body: it is cut off' ],
     [ short => 'connection closed in the middle of a reply' ],
     [ other => 'no HTTP response' ],
     [ chunk => 'malformed chunk of an HTTP response' ],
     [ large => 'body of the HTTP response larger than --max-size' ],
     [ none => 'HTTP status 204' ])
{
    my ($path, $text) = @$_;

    is(bench_http($path, 'get', '["k"]'), "3, 0, 40 $text", "HTTP, $path");
}

(my $out, $err, $rc) = run_apart($nthrift, 'bench', "127.0.0.1:$web_port",
                                 'Shop.get', '["k"]', '--idl',
                                 "$tmp/shop.thrift", '--json-protocol',
                                 '--expect', '"value"', '-n', 40, '-c', 3);
like($out, qr/^results   40$/m, 'framed JSON') or diag($err);

# the report's format, which is another matter than the protocol

for my $format ('--format json', '--format=json') {
    ($out, $err, $rc) = run_apart($nthrift, 'bench',
                                  'unix:' . backend($good)->{address},
                                  'Shop.get', '["k"]', '--idl',
                                  "$tmp/shop.thrift", '-n', 40, '-c', 3,
                                  split(' ', $format));
    is($out =~ /^\{/ && JSON::PP::decode_json($out)->{results}, 40, $format)
        or diag($err);
}

($out, $err, $rc) = run_apart($nthrift, 'bench',
                              'unix:' . backend($good)->{address}, 'Shop.get',
                              '["k"]', '--idl', "$tmp/shop.thrift", '-n', 40,
                              '--json', '--format', 'text');
like($out, qr/^results   40$/m, '--format counts more than --json') or diag($err);

kill('TERM', $web);
waitpid($web, 0);

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

($out) = run_apart($nthrift, 'bench', "unix:$b->{address}", 'Shop.get',
                      '["k"]', '--idl', "$tmp/shop.thrift");
like($out, qr{^calls     200 in [\d.]+ s\nresults   200\nrate      [\d.]+/s$}m,
     'a report');
like($out, qr/^ +99\.9 % +[\d.]+$/m, 'its percentiles');

# what is wrong

for ([ 'http://127.0.0.1:1/ Shop.get --framed', 'IDL',
       '"http://127.0.0.1:1/": --framed is not possible in HTTP' ],
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


# Its process, and port.  Answers "get", as the path says; or JSON in frames.

sub http_server {
    my $listen = IO::Socket::INET->new(Listen => 128,
                                       LocalAddr => '127.0.0.1')
        or die "listen: $!";
    my $pid = fork();

    die "fork: $!" unless defined $pid;

    return ($pid, $listen->sockport()) if $pid;

    $SIG{CHLD} = 'IGNORE';
    $SIG{TERM} = sub { POSIX::_exit(0) };

    while (1) {
        my $s = $listen->accept() or next;

        if (fork() == 0) {
            http_connection($s);
            POSIX::_exit(0);
        }
    }
}


sub http_connection {
    my ($s) = @_;

    my $buf = '';

    for ( ;; ) {
        while ($buf !~ /\r\n\r\n/ && $buf !~ /^\0...\[.*\]\z/s) {
            sysread($s, $buf, 65536, length $buf) or return;
        }

        # no HTTP: in a frame

        if ($buf =~ s/^\0(...)(.*)//s) {
            syswrite($s, pack('N/a', http_reply($2)));
            next;
        }

        $buf =~ s/^POST \/(\w+) .*?\r\nContent-Length: (\d+)\r\n\r\n//s
            or return;

        my ($path, $len) = ($1, $2);

        while (length $buf < $len) {
            sysread($s, $buf, 65536, length $buf) or return;
        }

        my ($answer, $end) = $replies{$path}->(
                                    http_reply(substr($buf, 0, $len, '')));

        # in two pieces

        syswrite($s, substr($answer, 0, length($answer) / 2, ''));
        syswrite($s, $answer);

        return if $end;
    }
}


# Of Apache's three protocols.

sub http_reply {
    my ($call) = @_;

    if ($call =~ /^\[1,"(\w+)",[14],(-?\d+),/) {
        return "[1,\"$1\",2,$2,{\"0\":{\"str\":\"value\"}}]";
    }

    if ($call =~ /^\x82/) {
        my ($seqid) = $call =~ /^\x82.([\x80-\xff]*[\x00-\x7f])/s;

        return "\x82\x41$seqid\x03get\x08\x00\x05value\x00";
    }

    my ($name) = unpack('x4 N/a', $call);
    my $seqid = substr($call, 8 + length $name, 4);

    return pack('N N/a a4 C n N/a C', 0x80010002, $name, $seqid, 11, 0,
                'value', 0);
}
