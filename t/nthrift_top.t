#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# nthrift top: rates, errors and times by method and by server, as nginx has
# counted them between two reports; in a terminal, and without.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;
use Test::Thrift;
use Test::Thrift::Files;


my $t = Test::Thrift->new(<<'EOC', http => 1);

%%TEST_GLOBALS%%

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location = /json {
            access_log     %%TESTDIR%%/reports.log;
            thrift_status  json;
        }

        location = /html {
            thrift_status  html;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    thrift_status_zone  counted  256k;
    thrift_trusted      on;

    upstream users {
        zone    users  64k;
        server  127.0.0.1:%%PORT_users%%;
    }

    server {
        listen       127.0.0.1:%%PORT_front%%;
        thrift_name  front;

        thrift_service Users {
            thrift_pass  users;

            thrift_method get { }
            thrift_method find { }
        }
    }
}

EOC

my $backend = $t->backend('users', script => {
    find => { exception => [ 6, 'not today' ] } });

$t->run();

my $nthrift = $t->top() . '/build/nthrift';
my $url = 'http://127.0.0.1:' . $t->port('web') . '/json';
my $c = $t->client('front');

$c->call('get');

# between two reports

my $pid = open(my $fh, '-|', $nthrift, 'top', '-i', 2, $url);

$t->wait_log(qr/GET/, 'reports.log', 20);
$c->call('get') for 1 .. 6;
$c->call('find') for 1 .. 2;

my $out = do { local $/; <$fh> };
close($fh);

is($? >> 8, 0, 'a report');
like($out, qr/ 1 workers  zone "counted" \d+% full$/m, 'its head');

my ($rate) = $out =~ /^Users\.get +front +([\d.]+) +0\.00 +0\.00 +0 +[\d.]+ +[\d.]+$/m;

ok($rate && $rate > 1 && $rate <= 3.1, 'a method') or diag($out);
like($out, qr/^Users\.find +front +[\d.]+ +100\.00 +0\.00 +0 /m, 'one that fails');
like($out, qr/^Users\.get .*^Users\.find /ms, 'most calls first');
like($out, qr/^127\.0\.0\.1:\d+ +users +[\d.]+ +0\.00 +0 +[\d.]+ +[\d.]+ +[01] +[01] +0\.0  up$/m,
     'a server');
like($out, qr/^\d\d:\d\d:\d\d find +127\.0\.0\.1:\d+ +[\d.]+  exception +not today$/m,
     'a failure');

# several, one behind the other

($out) = run_apart($nthrift, 'top', '-i', '0.1', '-n', 3, '--sort', 'name',
                   $url);
is(scalar(() = $out =~ /^method /mg), 3, 'reports');
like($out, qr/^Users\.find .*^Users\.get /ms, 'by name');
like($out, qr/^Users\.get +front +0\.0 +0\.00 +0\.00 +0 +- +-$/m, 'no calls');

# a terminal, and keys

SKIP: {
    skip('no script', 4) unless -x '/usr/bin/script';

    $t->write_file('tty.sh', "(sleep 0.5; printf n; sleep 0.5; printf ' '; "
                   . "sleep 0.3; printf q) | script -qec 'stty rows 5 cols 75;"
                   . " $nthrift top -i 0.3 $url' /dev/null\n");

    ($out) = run_in($t->dir(), '/bin/sh', 'tty.sh');

    like($out, qr/\e\[\?1049h.*\e\[\?1049l/s, 'a terminal');
    like($out, qr/  stop/, 'keys');

    my ($frame) = $out =~ /\e\[2J\e\[H(.*?)\e\[J/s;
    my @lines = split(/\r\n/, ($frame || '') =~ s/\e\[K//gr);

    is(scalar(@lines), 5, 'its rows') or diag($out);
    is(scalar(grep { length > 75 } @lines), 0, 'its columns');
}

# the last minutes, where there is room for them

SKIP: {
    skip('no script', 6) unless -x '/usr/bin/script';

    ok(wait_for(sub { sampled('get') }, 30), 'samples');

    my $bars = qr/(?:\xe2\x96[\x81-\x88])/;

    like(row(200, 'C.UTF-8'), qr/^Users\.get .* $bars .*$bars *$/, 'charts');
    like(row(200, 'C'), qr/^Users\.get .* \@ .*\@ *$/, 'of ASCII');
    like(row(120, 'C.UTF-8'), qr/^Users\.get .*\d +$bars +$bars *$/, 'smaller');
    is(length(row(120, 'C') // ''), 118 + 2, 'all columns');
    like(row(117, 'C.UTF-8'), qr/^Users\.get .*\d$/, 'no room');
}

# what is wrong

for ([ '', 2, 'URL is missing: nthrift top http://HOST[:PORT]/path' ],
     [ '127.0.0.1:1', 2, '"127.0.0.1:1": a URL expected, http://HOST[:PORT]/'
       . 'path of "thrift_status json"' ],
     [ "$url/none", 3, "$url/none: HTTP status 404" ],
     [ $url =~ s/json$/html/r, 3, $url =~ s/json$/html/r
       . ': no report of "thrift_status json" (one of "html" has it behind '
       . '?format=json)' ],
     [ 'http://127.0.0.1:1/', 3, 'http://127.0.0.1:1/: Connection refused' ])
{
    my ($words, $code, $text) = @$_;

    my (undef, $err, $rc) = run_apart($nthrift, 'top', split(' ', $words));

    is($err, "nthrift: $text\n", 'says what is wrong');
    is($rc, $code, 'its exit code');
}

is((run_apart($nthrift, 'top', '-i', '0.1', '-n', 1,
              $url =~ s/json$/html?format=json/r))[2], 0, 'the page has it, too');

$t->done();


# Whether a sample was taken since the method was called.

sub sampled {
    my ($method) = @_;

    my $report = JSON::PP->new()->decode(
        $t->http('web')->request('GET', '/json?history=1')->{body});
    my ($row) = grep { $_->{method} eq $method } @{$report->{methods}};

    return grep { @{$_->{history}{failed} || []} } $row || ();
}


# What a terminal of so many columns shows of Users.get.

sub row {
    my ($columns, $locale) = @_;

    $t->write_file('wide.sh', "export LC_ALL=$locale; (sleep 1; printf q) "
                   . "| script -qec 'stty rows 20 cols $columns; "
                   . "$nthrift top -i 0.3 $url' /dev/null\n");

    my ($out) = run_in($t->dir(), '/bin/sh', 'wide.sh');
    my ($row) = $out =~ /^(Users\.get [^\r\e]*)/m;

    return $row;
}
