#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# What nginx -t says about configurations: the wrong ones with their messages,
# and that every directive may stand wherever it should.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Files qw(slurp);


my $t = Test::Thrift->new();

# One place for each level; a case fills some of them.

my $template = <<'EOF';
%%TEST_GLOBALS%%
#main
events {
}
stream {
    #stream
    upstream u {
        server  127.0.0.1:%%PORT_backend%%;
        #upstream
    }
    server {
        listen  127.0.0.1:%%PORT_proxy%%;
        #server
        thrift_service S {
            #service
            thrift_pass  u;
            thrift_method m {
                #method
            }
        }
        #last
    }
    server {
        listen  127.0.0.1:%%PORT_other%%;
        #other
    }
}
EOF

my %line = conf_lines($template);
my $after = 1 + $template =~ tr/\n//;

my @levels = qw(main stream upstream server service method);

my $client = [qw(stream server)];
my $calls = [qw(stream server service method)];
my $answer = [qw(server service method)];
my $link = [qw(stream upstream)];

# directive => [ a good value, where it may stand ]

my @directives = (
    thrift_idl                   => [ 'none.thrift;', $client ],
    thrift_idl_path              => [ 'none;', $client ],
    thrift_service               => [ 'T { thrift_pass u; }', [qw(server)] ],
    thrift_method                => [ 'n { }', [qw(service)] ],
    thrift_handler               => [ 'none.so;', [qw(service method)] ],
    thrift_pass                  => [ 'u;', $answer ],
    thrift_return                => [ 'INTERNAL_ERROR "no";', $answer ],
    thrift_transport             => [ 'auto;', $client ],
    thrift_protocol              => [ 'auto;', $client ],
    thrift_validate              => [ 'structure;', $client ],
    thrift_validate_enum         => [ 'on;', $client ],
    thrift_validate_utf8         => [ 'on;', $client ],
    thrift_unknown_fields        => [ 'drop;', $calls ],
    thrift_set_header            => [ 'a $remote_addr;', $calls ],
    thrift_trace_sample          => [ '$thrift_seqid;', $calls ],
    thrift_status_arguments      => [ 'off;', $calls ],
    thrift_timeout               => [ '1s;', $calls ],
    thrift_connect_timeout       => [ '1s;', $calls ],
    thrift_read_timeout          => [ '1s;', $client ],
    thrift_send_timeout          => [ '1s;', $calls ],
    thrift_attempt_timeout       => [ '1s;', $calls ],
    thrift_idle_timeout          => [ '1s;', $client ],
    thrift_outbound_log          => [ 'off;', $client ],
    thrift_span_log              => [ 'off;', $client ],
    thrift_max_message_size      => [ '1m;', $client ],
    thrift_max_header_size       => [ '8k;', $client ],
    thrift_max_depth             => [ '10;', $client ],
    thrift_max_pipeline          => [ '10;', $client ],
    thrift_max_calls             => [ '10;', $client ],
    thrift_max_memory            => [ '1m;', $client ],
    thrift_buffer_size           => [ '4k;', $client ],
    thrift_half_close            => [ 'on;', $client ],
    thrift_limit_calls_zone      => [ '$remote_addr zone=calls:64k;',
                                      [qw(stream)] ],
    thrift_limit_calls           => [ 'calls 10;', $calls ],
    thrift_limit_zone            => [ '$remote_addr zone=rate:64k rate=1r/s;',
                                      [qw(stream)] ],
    thrift_limit_rate            => [ 'zone=rate burst=5 delay=2;', $calls ],
    thrift_limit_rate_dry_run    => [ 'on;', $calls ],
    thrift_max_concurrent        => [ '10 queue=5 queue_timeout=1s;', $answer ],
    thrift_mirror                => [ 'u 5% max=10;', $calls ],
    thrift_fault                 => [ 'delay=1s abort=UNKNOWN percent=5;',
                                      $calls ],
    thrift_ignore_client_abort   => [ 'on;', $calls ],
    thrift_handler_memory        => [ '1m;', $calls ],
    thrift_handler_slow          => [ '1s;', $calls ],
    thrift_next_upstream         => [ 'error;', $calls ],
    thrift_next_upstream_tries   => [ '2;', $calls ],
    thrift_next_upstream_timeout => [ '1s;', $calls ],
    thrift_hedge                 => [ '1s percent=5%;', $calls ],
    thrift_idempotent            => [ 'on;', $calls ],
    thrift_balance               => [ 'connection;',
                                      [qw(stream server service)] ],
    thrift_stateful              => [ 'on;', [qw(method)] ],
    thrift_keepalive             => [ '10;', $link ],
    thrift_pipeline              => [ '8;', $link ],
    thrift_pipeline_delay        => [ '1s;', $link ],
    thrift_retry_budget          => [ '10%;', $link ],
    thrift_failure               => [ 'exception=any;', $link ],
    thrift_health_check          => [ 'interval=1s mandatory;',
                                      [qw(upstream)] ],
    thrift_check_seqid           => [ 'off;', $link ],
    thrift_bind                  => [ '127.0.0.1;', $link ],
    thrift_socket_keepalive      => [ 'on;', $link ],
    thrift_proxy_protocol        => [ 'on;', $link ],
    thrift_ssl                   => [ 'off;', $link ],
    thrift_ssl_session_reuse     => [ 'off;', $link ],
    thrift_ssl_protocols         => [ 'TLSv1.2;', $link ],
    thrift_ssl_ciphers           => [ 'HIGH;', $link ],
    thrift_ssl_name              => [ 'a.test;', $link ],
    thrift_ssl_server_name       => [ 'on;', $link ],
    thrift_ssl_verify            => [ 'off;', $link ],
    thrift_ssl_verify_depth      => [ '2;', $link ],
    thrift_ssl_trusted_certificate => [ 'none.pem;', $link ],
    thrift_ssl_crl               => [ 'none.pem;', $link ],
    thrift_ssl_certificate       => [ 'none.pem;', $link ],
    thrift_ssl_certificate_key   => [ 'none.key;', $link ],
    thrift_ssl_password_file     => [ '/dev/null;', $link ],
    thrift_ssl_conf_command      => [ 'Options Bugs;', $link ],
    thrift_upstream_transport    => [ 'framed;', [qw(upstream)] ],
    thrift_upstream_protocol     => [ 'compact;', [qw(upstream)] ],
    thrift_upstream_multiplexed  => [ 'on;', [qw(upstream)] ],
    thrift_upstream_service      => [ 'Users;', [qw(upstream)] ],
);

my $eases = $t->knows(stream => 'thrift_slow_start 1s;');

push @directives, thrift_slow_start => [ '1s;', $link ]
    if $eases;

my $caches = $t->knows(stream => 'thrift_ssl_certificate_cache off;');

push @directives,
    thrift_ssl_certificate_cache => [ 'max=10 valid=1h;', $link ]
    if $caches;

my %directive = @directives;
my @names = grep { !ref } @directives;

# contexts, as they are documented and as messages have them

my %context = map { $_ => $_ } qw(stream server upstream);
@context{qw(service method)} = qw(thrift_service thrift_method);

my $directives = slurp($t->top() . '/docs/directives.md');
my %documented = $directives
                 =~ /^## (thrift_\w+)\n\n.*?^    Context:  ([^\n]*)$/msg;

for my $name (@names) {
    my ($value, $where) = @{$directive{$name}};

    is($documented{$name}, join(', ', map { $context{$_} } @$where),
       "documented context of $name");
}

# documented defaults can be written where the directive may stand

for my $name (@names) {
    my ($value, $where) = @{$directive{$name}};

    for my $default (grep { !/schema/ } defaults($name)) {   # needs an IDL
        like($t->test_config(filled(map { $_ => $default } @$where)),
             qr/test is successful/, "\"$default\" is possible");
    }
}

# wrong levels

for my $name (@names) {
    my ($value, $where) = @{$directive{$name}};
    my %good = map { $_ => 1 } @$where;
    my $right = join(', ', map { "\"$context{$_}\"" }
                           grep { $good{$_} } qw(stream server upstream service
                                                 method))
                =~ s/(.*), /$1 or /r;

    is(join('', map { error($_ => "$name $value") } grep { !$good{$_} } @levels),
       join('', map { "\"$name\" directive is not allowed here"
                      . ($_ eq 'main' ? '' : ", but in $right")
                      . " in test.conf:$line{$_}\n" }
                    grep { !$good{$_} } @levels), "level of $name");
}

# duplicates

for my $name (grep { $_ !~ /_(service|method|handler|pass|return|idl|path|zone|protocols|set_header
                             |conf_command|outbound_log)$/x }
          @names)
{
    my ($value, $where) = @{$directive{$name}};
    my $level = $$where[-1];

    is(error($level => "$name $value $name $value"),
       "\"$name\" directive is duplicate in test.conf:$line{$level}\n",
       "$name twice");
}

# what values must be

my $time = 'a time such as "300ms" or "1m 30s"';
my $size = 'a size such as "4k" or "16m"';
my $address = '"off" or an IP address, with or without a port';
my $zone = '"zone=" with a name and a size, such as "zone=calls:1m"';
my $calls_number = '"off" or a number of calls between 1 and 65535';
my $conditions = '"error", "timeout", "exception", "overloaded", '
                 . '"non_idempotent" or "off"';
my $types = '"UNKNOWN", "UNKNOWN_METHOD", "INVALID_MESSAGE_TYPE", '
            . '"WRONG_METHOD_NAME", "BAD_SEQUENCE_ID", "MISSING_RESULT", '
            . '"INTERNAL_ERROR", "PROTOCOL_ERROR", "INVALID_TRANSFORM", '
            . '"INVALID_PROTOCOL" or "UNSUPPORTED_CLIENT_TYPE"';

# everything else: [ name, level => text, message, lines behind the level's ]

my @bad = (

    [ 'unknown directive', server => 'thrift_nonsense 1;',
      'unknown directive "thrift_nonsense"' ],
    [ 'unknown in service', service => 'thrift_nonsense 1;',
      'unknown directive "thrift_nonsense"' ],
    [ 'proxy in service', service => 'proxy_timeout 1s;',
      '"proxy_timeout" directive is not allowed here' ],
    [ 'listen in service', service => 'listen 127.0.0.1:1;',
      '"listen" directive is not allowed here, but in "server"' ],
    [ 'log in method', method => 'access_log off;',
      '"access_log" directive is not allowed here, but in "stream" and '
      . '"server"' ],

    # two of them

    [ 'service twice', last => 'thrift_service S { thrift_pass u; }',
      "duplicate thrift_service \"S\", previous in test.conf:"
      . ($line{service} - 1) ],
    [ 'method twice', service => 'thrift_method n { } thrift_method n { }',
      "duplicate thrift_method \"n\", previous in test.conf:$line{service}" ],
    [ 'pass twice', server => 'thrift_pass u; thrift_pass u;',
      '"thrift_pass" directive is duplicate' ],
    [ 'pass twice in service', service => 'thrift_pass u;',
      '"thrift_pass" directive is duplicate', 1 ],
    [ 'return twice',
      method => 'thrift_return UNKNOWN "a"; thrift_return UNKNOWN "b";',
      '"thrift_return" directive is duplicate' ],
    [ 'return after pass',
      method => 'thrift_pass u; thrift_return UNKNOWN "a";',
      '"thrift_return" directive cannot stand beside "thrift_pass"' ],
    [ 'pass after return',
      server => 'thrift_return UNKNOWN "a"; thrift_pass u;',
      '"thrift_pass" directive cannot stand beside "thrift_return"' ],

    # addresses to connect from

    [ 'bind to no address', upstream => 'thrift_bind users;',
      bad('value', 'users', 'thrift_bind', $address) ],
    [ 'bind to no address, stream', stream => 'thrift_bind 1.2.3;',
      bad('value', '1.2.3', 'thrift_bind', $address) ],
    [ 'bind and more', upstream => 'thrift_bind 127.0.0.1 opaque;',
      bad('parameter', 'opaque', 'thrift_bind', '"transparent"') ],

    # TLS to servers

    [ 'TLS, certificate without key',
      upstream => 'thrift_ssl on; thrift_ssl_certificate none.pem;',
      'no "thrift_ssl_certificate_key" is defined for certificate "none.pem"' ],
    [ 'TLS, nobody is trusted',
      upstream => 'thrift_ssl on; thrift_ssl_verify on;',
      'no "thrift_ssl_trusted_certificate" is defined for '
      . '"thrift_ssl_verify"' ],
    [ 'TLS, unknown protocol', upstream => 'thrift_ssl_protocols TLSv9;',
      bad('value', 'TLSv9', 'thrift_ssl_protocols', '"SSLv2", "SSLv3", '
          . '"TLSv1", "TLSv1.1", "TLSv1.2" or "TLSv1.3"') ],

    $caches
        ? ([ 'cache of certificates without size',
             upstream => 'thrift_ssl_certificate_cache valid=1h;',
             '"thrift_ssl_certificate_cache" directive must have the "max" '
             . 'parameter' ],
           [ 'cache of certificates, parameter',
             upstream => 'thrift_ssl_certificate_cache max=1 for=1h;',
             bad('parameter', 'for=1h', 'thrift_ssl_certificate_cache',
                 '"max=" with a number, or "inactive=" or "valid=" with a '
                 . 'time') ])
        : (),

    # somebody else answers

    [ 'service after proxy', other => 'proxy_pass u; '
                                      . 'thrift_service S { thrift_pass u; }',
      '"thrift_service" directive ' . beside() ],
    [ 'pass after proxy', other => 'proxy_pass u; thrift_pass u;',
      '"thrift_pass" directive ' . beside() ],
    [ 'return after proxy',
      other => 'proxy_pass u; thrift_return UNKNOWN "a";',
      '"thrift_return" directive ' . beside() ],
    [ 'pass after return of stream', other => 'return ""; thrift_pass u;',
      '"thrift_pass" directive ' . beside() ],
    [ 'proxy after pass', other => 'thrift_pass u; proxy_pass u;',
      'another content handler, such as "proxy_pass" or "return", stands '
      . 'beside Thrift directives in the server', -2 ],
    [ 'proxy after service', last => 'proxy_pass u;',
      'another content handler, such as "proxy_pass" or "return", stands '
      . 'beside Thrift directives in the server',
      $line{server} - $line{last} - 2 ],
    [ 'return of stream after pass', other => 'thrift_pass u; return "";',
      'another content handler, such as "proxy_pass" or "return", stands '
      . 'beside Thrift directives in the server', -2 ],

    # nobody answers

    [ 'service without answer', other => 'thrift_service T { }',
      'no "thrift_handler", "thrift_pass" or "thrift_return" for '
      . 'thrift_service "T"' ],
    [ 'method without answer', other => "thrift_service T {\n"
          . "thrift_method a { thrift_pass u; }\nthrift_method b { }\n}",
      'no "thrift_handler", "thrift_pass" or "thrift_return" for '
      . 'thrift_method "b"', 2 ],

    # names

    [ 'empty service', server => 'thrift_service "" { thrift_pass u; }',
      '"thrift_service" directive has an empty name' ],
    [ 'empty method', service => 'thrift_method "" { }',
      '"thrift_method" directive has an empty name' ],
    [ 'colon in service', server => 'thrift_service "A:B" { thrift_pass u; }',
      '"thrift_service" directive has a name with a ":", which ends a '
      . "service's name in calls" ],
    [ 'colon in method', service => 'thrift_method "a:b" { }',
      '"thrift_method" directive has a name with a ":", which ends a '
      . "service's name in calls" ],
    [ 'control character in method', service => "thrift_method \"a\tb\" { }",
      '"thrift_method" directive has a name with a control character, which '
      . 'is refused in calls' ],
    [ 'long service', server => 'thrift_service ' . 'n' x 1025 . ' { }',
      '"thrift_service" directive has a name longer than a call can have' ],
    [ 'long method', service => 'thrift_method ' . 'n' x 1025 . ' { }',
      '"thrift_method" directive has a name longer than a call can have' ],
    [ 'two names', service => 'thrift_method a b { }',
      'invalid number of arguments in "thrift_method" directive' ],
    [ 'no name', service => 'thrift_method { }',
      'invalid number of arguments in "thrift_method" directive' ],

    # upstreams

    [ 'no port', server => 'thrift_pass 127.0.0.1;',
      'no upstream "127.0.0.1" is defined, and an address has a port' ],
    [ 'unknown upstream', server => 'thrift_pass nosuch;',
      'no upstream "nosuch" is defined, and an address has a port' ],
    [ 'unknown host', server => 'thrift_pass nosuch.invalid:1;',
      'host not found in upstream "nosuch.invalid"' ],
    [ 'bad port', server => 'thrift_pass 127.0.0.1:70000;',
      'invalid port in upstream "127.0.0.1:70000"' ],
    [ 'empty upstream', server => 'thrift_pass "";',
      'no host in upstream ""' ],
    [ 'pass without value', server => 'thrift_pass;',
      'invalid number of arguments in "thrift_pass" directive' ],
    [ 'unknown variable', server => 'thrift_pass $nosuch;',
      'no variable "$nosuch" is defined' ],
    [ 'bad variable', server => 'thrift_pass $;',
      'invalid variable name' ],

    # thrift_return

    [ 'unknown type', method => 'thrift_return NOPE "a";',
      bad('value', 'NOPE', 'thrift_return', $types) ],
    [ 'type in small letters', method => 'thrift_return internal_error "a";',
      bad('value', 'internal_error', 'thrift_return', $types) ],
    [ 'number as type', method => 'thrift_return 6 "a";',
      bad('value', '6', 'thrift_return', $types) ],
    [ 'return without text', method => 'thrift_return UNKNOWN;',
      'invalid number of arguments in "thrift_return" directive' ],
    [ 'unknown variable in text', method => 'thrift_return UNKNOWN $nosuch;',
      'no variable "$nosuch" is defined' ],

    # values

    (map { [ "$_->[0] $_->[1]", server => "$_->[0] $_->[1];",
             bad('value', $_->[1], $_->[0], $_->[2]) ] }
         [qw(thrift_transport theader), '"auto", "framed", "unframed" or "header"'],
         [qw(thrift_transport on), '"auto", "framed", "unframed" or "header"'],
         [qw(thrift_protocol xml), '"auto", "binary", "compact", "json" or "lax"'],
         [qw(thrift_protocol header), '"auto", "binary", "compact", "json" or "lax"'],
         [qw(thrift_validate on), '"off", "structure" or "schema"'],
         [qw(thrift_validate_enum replies), '"off", "on" or "arguments"'],
         [qw(thrift_validate_utf8 replies), '"off", "on" or "arguments"'],
         [qw(thrift_unknown_fields off), '"pass", "drop" or "refuse"'],
         [qw(thrift_next_upstream http_500), $conditions],
         [qw(thrift_next_upstream idempotent), $conditions]),

    (map { [ "$_ of letters", server => "$_ soon;",
             bad('value', 'soon', $_, /_size/ ? $size : $time) ],
           [ "negative $_", server => "$_ -1;",
             bad('value', '-1', $_, /_size/ ? $size : $time) ] }
         grep { /timeout|_size/ } @names),

    (map { [ "$_ of letters", $directive{$_}[1][-1] => "$_ many;",
             bad('value', 'many', $_, number($_)) ],
           [ "negative $_", $directive{$_}[1][-1] => "$_ -1;",
             bad('value', '-1', $_, number($_)) ] }
         grep { !/limit_calls/ && /depth|max_pipeline|calls|tries/ } @names),

    (map { [ "$_ maybe", server => "$_ maybe;",
             "invalid value \"maybe\" in \"$_\" directive, it must be "
             . '"on" or "off"' ] }
         qw(thrift_idempotent)),

    [ 'next upstream off and more', method =>
      'thrift_next_upstream error off;',
      '"thrift_next_upstream" directive has "off" beside other conditions' ],
    [ 'next upstream without condition', server => 'thrift_next_upstream;',
      'invalid number of arguments in "thrift_next_upstream" directive' ],

    (map { [ "retry budget $_", upstream => "thrift_retry_budget $_;",
             "invalid value \"$_\" in \"thrift_retry_budget\" directive, "
             . 'it must be "off" or a whole number between 0% and 100%' ] }
         qw(20 101% % -1% on 0.5%)),
    (map { [ "retry budget $_", upstream => "thrift_retry_budget 20% $_;",
             bad('parameter', $_, 'thrift_retry_budget',
                 '"min=" with a number such as "10r/s"') ] }
         qw(min=10 min=r/s min=1r/m max=1r/s)),
    (map { [ "$_ off and more",
             (/hedge|mirror|concurrent/ ? 'server' : 'upstream')
             => "thrift_$_ off more;",
             "\"thrift_$_\" directive has \"off\" beside other parameters" ] }
         qw(retry_budget pipeline bind hedge mirror max_concurrent)),

    (map { [ "hedge $_", server => "thrift_hedge $_;",
             "invalid value \"$_\" in \"thrift_hedge\" directive, it must be "
             . '"off" or a time greater than 0' ] }
         qw(0 soon -1s)),
    (map { [ "hedge $_", server => "thrift_hedge 1s $_;",
             bad('parameter', $_, 'thrift_hedge',
                 '"percent=" with a number between 1 and 100') ] }
         qw(percent=0 percent=101 percent=101% percent=% percent=10%% percent=
            percents=10)),

    (map { [ "failure $_", upstream => "thrift_failure $_;",
             bad('value', $_, 'thrift_failure', '"exception=none", '
                 . '"exception=internal" or "exception=any"') ] }
         qw(none exception exception=all)),

    (map { [ "$_->[0] of letters", upstream => "$_->[0] both;",
             bad('value', 'both', @$_) ] }
         [ 'thrift_upstream_transport',
           '"same", "framed", "unframed" or "header"' ],
         [ 'thrift_upstream_protocol',
           '"same", "binary", "compact", "json" or "lax"' ],
         [ 'thrift_upstream_multiplexed', '"same", "on" or "off"' ]),
    [ 'service with a colon', upstream => 'thrift_upstream_service a:b;',
      bad('value', 'a:b', 'thrift_upstream_service',
          'a service\'s name, without ":"') ],
    [ 'service without a name', upstream => 'thrift_upstream_service "";',
      bad('value', '', 'thrift_upstream_service',
          'a service\'s name, without ":"') ],

    [ 'slow start of letters', upstream => 'thrift_slow_start soon;',
      $eases ? bad('value', 'soon', 'thrift_slow_start', $time)
             : '"thrift_slow_start" directive is not supported, use parameter '
               . '"slow_start" of "server"' ],

    [ 'depth 0', server => 'thrift_max_depth 0;',
      bad('value', '0', 'thrift_max_depth',
          'a number between 1 and 255') ],
    [ 'depth 256', server => 'thrift_max_depth 256;',
      bad('value', '256', 'thrift_max_depth',
          'a number between 1 and 255') ],
    [ 'pipeline 0', server => 'thrift_max_pipeline 0;',
      bad('value', '0', 'thrift_max_pipeline',
          'a number between 1 and 65535') ],
    [ 'pipeline 65536', server => 'thrift_max_pipeline 65536;',
      bad('value', '65536', 'thrift_max_pipeline',
          'a number between 1 and 65535') ],
    [ 'message size 0', server => 'thrift_max_message_size 0;',
      bad('value', '0', 'thrift_max_message_size',
          'a size between 1 and 2147483647 bytes') ],
    [ 'message size 2g', server => 'thrift_max_message_size 2048m;',
      bad('value', '2048m', 'thrift_max_message_size',
          'a size between 1 and 2147483647 bytes') ],
    [ 'header size', server => 'thrift_max_header_size 262141;',
      bad('value', '262141', 'thrift_max_header_size',
          'a size of 262140 bytes at most') ],
    [ 'header without name', server => 'thrift_set_header "" a;',
      bad('value', '', 'thrift_set_header',
          'a header\'s name and its value') ],
    [ 'header without value', server => 'thrift_set_header a;',
      'invalid number of arguments in "thrift_set_header" directive' ],
    [ 'header of an unknown variable', server => 'thrift_set_header a $nosuch;',
      'no variable "$nosuch" is defined' ],
    [ 'trace sample', server => 'thrift_trace_sample yes;',
      bad('value', 'yes', 'thrift_trace_sample',
          '"on", "off" or a value with variables') ],
    [ 'trace sample twice',
      server => 'thrift_trace_sample on; thrift_trace_sample off;',
      '"thrift_trace_sample" directive is duplicate' ],
    [ 'trace sample of an unknown variable',
      server => 'thrift_trace_sample $nosuch;',
      'no variable "$nosuch" is defined' ],
    [ 'limit 0', server => 'thrift_limit_calls calls 0;',
      bad('value', '0', 'thrift_limit_calls',
          'a number of calls between 1 and 65535') ],
    [ 'limit zone', stream => 'thrift_limit_calls_zone $remote_addr calls:1m;',
      bad('parameter', 'calls:1m', 'thrift_limit_calls_zone', $zone) ],
    [ 'limit zone, size',
      stream => 'thrift_limit_calls_zone $remote_addr zone=calls:much;',
      bad('parameter', 'zone=calls:much', 'thrift_limit_calls_zone', $zone) ],
    [ 'limit zone, too small',
      stream => 'thrift_limit_calls_zone $remote_addr zone=calls:8k;',
      'zone "zone=calls:8k" is too small, it must be 32768 bytes or larger' ],
    (map { [ "limit rate, $_",
             stream => "thrift_limit_zone \$remote_addr zone=rate:1m $_;",
             bad('parameter', $_, 'thrift_limit_zone', '"rate=" with a number '
                 . 'such as "100r/s" or "30r/m"') ] }
         qw(rate=0r/s rate=1 rate=r/s rate=1r/h rate=-1r/s 1r/s
            rate=3000000r/s)),
    [ 'limit rate, zone of no name',
      stream => 'thrift_limit_zone $remote_addr zone=:1m rate=1r/s;',
      bad('parameter', 'zone=:1m', 'thrift_limit_zone', $zone) ],
    [ 'limit rate, zone twice',
      stream => 'thrift_limit_zone $remote_addr zone=rate:1m rate=1r/s; '
                . 'thrift_limit_zone $remote_port zone=rate:1m rate=1r/s;',
      'zone "rate" is already bound to key "$remote_addr"' ],
    [ 'limit rate, no zone', server => 'thrift_limit_rate burst=5;',
      '"thrift_limit_rate" directive must have the "zone" parameter' ],
    (map { [ "limit rate, $_", server => "thrift_limit_rate zone=rate $_;",
             bad('parameter', $_, 'thrift_limit_rate', '"zone=" with a name, '
                 . '"burst=" or "delay=" with a number, or "nodelay"') ] }
         qw(burst=-1 burst= delay=many nodelay=1 later zone=)),
    [ 'limit rate, many', server => join(' ', map {
          "thrift_limit_rate zone=rate$_;" } 1 .. 9),
      '"thrift_limit_rate" directive stands here more than 8 times' ],
    (map { [ "concurrent $_", server => "thrift_max_concurrent $_;",
             bad('value', $_, 'thrift_max_concurrent', $calls_number) ] }
         qw(0 -1 many 65536)),
    (map { [ "concurrent, $_", server => "thrift_max_concurrent 1 $_;",
             bad('parameter', $_, 'thrift_max_concurrent', '"queue=" with a '
                 . 'number up to 65535, "queue_timeout=" with a time, or '
                 . '"zone=" with a name, and no size') ] }
         qw(queue=-1 queue=65536 queue= queue_timeout= queue_timeout=soon
            zone= wait=1)),
    [ 'concurrent, a zone twice', server => 'thrift_max_concurrent 1 zone=z; '
      . 'thrift_service S { thrift_max_concurrent 1 zone=z; }',
      'zone "z" is used by another "thrift_max_concurrent"' ],
    (map { [ "mirror, $_", server => "thrift_mirror u $_;",
             bad('parameter', $_, 'thrift_mirror', 'a percentage such as "5%", '
                 . 'or "max=" with a number between 1 and 65535') ] }
         qw(5 101% -1% % max=0 max= max=65536 percent=5%)),
    [ 'mirror, no port', server => 'thrift_mirror nosuch;',
      'no upstream "nosuch" is defined, and an address has a port' ],
    (map { [ "fault, $_", server => "thrift_fault $_;",
             bad('parameter', $_, 'thrift_fault', '"delay=" with a time, '
                 . '"abort=" with an exception type such as "INTERNAL_ERROR", '
                 . 'or "percent=" with a number between 0 and 100') ] }
         qw(on delay=0 delay=soon abort=NOPE abort= percent=101 percent=
            percent=-1 percent=few)),
    [ 'fault, off and more', server => 'thrift_fault off delay=1s;',
      '"thrift_fault" directive has "off" beside other parameters' ],
    [ 'fault of nothing', server => 'thrift_fault percent=5%;',
      '"thrift_fault" directive must have the "delay" or the "abort" '
      . 'parameter' ],
    [ 'memory 0', server => 'thrift_max_memory 0;',
      bad('value', '0', 'thrift_max_memory',
          'a size such as "64m"') ],
    [ 'memory of words', server => 'thrift_max_memory much;',
      bad('value', 'much', 'thrift_max_memory',
          'a size such as "64m"') ],
    [ 'memory, parameter', server => 'thrift_max_memory 1m all=2m;',
      bad('parameter', 'all=2m', 'thrift_max_memory',
          '"worker=" with a size') ],
    [ 'memory, size', server => 'thrift_max_memory 1m worker=much;',
      bad('parameter', 'worker=much', 'thrift_max_memory',
          '"worker=" with a size') ],
    [ 'buffer size 2047', server => 'thrift_buffer_size 2047;',
      bad('value', '2047', 'thrift_buffer_size',
          'a size between 2k and 1024m') ],
    [ 'two values', server => 'thrift_timeout 1s 2s;',
      'invalid number of arguments in "thrift_timeout" directive' ],

    # thrift_keepalive

    [ 'keepalive of letters', upstream => 'thrift_keepalive many;',
      bad('value', 'many', 'thrift_keepalive', 'a number of idle '
          . 'connections') ],
    [ 'negative keepalive', upstream => 'thrift_keepalive -1;',
      bad('value', '-1', 'thrift_keepalive', 'a number of idle '
          . 'connections') ],
    [ 'keepalive without value', upstream => 'thrift_keepalive;',
      'invalid number of arguments in "thrift_keepalive" directive' ],
    [ 'unknown parameter', upstream => 'thrift_keepalive 1 most=2;',
      bad('parameter', 'most=2', 'thrift_keepalive', '"min=", "max=", '
          . '"requests=", "timeout=", "lifetime=", "queue=" or '
          . '"queue_timeout="') ],
    [ 'no connection at all', upstream => 'thrift_keepalive 0 max=0;',
      bad('parameter', 'max=0', 'thrift_keepalive',
          'a number greater than 0') ],
    [ 'letters in queue', upstream => 'thrift_keepalive 1 queue=long;',
      bad('parameter', 'queue=long', 'thrift_keepalive',
          'a number') ],
    [ 'empty requests', upstream => 'thrift_keepalive 1 requests=;',
      bad('parameter', 'requests=', 'thrift_keepalive',
          'a number greater than 0') ],
    [ 'bad queue_timeout', upstream => 'thrift_keepalive 1 queue_timeout=0;',
      bad('parameter', 'queue_timeout=0', 'thrift_keepalive',
          'a time greater than 0') ],
    [ 'more idle than open', upstream => 'thrift_keepalive 5 max=4;',
      '"thrift_keepalive" keeps 5 idle connections, but "max" allows 4' ],
    [ 'more idle than open, two servers', upstream => 'thrift_keepalive 9 '
      . 'max=4; server 127.0.0.1:%%PORT_other_backend%% backup;',
      '"thrift_keepalive" keeps 9 idle connections, but "max" allows 4 to '
      . 'each server' ],
    [ 'more ahead than open', upstream => 'thrift_keepalive 8 min=5 max=4;',
      '"thrift_keepalive" opens 5 connections ahead, but "max" allows 4' ],
    [ 'more ahead than idle', upstream => 'thrift_keepalive 5 min=6;',
      '"thrift_keepalive" keeps 5 idle connections, and cannot open 6 ahead' ],
    [ 'ahead for nobody', upstream => 'thrift_keepalive 5 min=1; '
                          . 'thrift_proxy_protocol on;',
      '"min" of "thrift_keepalive" cannot stand beside '
      . '"thrift_proxy_protocol" or variables in "thrift_bind" or '
      . '"thrift_ssl_..." of upstream "u"', -2 ],
    [ 'bad timeout parameter', upstream => 'thrift_keepalive 1 timeout=x;',
      bad('parameter', 'timeout=x', 'thrift_keepalive',
          'a time greater than 0') ],
    [ 'empty timeout parameter', upstream => 'thrift_keepalive 1 timeout=;',
      bad('parameter', 'timeout=', 'thrift_keepalive',
          'a time greater than 0') ],
    [ 'bad lifetime parameter', upstream => 'thrift_keepalive 1 lifetime=0;',
      bad('parameter', 'lifetime=0', 'thrift_keepalive',
          'a time greater than 0') ],

    # thrift_health_check

    (map { [ "health check, $_", upstream => "thrift_health_check $_;",
             bad('parameter', $_, 'thrift_health_check', '"interval=", '
                 . '"jitter=", "timeout=", "fails=", "passes=", "port=", '
                 . '"method=" or "mandatory"') ] }
         qw(often uri=/ mandatory=1)),
    (map { [ "health check, $_", upstream => "thrift_health_check $_;",
             bad('parameter', $_, 'thrift_health_check',
                 'a time greater than 0') ] }
         qw(interval=0 interval= timeout=-1)),
    [ 'health check, jitter', upstream => 'thrift_health_check jitter=x;',
      bad('parameter', 'jitter=x', 'thrift_health_check', 'a time') ],
    (map { [ "health check, $_", upstream => "thrift_health_check $_;",
             bad('parameter', $_, 'thrift_health_check',
                 'a number greater than 0') ] }
         qw(fails=0 passes=few port=0)),
    (map { [ "health check, $_", upstream => "thrift_health_check $_;",
             bad('parameter', $_, 'thrift_health_check',
                 '"method=Service.name"') ] }
         qw(method=ping method= method=.ping method=S.)),
    [ 'health check, port', upstream => 'thrift_health_check port=65536;',
      'invalid port 65536 in "thrift_health_check" directive, it must be '
      . 'between 1 and 65535' ],
    [ 'health check, variables', upstream => 'thrift_health_check; '
                                 . 'thrift_bind $remote_addr;',
      '"thrift_health_check" has no values for variables in "thrift_bind" or '
      . '"thrift_ssl_..." of upstream "u"', -2 ],
    [ 'detection, variables', upstream => 'thrift_upstream_detect on; '
                              . 'thrift_bind $remote_addr;',
      '"thrift_upstream_detect" has no values for variables in "thrift_bind" '
      . 'or "thrift_ssl_..." of upstream "u"', -2 ],

    # thrift_pipeline

    [ 'pipeline of letters', upstream => 'thrift_pipeline on;',
      bad('value', 'on', 'thrift_pipeline',
          '"off" or a number between 1 and 256') ],
    [ 'pipeline of nothing', upstream => 'thrift_pipeline 0;',
      bad('value', '0', 'thrift_pipeline',
          '"off" or a number between 1 and 256') ],
    [ 'pipeline without end', upstream => 'thrift_pipeline 257;',
      bad('value', '257', 'thrift_pipeline',
          '"off" or a number between 1 and 256') ],
    [ 'pipeline of no connection', upstream => 'thrift_pipeline 8 '
      . 'connections=0;', bad('parameter', 'connections=0', 'thrift_pipeline',
          '"connections=" with a number greater than 0') ],
    [ 'pipeline of something', upstream => 'thrift_pipeline 8 depth=1;',
      bad('parameter', 'depth=1', 'thrift_pipeline',
          '"connections=" with a number greater than 0') ],
    [ 'pipeline twice', upstream => "thrift_pipeline 8; thrift_pipeline 9;",
      '"thrift_pipeline" directive is duplicate' ],

    # names and addresses

    [ 'all methods', service => 'thrift_method * { thrift_timeout 1s; }',
      '"thrift_method" directive takes a name, and no pattern: what is for all '
      . 'others stands outside of its block' ],
    [ 'services by a pattern', other => 'thrift_service ~^User { thrift_pass u; }',
      '"thrift_service" directive takes a name, and no pattern: what is for '
      . 'all others stands outside of its block' ],
    map({ [ "pass $_", other => "thrift_pass $_;",
            bad('value', $_, 'thrift_pass', 'the name of an upstream, an '
                . 'address with a port and without a path, or a path after '
                . '"unix:"') ] }
        qw(127.0.0.1:9090/api unix/run/a.sock /run/a.sock)),

    # form

    [ 'missing semicolon', service => 'thrift_timeout 1s',
      'invalid number of arguments in "thrift_timeout" directive', 1 ],
    [ 'missing semicolon, directive as a parameter',
      upstream => "thrift_pipeline 8\nleast_conn;",
      bad('parameter', 'least_conn', 'thrift_pipeline',
          '"connections=" with a number greater than 0, or ";" is missing '
          . 'before it'), 1 ],
    [ 'missing semicolon, directive as a value',
      service => "thrift_next_upstream error\nthrift_timeout 1s;",
      bad('value', 'thrift_timeout', 'thrift_next_upstream',
          "$conditions, or \";\" is missing before it"), 1 ],
    [ 'missing last semicolon', method => 'thrift_timeout 1s',
      'unexpected "}"', 1 ],
    [ 'missing brace', other => 'thrift_service T { thrift_pass u;',
      'unexpected end of file, expecting "}"', $after - $line{other} ],
    [ 'brace too many', other => 'thrift_pass u; }', 'unexpected "}"', 2 ],
    [ 'block without brace', service => 'thrift_method n;',
      'directive "thrift_method" has no opening "{"' ],
    [ 'value with brace', server => 'thrift_timeout { }',
      'directive "thrift_timeout" is not terminated by ";"' ],
);

# a datagram is no connection

like(error(other => 'listen 127.0.0.1:%%PORT_other%% udp; thrift_pass u;'),
     qr/udp.* in test\.conf:\d+$/, 'udp');

# JSON becomes another protocol by definitions only

like(error(upstream => 'thrift_upstream_protocol json;'),
     qr{^"thrift_upstream_protocol\ json"\ of\ upstream\ "u"\ needs\ a
        \ "thrift_idl"\ for\ the\ server\ in\ \S*test\.conf:\d+,
        \ unless\ that\ has\ "thrift_protocol\ json"$}x,
     'JSON for servers, and no definition');
like(error(stream => 'thrift_protocol json;',
           upstream => 'thrift_upstream_protocol binary;'),
     qr{^"thrift_protocol\ json"\ needs\ a\ "thrift_idl"\ for\ the\ server
        \ in\ \S*test\.conf:\d+,\ as\ upstream\ "u"\ has
        \ "thrift_upstream_protocol\ binary"$}x,
     'JSON of clients, and no definition');
like(error(stream => 'thrift_protocol json;',
           upstream => 'thrift_upstream_protocol json;'),
     qr/test is successful/, 'JSON on both sides');

for (@bad) {
    my ($name, $level, $text, $message, $lines) = @$_;

    my $at = $line{$level} + ($lines || 0);

    # of a variable nginx itself says that it is unknown, and no more

    my $said = error($level => $text)
        =~ s/^nginx: \[emerg\] (no variable [^\n]*\n).* "\w+" variable\n.*/$1/sr;

    is($said, "$message in test.conf:$at\n", $name);
}

# some nginx close what comes to such a server, and some refuse it

is(error(other => $_), 'no handler for server in test.conf:'
                       . ($line{other} - 2) . "\n", "server without answer, $_")
    for 'thrift_timeout 1s;', 'thrift_max_depth 3;';

my $empty = 'server { listen 127.0.0.1:' . $t->port('none') . '; }';

like(test(stream => $empty),
     $t->knows(stream => $empty) ? qr/test is successful/
                                 : qr/no handler for server/,
     'server of somebody else');

# in a file that is included, the line of that file counts

$t->write_file('inc/bad.conf', "\n\nthrift_timeout 1s;\nthrift_pass;\n");

is(error(service => 'include inc/bad.conf;'),
   "invalid number of arguments in \"thrift_pass\" directive"
   . " in inc/bad.conf:4\n", 'error in include');

$t->write_file('inc/empty.conf', "\nthrift_service E { }\n");

is(error(other => 'include inc/empty.conf;'),
   'no "thrift_handler", "thrift_pass" or "thrift_return" for '
   . 'thrift_service "E"'
   . " in inc/empty.conf:2\n", 'no answer in include');

# good ones

my %all;

for my $name (grep { $_ !~ /_(service|method|handler|pass|return|idl|path)$/ } @names) {
    my ($value, $where) = @{$directive{$name}};
    $all{$_} .= " $name $value" for @$where;
}

like(test(%all), qr/test is successful/, 'every level at once');

for (
    [ 'service twice in servers', other => 'thrift_service S '
                                           . '{ thrift_pass u; }' ],
    [ 'method twice in services', server => 'thrift_service T '
                                  . '{ thrift_pass u; thrift_method m { } }' ],
    [ 'server answers', other => 'thrift_pass u; thrift_service T { }' ],
    [ 'all that two servers allow', upstream => 'thrift_keepalive 8 max=4; '
      . 'server 127.0.0.1:%%PORT_other_backend%%;' ],
    [ 'max of servers in stream', stream => 'thrift_keepalive 8 max=4;' ],
    [ 'max of a name', upstream => 'thrift_keepalive 99 max=4; '
      . 'server localhost:%%PORT_other_backend%%;' ],
    [ 'methods answer', other => 'thrift_service T { thrift_method a '
                                 . '{ thrift_pass u; } }' ],
    [ 'other answer in method', method => 'thrift_return UNKNOWN "no";' ],
    [ 'answer after the blocks', last => 'thrift_pass u;' ],
    [ 'long names', other => 'thrift_service ' . 's' x 1024
                    . ' { thrift_pass u; thrift_method ' . 'm' x 1024
                    . ' { } }' ],
    [ 'include in method', method => 'include inc/good.conf;' ],
    [ 'variable', method => 'thrift_pass $thrift_method:1;' ],
    [ 'unix socket', method => 'thrift_pass unix:/tmp/none.sock;' ],
    [ 'IPv6', method => 'thrift_pass [::1]:1;' ],
    [ 'bounds', server => 'thrift_max_depth 255; thrift_max_pipeline 65535; '
          . 'thrift_buffer_size 2k; thrift_max_message_size 2147483647; '
          . 'thrift_max_calls 0; thrift_max_header_size 262140;' ],
    [ 'off', server => join ' ', map { "$_ 0;" } grep { /timeout|tries/ }
                                                      @names ],
    [ 'keepalive', upstream => 'thrift_keepalive 0 lifetime=1d timeout=1m;' ],
    [ 'variables where nothing is detected', stream => 'thrift_upstream_detect '
      . 'on;', upstream => 'thrift_bind $remote_addr; '
      . 'thrift_upstream_transport framed; thrift_upstream_protocol compact;' ],
    [ 'variables, THeader', stream => 'thrift_upstream_detect on;',
      upstream => 'thrift_bind $remote_addr; thrift_upstream_transport '
      . 'header;' ],
    [ 'types', server => join ' ', map { "thrift_service $_ "
                                         . "{ thrift_return $_ \"\"; }" }
          qw(UNKNOWN UNKNOWN_METHOD INVALID_MESSAGE_TYPE WRONG_METHOD_NAME
             BAD_SEQUENCE_ID MISSING_RESULT INTERNAL_ERROR PROTOCOL_ERROR
             INVALID_TRANSFORM INVALID_PROTOCOL UNSUPPORTED_CLIENT_TYPE) ],
) {
    my ($name, @texts) = @$_;

    $t->write_file('inc/good.conf', "thrift_timeout 1s;\n");
    like(test(@texts), qr/test is successful/, $name);
}

# whose clients have connections of their own, and why

{
    my @said = map {
        my $before = length $t->read_log('error-test.log');

        $t->test_config(filled(@$_));

        join('|', sort substr($t->read_log('error-test.log'), $before)
                       =~ /connections to "(.*?)" are.* as (.*?),/g)
    }
        [ other => 'thrift_pass 127.0.0.1:9000;' ],
        [ stream => 'thrift_trusted on;' ];

    is($said[0], join('|', '127.0.0.1:9000', ('it has no "thrift_idl"') x 2,
                      'u'), 'not shared');
    is($said[1], '', 'shared');
}

# the configuration that comes with the module

open(my $fh, '<', $t->top() . '/conf/overload.conf') or die "overload.conf: $!";

my $ready = join('', <$fh>);

$ready =~ s/^(?:load_module|pid|error_log)\s[^;]*;\n//mg;
$ready =~ s{127\.0\.0\.1:9090}{127.0.0.1:%%PORT_proxy%%};
$ready =~ s{/var/log/nginx}{%%TESTDIR%%};

like($t->test_config("%%TEST_GLOBALS%%\n$ready"), qr/test is successful/,
     'conf/overload.conf');

$t->done();


# What nginx -t says; a second server is there only where it is asked for.

sub test {
    return scalar $t->test_config(filled(@_));
}


sub defaults {
    my ($name) = @_;

    my ($lines) = $directives =~ /^## $name\n\n.*?^    Default:(.*?)^    Con/ms;

    return $lines =~ /^\s*($name [^;]*;)/mg;
}


sub error {
    return $t->config_error(filled(@_));
}


sub filled {
    return conf($template, other => 'thrift_pass u;', @_);
}


# What is said of an invalid value or parameter.

sub bad {
    my ($noun, $value, $directive, $what) = @_;

    return "invalid $noun \"$value\" in \"$directive\" directive, it must be "
           . $what;
}


sub number {
    my ($directive) = @_;

    return 'a number between 1 and ' . ($directive =~ /depth/ ? 255 : 65535)
        if $directive =~ /^thrift_max_(depth|pipeline)$/;

    return 'a number between 0 and 2147483647'
        if $directive eq 'thrift_ssl_verify_depth';

    return 'a number';
}


sub beside {
    return 'cannot stand beside another content handler, such as '
           . '"proxy_pass" or "return", in one server';
}
