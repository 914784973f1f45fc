#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Clients and servers of Drift, whose THeader is fbthrift's: they say the same
# through nginx as without it, to each other and to Apache's, in other dialects,
# too.  fbthrift's compact protocol is refused by its name.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;


plan(skip_all => 'see "make drift"') unless $ENV{DRIFT};

my $top = Test::Thrift->top();
my $build = "$top/build/drift";
my @java = ('java', '-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp',
            "$build/classes:$build/jars/*", 'Drift');

# which server, and how nginx calls it

my @servers = (
    [ drift => qw(framed binary) ], [ drift => qw(unframed binary) ],
    [ drift => qw(framed compact) ], [ drift => qw(unframed compact) ],
    [ drift => qw(header binary) ], [ apache => qw(framed binary) ],
);

my $conf = conf(<<'EOF', servers => of_servers());

%%TEST_GLOBALS%%

events {
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  calls  '$thrift_transport $thrift_protocol $thrift_method '
                       '$thrift_type $thrift_status $thrift_exception';
    access_log  %%TESTDIR%%/calls.log  calls;

    #servers
}

EOF

my $t = Test::Thrift->new($conf, log => 'info');

$t->run_daemon([ @java, 'server', $t->port('drift') ], port => 'drift',
               timeout => 60);
$t->run_daemon([ '/usr/bin/python3', '-B', "$top/t/peers/server.py",
                 'threaded:framed:binary:' . $t->port('apache') ],
               port => 'apache',
               env => { PYTHONPATH => "$top/build/peers/py" });
$t->run();

my $right = <<'EOF';
nothing: ok
echoString: true
echoAll: true
refuse 0: 0
refuse 7: Refused 7 refused 7
fresh: unknown
tell: ok
told: true
EOF

# without nginx: what comes after a oneway may be the reply to that

like($right, qr/^\Q@{[ client('drift', @$_) =~ s{told.*}{}sr ]}/,
     "itself, @$_")
    for [ qw(HEADER BINARY) ], [ qw(FRAMED FB_COMPACT) ];

for my $server (@servers) {
    my $name = join('_', @$server);

    for my $dialect ([ qw(UNFRAMED BINARY) ], [ qw(FRAMED BINARY) ],
                     [ qw(UNFRAMED COMPACT) ], [ qw(FRAMED COMPACT) ],
                     [ qw(HEADER BINARY) ])
    {
        is(client($name, @$dialect), $right, "@$dialect to @$server");
    }
}

for my $transport (qw(UNFRAMED FRAMED HEADER)) {
    like(client('apache_framed_binary', $transport, 'FB_COMPACT'),
         qr/^nothing: Client was disconnected by server$/m,
         "$transport FB_COMPACT is refused");
}

ok($t->wait_log(qr/compact protocol of fbthrift/), 'and why');

is(join("\n", grep { !/sent another reply to an earlier call/ }
                   $t->grep_log(qr/\[error\]/)), '', 'no other errors');

$t->done();


sub of_servers {
    return join("\n", map { my ($kind, $transport, $protocol) = @$_;
                            my $name = join('_', @$_); <<"EOF" } @servers);
    upstream $name {
        server                     127.0.0.1:%%PORT_$kind%%;
        thrift_upstream_transport  $transport;
        thrift_upstream_protocol   $protocol;
    }

    server {
        listen       127.0.0.1:%%PORT_$name%%;
        thrift_pass  $name;
    }
EOF
}


# What it prints; how a method is called that is not there, each server says
# in its own words.

sub client {
    my ($port, $transport, $protocol) = @_;

    my $text = $t->program('output', 60, @java, 'client', $transport, $protocol,
                           $t->port($port))->{text};

    $text =~ s/^fresh: (?:Invalid method name|Unknown function).*/fresh: unknown/m;

    return $text;
}
