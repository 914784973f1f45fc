#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause

# Names of servers in thrift_door, wrong ones and their messages; the module for
# http without the one for stream, and without http{}; what docs/http.md begins
# with.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;
use Test::Thrift;
use Test::Thrift::Files qw(slurp);


my $template = <<'EOF';

%%TEST_GLOBALS%%

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_web%%;

        location /thrift {
            #door
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    server {
        listen       127.0.0.1:%%PORT_users%%;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
        #users
    }

    server {
        listen  127.0.0.1:%%PORT_other%%;
        #other
    }
}

EOF

my $t = Test::Thrift->new(undef, http => 1);
my %line = conf_lines($template);
my $file = 'test.conf';

like($t->test_config(conf($template, door => 'thrift_door users;',
                          users => 'thrift_name users;', other => 'return x;')),
     qr/test is successful/, 'a name that is known');

for (
    [ 'an unknown name',
      { door => 'thrift_door orders;', users => 'thrift_name users;' },
      "no server of stream has \"thrift_name orders\" for \"thrift_door\""
      . " in $file:$line{door}" ],
    [ 'a name that is near',
      { door => 'thrift_door user;', users => 'thrift_name users;' },
      "no server of stream has \"thrift_name user\" (did you mean \"users\"?)"
      . " for \"thrift_door\" in $file:$line{door}" ],
    [ 'no names',
      { door => 'thrift_door users;' },
      "no server of stream has \"thrift_name users\" for \"thrift_door\""
      . " in $file:$line{door}" ],
    [ 'two of one name',
      { users => 'thrift_name users;',
        other => 'thrift_name users; thrift_return INTERNAL_ERROR x;' },
      "duplicate \"thrift_name users\", the other one is in"
      . " $file:$line{users} in $file:$line{other}" ],
    [ 'two names',
      { users => 'thrift_name users; thrift_name again;' },
      "\"thrift_name\" directive is duplicate in $file:$line{users}" ],
    [ 'an empty name',
      { users => 'thrift_name "";' },
      "\"thrift_name\" directive has an empty name in $file:$line{users}" ],
    [ 'a name of another server',
      { other => 'thrift_name other; return x;' },
      "\"thrift_name\" in a server that answers no Thrift calls"
      . " in $file:$line{other}" ],
    [ 'two doors',
      { door => 'thrift_door users; thrift_door users;',
        users => 'thrift_name users;' },
      "\"thrift_door\" directive is duplicate in $file:$line{door}" ],

    # two that answer

    (map { [ "$_->[0] beside a door",
             { door => "thrift_door users; $_->[1]",
               users => 'thrift_name users;' },
             "\"thrift_door\" directive cannot stand beside another one that "
             . "answers requests, such as \"proxy_pass\" in $file:$line{door}" ],
           [ "a door behind $_->[0]",
             { door => "$_->[1] thrift_door users;",
               users => 'thrift_name users;' },
             "\"thrift_door\" directive cannot stand beside another one that "
             . "answers requests, such as \"proxy_pass\" in $file:$line{door}" ],
         } [ 'an image', 'empty_gif;' ],
           [ 'a proxy', 'proxy_pass http://127.0.0.1:%%PORT_backend%%;' ]),
    [ 'return beside a door',
      { door => 'thrift_door users; return 404;',
        users => 'thrift_name users;' },
      "\"thrift_door\" directive cannot stand beside \"return\" in "
      . "$file:$line{door}" ],
    [ 'a status behind return',
      { door => 'return 404; thrift_status json;' },
      "\"thrift_status\" directive cannot stand beside \"return\" in "
      . "$file:$line{door}" ],
    [ 'a status beside a door',
      { door => 'thrift_door users; thrift_status json;' },
      "\"thrift_status\" directive cannot stand beside \"thrift_door\" in "
      . "$file:$line{door}" ],

    # in a wrong place

    (map { [ "$_ in a server",
             { door => "} $_ users; location / {" },
             "\"$_\" directive is not allowed here, but in \"location\" in "
             . "$file:$line{door}" ],
         } qw(thrift_door thrift_gateway thrift_status thrift_explorer)),
    (map { [ "$_->[0] of stream",
             { door => "$_->[0] $_->[1]" },
             "\"$_->[0]\" directive is not allowed here, but in stream in "
             . "$file:$line{door}" ],
         } [ 'thrift_service', 'Users { }' ], [ 'thrift_idl', 'a.thrift;' ],
           [ 'thrift_name', 'users;' ], [ 'thrift_timeout', '1s;' ],
           [ 'thrift_status_zone', 'z 1m;' ]),
    [ 'headers of stream', { door => 'thrift_set_header user x;' },
      '"thrift_set_header" directive is not allowed here, but in stream; calls '
      . 'by HTTP get headers by "thrift_call_header" in '
      . "$file:$line{door}" ],
    [ 'pass of stream', { door => 'thrift_pass users;' },
      '"thrift_pass" directive is not allowed here, but in stream; calls by '
      . 'HTTP are handed to a server of stream by "thrift_door" in '
      . "$file:$line{door}" ],

    # values

    [ 'a size', { door => 'thrift_gateway_max_size 1gb;' },
      'invalid value "1gb" in "thrift_gateway_max_size" directive, it must be a '
      . "size such as \"4k\" or \"16m\" in $file:$line{door}" ],
    [ 'a parameter', { door => 'thrift_explorer /api/ calls;' },
      'invalid parameter "calls" in "thrift_explorer" directive, it must be '
      . "\"call\" in $file:$line{door}" ],
) {
    my ($name, $texts, $want) = @$_;

    is($t->config_error(conf($template, other => 'return x;', %$texts)),
       "$want\n", $name);
}

# nginx itself says that a variable is unknown, and no more

for (
    [ 'of a location', 'thrift_call_header a "b${nosuch}c $arg_user $host";',
      '' ],
    [ 'of http', '', 'thrift_call_header a $nosuch;' ],
) {
    my ($name, $location, $http) = @$_;

    my $conf = conf($template, other => 'return x;',
                    users => 'thrift_name users;',
                    door => "thrift_door users; $location");

    $conf =~ s/(%%TEST_GLOBALS_HTTP%%\n)/$1$http\n/;

    my $at = 1 + ($conf =~ /^(.*?)\bnosuch\b/ms)[0] =~ tr/\n//;

    is(join("\n", $t->test_config($conf) =~ /^nginx: \[emerg\] (.*)\n/mg),
       "no variable \"\$nosuch\" is defined in $file:$at\n"
       . 'unknown "nosuch" variable', "an unknown variable $name");
}

my $no_stream = conf($template, door => 'thrift_door users;')
                =~ s/^stream .*//msr;

is($t->config_error($no_stream),
   "no server of stream has \"thrift_name users\" for \"thrift_door\""
   . " in $file:$line{door}\n", 'no stream{}');

my $no_http = conf($template, users => 'thrift_name users;',
                   other => 'return x;') =~ s/^http .*?^}$//msr;

like($t->test_config($no_http), qr/test is successful/, 'no http{}');
like($t->test_config("%%TEST_GLOBALS%%\nevents {}\n"),
     qr/test is successful/, 'neither');

SKIP: {
    skip 'modules are linked in', 4 if $ENV{TEST_NGINX_STATIC};

    my $alone = Test::Thrift->new(undef, module => 0, http => 1);

    is($alone->config_error($no_stream),
       "\"thrift_door\" needs ngx_stream_thrift_module.so, loaded before"
       . " ngx_http_thrift_module.so in $file:$line{door}\n",
       'the module for http alone');
    like($alone->test_config("%%TEST_GLOBALS%%\nevents {}\n"),
         qr/test is successful/, 'it does no harm');

    my ($stream, $ours) = Test::Thrift::module_files();
    my $http = Test::Thrift::http_module_file();
    my $order = conf($template, door => 'thrift_door users;',
                     users => 'thrift_name users;', other => 'return x;');

    $order =~ s/%%TEST_GLOBALS%%/load_module $stream; load_module $http; /;
    $order =~ s/^events/load_module $ours; events/m;

    is($t->config_error($order),
       "\"thrift_door\" needs ngx_stream_thrift_module.so, loaded before"
       . " ngx_http_thrift_module.so in $file:$line{door}\n",
       'the module for http first');

    my $without = Test::Thrift->new(undef);

    is($without->config_error(conf($template, door => 'thrift_door users;',
                                   users => 'thrift_name users;',
                                   other => 'return x;')),
       "unknown directive \"thrift_door\" in $file:$line{door}\n",
       'the module for stream alone');

    for ($alone, $without) {
        $_->{done} = 1;
    }
}

# Without http{} it starts, and answers; so it does without any servers

my $answers = $no_http =~ s/return x/thrift_return INTERNAL_ERROR x/r;
my $plain = Test::Thrift->new($answers, http => 1);

$plain->run();
is($plain->client('other')->call('get')->{message}, 'x',
   'answers without http{}');
ok($plain->reload("%%TEST_GLOBALS%%\nevents {}\n"), 'goes on with neither');
ok($plain->reload($answers), 'and back');
is($plain->client('other')->call('get')->{message}, 'x', 'answers again');
$plain->done();

# A name is looked up in the configuration that it belongs to

my $named = sub {
    my ($name) = @_;
    return conf($template, door => "thrift_door $name;",
                users => "thrift_name $name;", other => 'return x;');
};

$t->write_conf($named->('users'));

my $backend = $t->backend('backend');

$t->run();

my $call = call_bytes('get', 1, undef, transport => 'unframed');
my $status = sub { $t->http('web')->post('/thrift', $call)->{status} };

is($status->(), 200, 'answered');

$t->reload($named->('people'));
is($status->(), 200, 'answered after a reload with another name');

$t->expect_log(qr/no server of stream has "thrift_name users"/);
ok(!$t->reload(conf($template, door => 'thrift_door users;',
                    users => 'thrift_name people;', other => 'return x;')),
   'a wrong name is told');
is($status->(), 200, 'and the old configuration stays');

# Contexts and defaults as they are documented

my %value = (
    thrift_door       => 'users',
    thrift_gateway    => 'users',
    thrift_status     => 'json',
    thrift_explorer   => '/none',
    thrift_call_header => 'a b',
);

my $places = <<'EOF';

%%TEST_GLOBALS%%

events {
}

http {
    %%TEST_GLOBALS_HTTP%%
    #http

    server {
        listen  127.0.0.1:%%PORT_web%%;
        #server

        location / {
            #location

            if ($arg_a) {
                #if
            }

            limit_except POST {
                #limit
            }
        }
    }
}

stream {
    thrift_status_zone  calls  1m;

    server {
        listen       127.0.0.1:%%PORT_users%%;
        thrift_name  users;
        thrift_pass  127.0.0.1:%%PORT_backend%%;
        thrift_idl   users.thrift;
    }
}

EOF

$t->write_file('users.thrift', "service Users {\n    void get()\n}\n");

my %place = (http => 'http', server => 'server', location => 'location',
             if => 'if in location', limit => 'limit_except');

my $parts = qr/^## (thrift_\w+)\n\n {4}Syntax.*\n/m;
$parts = qr/$parts {4}Default: +(.*)\n {4}Context: +(.*) \(of http\)$/m;

my @documented = slurp($t->top() . '/docs/directives.md') =~ /$parts/g;

is(scalar @documented, 3 * 10, 'directives of http');

while (my ($name, $default, $contexts) = splice(@documented, 0, 3)) {
    my $text = $default =~ /;$/ ? $default : "$name $value{$name};";

    is(join(', ', grep { $t->test_config(conf($places, $_ => $text))
                         !~ /is not allowed here/ } sort keys %place),
       join(', ', grep { my $place = $place{$_};
                         grep { $_ eq $place } split /, /, $contexts }
                  sort keys %place), "contexts of $name");

    like($t->test_config(conf($places, location => $text)),
         qr/test is successful/, "\"$default\" is possible")
        if $default =~ /;$/;
}

# What answers some requests only

$t->reload(conf($template, users => 'thrift_name people;', other => 'return x;',
                door => 'thrift_door people; if ($arg_none) { return 410; } if '
                    . '($arg_proxy) { proxy_pass http://127.0.0.1:1; }'));

is($status->(), 200, 'answered beside "if"');
is($t->http('web')->request('GET', '/thrift?none=1')->{status}, 410,
   '"return" in "if"');

$t->expect_log(qr/connect\(\) failed .* upstream: "http:/);
is($t->http('web')->request('GET', '/thrift?proxy=1')->{status}, 502,
   'another one answers in "if"');

SKIP: {
    skip 'no curl', 1 if system('curl -V >/dev/null 2>&1') != 0;

    like(documented(), qr/^HTTP\/1\.1 503 .*it works/s, 'docs/http.md');
}

$t->done();


# The configuration of the page, with the modules and ports of the test, and
# what its command prints.

sub documented {
    my $file = Test::Thrift->top() . '/docs/http.md';

    open(my $fh, '<', $file) or die "$file: $!";
    my $text = do { local $/; <$fh> };

    my ($conf) = $text =~ /^((?: {4}load_module.*\n)+(?: {4}.*\n|\n(?= {4}))+)/m;
    my ($command) = $t->documented('docs/http.md');

    $conf =~ s/^ {4}//mg;
    $conf =~ s/^load_module.*\n//mg;
    $conf =~ s/^(http \{)/$1 %%TEST_GLOBALS_HTTP%%/m;
    s/:8080/:%%PORT_web%%/, s/:9090/:%%PORT_users%%/ for $conf, $command;

    $t->reload("%%TEST_GLOBALS%%\n$conf");
    $command = $t->expand($command);

    return qx{$command};
}
