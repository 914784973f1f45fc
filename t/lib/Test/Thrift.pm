# SPDX-License-Identifier: BSD-2-Clause

package Test::Thrift;

# The harness of the t/*.t files: an nginx of its own for every test.
#
#     my $t = Test::Thrift->new(<<'EOF');
#     %%TEST_GLOBALS%%
#     events {}
#     stream {
#         %%TEST_GLOBALS_STREAM%%
#         server {
#             listen       127.0.0.1:%%PORT_proxy%%;
#             thrift_pass  127.0.0.1:%%PORT_users%%;
#         }
#     }
#     EOF
#
#     my $backend = $t->backend('users');
#     $t->run();
#     is($t->client('proxy')->call('get')->{fields}{0}, 'users', 'answer');
#     $t->done();
#
# A port is known by the name of who listens there, nginx or a server of the
# test: %%PORT_users%% in files, 'users' in the functions below.
#
# done() stops everything and asserts what holds in every test: nginx stops in
# time, nothing worse than "error" is in its log, no sanitizer has something to
# report, no worker exited on its own, no socket was left open.  A file that
# forgets to call it, or dies, is caught at its end.
#
# Environment
#
#     TEST_NGINX_BINARY       default /usr/sbin/nginx
#     TEST_NGINX_MODULES_DIR  where ngx_stream_module.so is,
#                             default /usr/lib/nginx/modules
#     TEST_NGINX_MODULE       default build/ngx_stream_thrift_module.so; the one
#                             for http is beside it
#     TEST_NGINX_STATIC       set: the binary contains stream and the module
#     TEST_NGINX_SANITIZE     what a static binary was built with, default
#                             address,undefined
#     TEST_NGINX_LOG          level of the error log instead of the test's
#     TEST_NGINX_LEAVE        set: the directory of the test stays
#     TEST_TIME_FACTOR        multiplies every timeout, default 1
#
# The directory build/t/<name>-<pid> of a test stays when the test failed.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(basename dirname);
use File::Path qw(make_path remove_tree);
use File::Temp ();
use IO::Socket::IP;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM SOMAXCONN pack_sockaddr_un);
use Test::More ();
use Time::HiRes qw(time);

use Test::Thrift::Backend;
use Test::Thrift::Bytes;
use Test::Thrift::Client;
use Test::Thrift::Http;

our @EXPORT = (qw(answer answer_frames conf conf_lines cpu_time elapse
                  is_in_time shortest wait_for time_factor sanitizer),
               @Test::Thrift::Bytes::EXPORT);

my $TOP = abs_path(dirname(__FILE__) . '/../../..');
my $OWNER = $$;
my $STOP_TIME = 10;
my @live;


sub time_factor {
    return $ENV{TEST_TIME_FACTOR} || 1;
}


# conf($template, name => text, ...): the configuration with each text in place
# of the comment "#name", for files that need several, or a part that is not
# written down.  What is not named stays a comment.
#
#     my $template = <<'EOF';
#     ...
#         server {
#             listen  127.0.0.1:%%PORT_proxy%%;
#             #server
#         }
#     EOF
#
#     $t->reload(conf($template, server => 'thrift_timeout 1s;'));

sub conf {
    my ($template, %texts) = @_;

    for (keys %texts) {
        die "no #$_ in the template" unless $template =~ /#$_\b/;
    }

    $template =~ s/#(\w+)/defined $texts{$1} ? $texts{$1} : "#$1"/eg;

    return $template;
}


# conf_lines($template): on which line each "#name" stands, as name => line.

sub conf_lines {
    my ($template) = @_;

    my %line;
    my $n = 0;

    for (split /\n/, $template) {
        $n++;
        $line{$1} = $n if /#(\w+)/;
    }

    return %line;
}


sub sanitizer {
    return unless $ENV{TEST_NGINX_STATIC};
    return $ENV{TEST_NGINX_SANITIZE} || 'address,undefined';
}


# wait_for(code, timeout): call it until it returns something true, and return
# that; the last false value when time is over.  The default is 10 seconds.

sub wait_for {
    my ($code, $timeout) = @_;

    my $deadline = time() + ($timeout || 10) * time_factor();
    my $pause = 0.002;

    for ( ;; ) {
        my $value = $code->();
        return $value if $value || time() > $deadline;

        select(undef, undef, undef, $pause);
        $pause *= 1.5 if $pause < 0.05;
    }
}


# elapse(seconds): lets time go by.  Only where time itself is what is tested,
# or that nothing happens in it; what happens is waited for with wait_for().

sub elapse {
    my ($seconds) = @_;

    select(undef, undef, undef, $seconds);
}


# is_in_time(code, $expected, $name): asserts what the code returns, a text that
# ends in how long it took, as a number.  On a machine that was busy elsewhere
# that is more; then it is tried again, a few times.

sub is_in_time {
    my ($code, $expected, $name) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($most) = $expected =~ /(\d+)\z/;
    my $got;

    for (1 .. 10) {
        $got = $code->();
        last unless $got =~ /(\d+)\z/ && $1 > $most;
    }

    return Test::More::is($got, $expected, $name);
}


# shortest($seconds, code): how long the code takes, the shortest time of a few;
# the first that is less than so many seconds.  For the same reason.

sub shortest {
    my ($seconds, $code) = @_;

    my $least;

    for (1 .. 10) {
        my $start = time();

        $code->();

        my $took = time() - $start;

        $least = $took if !defined $least || $took < $least;
        last if $least < $seconds;
    }

    return $least;
}


# cpu_time($pid): for how many seconds a process has run, its first thread that
# is.  What else a worker does before it answers a call is measured with it: how
# long the machine lets both of them wait does not count.

sub cpu_time {
    my ($pid) = @_;

    my ($ns) = _slurp("/proc/$pid/schedstat") =~ /^(\d+) /;

    return $ns / 1e9 if defined $ns;

    my @fields = split / /, _slurp("/proc/$pid/stat") =~ s/^.*\) //r;

    return ($fields[11] + $fields[12])
           / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}


# answer($m): what a call returned, as text: its value, "void", "throws" and the
# id of a declared exception, or type and message of a TApplicationException;
# "nothing" when there was no reply.

sub answer {
    my ($m) = @_;

    return 'nothing' unless $m;
    return "$m->{exception} $m->{message}" if $m->{type} == EXCEPTION;
    return $m->{fields}{0} if exists $m->{fields}{0};

    my ($id) = sort keys %{$m->{fields}};

    return defined $id ? "throws $id" : 'void';
}


# --- a test and its files -------------------------------------------------

# new($conf, options)
#
# log      level of error_log, default debug
# module   0: do not load the thrift module
# http     1: load the one for http, too
# upgrade  1: the binary can be upgraded, see upgrade()

sub new {
    my ($class, $conf, %o) = @_;

    my $name = basename($0);
    $name =~ s/\.t$//;

    my $self = bless {
        conf     => $conf,
        log      => 'debug',
        module   => 1,
        ports    => {},
        clients  => [],
        backends => [],
        daemons  => [],
        expected => [],
        %o,
    }, $class;

    my $build = $ENV{TEST_BUILD} || "$TOP/build";
    my $number = @live ? '-' . @live : '';

    $self->{dir} = "$build/t/$name-" . $$ . $number;
    remove_tree($self->{dir});
    make_path($self->{dir});

    push @live, $self;

    $self->write_conf($conf) if defined $conf;

    return $self;
}


sub dir {
    my ($self) = @_;

    return $self->{dir};
}


# The path of the repository, for files that a test uses.

sub top {
    return $TOP;
}


# port($name): the TCP port behind %%PORT_name%%; it is free on 127.0.0.1 and
# ::1, and no other test takes it: an abstract socket of its number is the lock.

sub port {
    my ($self, $name) = @_;

    return $self->{ports}{$name} if $self->{ports}{$name};

    die "port $name has a number for a name" if $name =~ /^\d+$/;

    for (1 .. 1000) {
        my $port = 10240 + int(rand(32768 - 10240));

        socket(my $lock, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
        bind($lock, pack_sockaddr_un("\0ngx_thrift test port $port")) or next;

        IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => $port,
                            Listen => 1, ReuseAddr => 1) or next;

        next if !IO::Socket::IP->new(LocalHost => '::1', LocalPort => $port,
                                     Listen => 1, ReuseAddr => 1)
                && $!{EADDRINUSE};

        $self->{locks}{$name} = $lock;

        return $self->{ports}{$name} = $port;
    }

    die "no free port";
}


# sock($name): the path behind %%SOCK_name%%; a path of a unix socket is short.

sub sock {
    my ($self, $name) = @_;

    if (!$self->{sockdir}) {
        $self->{sockdir} = $self->{dir};

        if (length $self->{dir} > 80) {
            $self->{shortdir} = File::Temp->newdir('ngx_thrift-XXXXXX',
                                                   TMPDIR => 1);
            $self->{sockdir} = "$self->{shortdir}";
        }

        # workers that are not root have to reach it
        chmod 0755, $self->{sockdir};
    }

    return "$self->{sockdir}/$name.sock";
}


# address($where): of a port by its name; an address is returned as it is.

sub address {
    my ($self, $where) = @_;

    return $where =~ /^\w+$/ ? '127.0.0.1:' . $self->port($where) : $where;
}


# write_file($name, $text): in the test's directory, placeholders replaced.

sub write_file {
    my ($self, $name, $text) = @_;

    my $file = "$self->{dir}/$name";

    make_path(dirname($file));

    open(my $fh, '>', $file) or die "$file: $!";
    binmode($fh);
    print $fh $self->expand($text);
    close($fh) or die "$file: $!";

    return $file;
}


# certificate(): cert.pem and key.pem of a server, in the test's directory; the
# whole file is skipped where there can be none, or no client for it.

sub certificate {
    my ($self) = @_;

    my $dir = $self->{dir};

    return if eval { require IO::Socket::SSL; 1 }
        && system("openssl req -x509 -newkey ec"
                  . " -pkeyopt ec_paramgen_curve:prime256v1"
                  . " -nodes -days 3650 -subj /CN=localhost"
                  . " -keyout $dir/key.pem -out $dir/cert.pem"
                  . " >$dir/openssl.out 2>&1") == 0;

    $self->{done} = 1;
    Test::More::plan(skip_all => 'IO::Socket::SSL or openssl is missing');
}


sub write_conf {
    my ($self, $conf) = @_;

    return $self->write_file('nginx.conf', $conf);
}


sub expand {
    my ($self, $text) = @_;

    $text =~ s/%%TEST_GLOBALS%%/$self->globals()/eg;
    $text =~ s/%%TEST_GLOBALS_STREAM%%/$ENV{TEST_NGINX_GLOBALS_STREAM} || ''/eg;
    $text =~ s/%%TEST_GLOBALS_HTTP%%/$self->globals_http()/eg;
    $text =~ s/%%PORT_(\w+)%%/$self->port($1)/eg;
    $text =~ s/%%SOCK_(\w+)%%/$self->sock($1)/eg;
    $text =~ s/%%TESTDIR%%/$self->{dir}/g;
    $text =~ s/%%TOP%%/$TOP/g;

    return $text;
}


# One line, so that a line number in a message of nginx is that of the test's
# own text.

sub globals {
    my ($self) = @_;

    my $level = $ENV{TEST_NGINX_LOG} || $self->{log};
    my @lines = ('daemon off;',
                 "pid $self->{dir}/nginx.pid;",
                 "error_log $self->{dir}/error.log $level;");

    push @lines, 'user root;' if $> == 0;

    if (!$ENV{TEST_NGINX_STATIC}) {
        my ($stream, $ours) = module_files();

        push @lines, "load_module $stream;";
        push @lines, "load_module $ours;" if $self->{module};
        push @lines, "load_module " . http_module_file() . ';'
            if $self->{http};
    }

    # a new binary gets no other environment

    push @lines, map { "env ${_}_OPTIONS;" } qw(ASAN LSAN TSAN UBSAN)
        if $self->{upgrade};

    push @lines, $ENV{TEST_NGINX_GLOBALS} || ();

    return join(' ', @lines);
}


# Of http{}: files of requests and logs are the test's.

sub globals_http {
    my ($self) = @_;

    return join(' ', 'access_log off;',
                map { "${_}_temp_path $self->{dir}/temp-$_;" }
                    qw(client_body proxy fastcgi uwsgi scgi));
}


# --- nginx ------------------------------------------------------------------

sub binary {
    return $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx';
}


# Stream's module and ours.

sub module_files {
    my $modules = $ENV{TEST_NGINX_MODULES_DIR} || '/usr/lib/nginx/modules';

    return ("$modules/ngx_stream_module.so",
            $ENV{TEST_NGINX_MODULE}
                || "$TOP/build/ngx_stream_thrift_module.so");
}


sub http_module_file {
    my (undef, $ours) = module_files();

    return dirname($ours) . '/ngx_http_thrift_module.so';
}


# documented($file): the steps that a document has for a shell, with the nginx
# and the modules of the test for those that it names.

sub documented {
    my ($self, $file) = @_;

    my ($stream, $ours) = module_files();
    my $binary = $self->binary();
    my @steps = _slurp("$TOP/$file") =~ /^```sh\n(.*?)^```\n/gsm;

    for (@steps) {
        s{/usr/sbin/nginx\b}{$binary}g;
        s{/usr/lib/nginx/modules/ngx_stream_module\.so}{$stream}g;
        s{\$NGX_THRIFT/build/ngx_stream_thrift_module\.so}{$ours}g;
    }

    return @steps;
}


# knows($block, $text): whether nginx accepts that in "stream" or "http"; for
# tests of what only some have.  Versions do not tell: forks count otherwise.
# Our module is there only where the text has directives of it.  There need not
# be a test yet: a file may be skipped.

sub knows {
    my ($class, $block, $text) = @_;

    my $dir = File::Temp->newdir();
    my $binary = $class->binary();
    my ($stream, $ours) = module_files();
    my @modules = ($stream, $text =~ /\bthrift_/ ? $ours : ());

    @modules = () if $ENV{TEST_NGINX_STATIC};
    $text .= ' ' . globals_http({ dir => $dir }) if $block eq 'http';

    open(my $fh, '>', "$dir/nginx.conf") or die "$dir/nginx.conf: $!\n";
    print $fh map { "load_module $_;\n" } @modules;
    print $fh "pid $dir/pid;\nevents { }\n$block { $text }\n";
    close($fh);

    local $ENV{ASAN_OPTIONS} = 'detect_leaks=0';

    return !system("'$binary' -t -q -p $dir -c $dir/nginx.conf"
                   . " -e $dir/error.log 2>/dev/null");
}


# Servers whose names are looked up while nginx runs

sub knows_resolve {
    my ($class) = @_;

    return $class->knows(stream => 'resolver 127.0.0.1; upstream u {'
                         . ' zone u 64k; server u.test:1 resolve; }');
}


# A leak is looked for when nginx has served; "nginx -t" frees nothing.

sub _sanitizer_environment {
    my ($self, $leaks) = @_;

    $ENV{ASAN_OPTIONS} = join(':', $ENV{ASAN_OPTIONS} || (),
        "log_path=$self->{dir}/sanitizer", "detect_leaks=$leaks",
        'abort_on_error=0', 'detect_stack_use_after_return=1');
    $ENV{UBSAN_OPTIONS} = join(':', $ENV{UBSAN_OPTIONS} || (),
        "log_path=$self->{dir}/sanitizer", 'print_stacktrace=1');
    $ENV{TSAN_OPTIONS} = join(':', $ENV{TSAN_OPTIONS} || (),
        "log_path=$self->{dir}/sanitizer", "suppressions=$TOP/t/threads.supp",
        'exitcode=0');

    # the last file is the only one

    $ENV{LSAN_OPTIONS} = join(':', 'print_suppressions=0',
        "suppressions=$TOP/t/leaks.supp", $ENV{LSAN_OPTIONS} || ());
}


sub _exec_nginx {
    my ($self, $leaks, @args) = @_;

    $self->_sanitizer_environment($leaks);

    { no warnings 'exec'; exec($self->binary(), @args); }

    print STDERR 'cannot run ' . $self->binary() . ": $!\n";
    POSIX::_exit(127);
}


sub _nginx_output {
    my ($self, @args) = @_;

    my $pid = open(my $out, '-|');
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open(STDIN, '<', '/dev/null');
        open(STDERR, '>&', \*STDOUT);
        $self->_exec_nginx(0, @args);
    }

    my $text = do { local $/; <$out> };

    close($out);

    return (defined $text ? $text : '', $? >> 8);
}


# test_config($conf): what "nginx -t" says about it, its own directory cut off;
# in list context with the exit code.  The text has "test is successful" when
# the configuration is right.

sub test_config {
    my ($self, $conf) = @_;

    my $file = $self->write_file('test.conf', defined $conf ? $conf
                                                            : $self->{conf});

    my ($text, $code) = $self->_nginx_output('-t', '-p', $self->{dir},
        '-c', $file, '-e', "$self->{dir}/error-test.log");

    $text =~ s/\Q$self->{dir}\E\///g;
    $text =~ s/^angie: /nginx: /mg;

    return wantarray ? ($text, $code) : $text;
}


# config_error($conf): the message alone for which it is refused.

sub config_error {
    my ($self, $conf) = @_;

    my $text = $self->test_config($conf);

    # what is wrong between blocks shows when all of them were read

    $text =~ s/^nginx: the configuration file \S+ syntax is ok\n//;

    return $text =~ /^nginx: \[emerg\] (.*\n)nginx: .* test failed\n$/ ? $1
                                                                       : $text;
}


# run(): start nginx, and return when it listens.  Dies with nginx's words when
# it does not start.

sub run {
    my ($self) = @_;

    die 'nginx runs already' if $self->{pid};

    my $pid = $self->{upgrade} ? $self->_start_adopted() : $self->_start();

    $self->{pid} = $pid;

    my $started = wait_for(sub {
        return 'gone' if waitpid($pid, POSIX::WNOHANG()) == $pid;
        return ($self->read_log('nginx.pid') =~ /^$pid\n/
                && $self->workers()) ? 'yes' : undef;
    }, 10);

    $self->_adopt() if $self->{upgrade};

    return $self if defined $started && $started eq 'yes';

    delete $self->{pid} if defined $started;
    $self->{start_failed} = 1;

    my @log = grep { !/\[(?:debug|notice|info)\]/ }
                   map { split /\n/, $self->read_log($_) }
                       qw(stderr.log error.log);
    splice(@log, 20);

    die join("\n", 'nginx did not start:', @log, '');
}


sub _start {
    my ($self) = @_;

    my $pid = fork();
    die "fork: $!" unless defined $pid;

    return $pid if $pid != 0;

    open(STDIN, '<', '/dev/null');
    open(STDOUT, '>>', "$self->{dir}/stdout.log");
    open(STDERR, '>>', "$self->{dir}/stderr.log");
    $self->_exec_nginx(1, '-p', $self->{dir}, '-c', "$self->{dir}/nginx.conf",
                       '-e', "$self->{dir}/error.log");
}


# nginx starts a new binary only when it has not the parent that it began with.
# So its first one ends when it runs, and then the test is its parent, and that
# of a new master whose old one has ended.

sub _start_adopted {
    my ($self) = @_;

    require 'syscall.ph';
    syscall(&SYS_prctl, 36, 1, 0, 0, 0) == 0     # PR_SET_CHILD_SUBREAPER
        or die "prctl: $!";

    pipe(my $pids, my $to_test) or die "pipe: $!";
    pipe(my $from_test, my $parent_ends) or die "pipe: $!";

    my $parent = fork();
    die "fork: $!" unless defined $parent;

    if ($parent == 0) {
        close($parent_ends);
        $SIG{CHLD} = sub { POSIX::_exit(0) };
        print $to_test $self->_start(), "\n";
        close($to_test);
        <$from_test>;
        POSIX::_exit(0);
    }

    close($to_test);
    @{$self}{qw(parent parent_ends)} = ($parent, $parent_ends);

    return <$pids> + 0;
}


sub _adopt {
    my ($self) = @_;

    close(delete $self->{parent_ends});
    waitpid(delete $self->{parent}, 0);
}


# upgrade(): has nginx start its binary once more, and returns the pid of the
# old master when the new one's workers serve beside its own.  The new one is
# the test's from then on; master() changes that.

sub upgrade {
    my ($self) = @_;

    my $old = $self->{pid};
    my $new;

    $self->signal('USR2');

    wait_for(sub {
        ($new) = $self->read_log('nginx.pid') =~ /^(\d+)\n/ or return;
        return if $new == $old;

        local $self->{pid} = $new;
        return $self->workers();
    }, 10) or die 'no new binary';

    return $self->master($new);
}


# master($pid): from now on it is the one that signal(), workers() and stop()
# mean.  Returns the one before.

sub master {
    my ($self, $pid) = @_;

    (my $before, $self->{pid}) = ($self->{pid}, $pid);

    return $before;
}


sub pid {
    my ($self) = @_;

    return $self->{pid};
}


# The pids of the workers that serve; with a true argument also of those that
# are shutting down.

sub workers {
    my ($self, $all) = @_;

    my $master = $self->{pid} or return;
    my @pids;

    for my $file (glob '/proc/[0-9]*/stat') {
        my $stat = _slurp($file);
        my ($pid, $ppid) = $stat =~ /^(\d+) \(.*\) \S (\d+) /s or next;
        next unless $ppid == $master;

        my $title = _slurp("/proc/$pid/cmdline");
        next unless $title =~ /^(?:nginx|angie): worker process/;
        next if $title =~ /shutting down/ && !$all;

        push @pids, $pid;
    }

    return @pids;
}


# signal($name, $pid): to the master unless told.

sub signal {
    my ($self, $name, $pid) = @_;

    return kill($name, $pid || $self->{pid});
}


# reload($conf): with a new configuration, or the same.  Returns true when the
# new workers serve and every old one has begun to shut down (or is gone), and
# false when nginx refused; see expect_log() for its message then.  The pids of
# the old workers are in $t->{old}.

sub reload {
    my ($self, $conf) = @_;

    $self->write_conf($conf) if defined $conf;

    my @old = $self->workers();
    my $start = -s "$self->{dir}/error.log" || 0;

    $self->{old} = \@old;
    $self->signal('HUP');

    my $result = wait_for(sub {
        my $log = $self->read_log('error.log', $start);

        return 'refused' if $log =~ /^\S+ \S+ \[emerg\]/m;
        return undef unless $log =~ /start worker process/;

        my %now = map { $_ => 1 } $self->workers();
        return undef if grep { $now{$_} } @old;

        return keys %now ? 'done' : undef;
    }, 15);

    die 'reload: nothing happened' unless defined $result;

    return $result eq 'done';
}


# old_workers_gone(timeout): true when no worker of before the last reload is
# left in time.

sub old_workers_gone {
    my ($self, $timeout) = @_;

    my %old = map { $_ => 1 } @{$self->{old} || []};

    return wait_for(sub { !grep { $old{$_} } $self->workers(1) }, $timeout);
}


# stop(): close the clients, and have nginx end as "nginx -s quit" does.  That
# it ended, and how, is asserted by done().

sub stop {
    my ($self) = @_;

    $_->close() for @{$self->{clients}};
    $self->{clients} = [];

    my $pid = delete $self->{pid} or return;

    kill('QUIT', $pid);

    if (!wait_for(sub { waitpid($pid, POSIX::WNOHANG()) == $pid },
                  $STOP_TIME))
    {
        push @{$self->{stopped}}, "did not stop in $STOP_TIME s";
        $self->_kill_hard($pid);
        return;
    }

    push @{$self->{stopped}}, $? == 0 ? ''
                              : $? & 127 ? 'died of signal ' . ($? & 127)
                                         : 'exited with ' . ($? >> 8);
}


sub _kill_hard {
    my ($self, $pid) = @_;

    my @all = do { local $self->{pid} = $pid; $self->workers(1) };

    kill('TERM', $pid);

    if (!wait_for(sub { waitpid($pid, POSIX::WNOHANG()) == $pid }, 2)) {
        kill('KILL', $pid, @all);
        waitpid($pid, 0);
    }
}


# --- logs -------------------------------------------------------------------

sub _slurp {
    my ($file, $start) = @_;

    open(my $fh, '<', $file) or return '';
    binmode($fh);
    seek($fh, $start, 0) if $start;

    local $/;
    my $text = <$fh>;

    return defined $text ? $text : '';
}


# read_log($name, $start): the text of a file in the test's directory, error.log
# unless told, from a byte on; empty when there is no such file.

sub read_log {
    my ($self, $name, $start) = @_;

    return _slurp("$self->{dir}/" . ($name || 'error.log'), $start);
}


# grep_log(qr/../, $name): the lines that match.  One that crosses a page of the
# file may be seen before all of it is written, and is none until then.

sub grep_log {
    my ($self, $re, $name) = @_;

    return grep { $_ =~ $re } $self->read_log($name) =~ /^(.*)\n/mg;
}


# wait_log(qr/../, $name, timeout, $count): those lines, as soon as there are
# $count of them (1); what there is when time is over.

sub wait_log {
    my ($self, $re, $name, $timeout, $count) = @_;

    my @lines;

    wait_for(sub {
        @lines = $self->grep_log($re, $name);
        return @lines >= ($count || 1);
    }, $timeout);

    return @lines;
}


# expect_log(qr/../): a line in the error log that would fail the test, and here
# has to be there.

sub expect_log {
    my ($self, $re) = @_;

    push @{$self->{expected}}, $re;
}


# --- who talks to nginx --------------------------------------------------

# client($where, %options): a connection to a port by its name, or to an
# address; options are those of Test::Thrift::Client.

sub client {
    my ($self, $where, %o) = @_;

    my $c = Test::Thrift::Client->new(
        address => $self->address($where),
        timeout => 10 * time_factor(),
        %o);

    push @{$self->{clients}}, $c;

    return $c;
}


# clients_of_workers($where, $n): the clients of so many workers, by their pids.
# Lines of access.log begin with "$pid $thrift_method ".

sub clients_of_workers {
    my ($self, $where, $n) = @_;
    my %clients;

    wait_for(sub {
        my $c = $self->client($where);
        my $name = 'who' . ++$self->{asked};

        $c->call($name);

        my ($line) = $self->wait_log(qr/^\d+ $name /, 'access.log');

        $clients{$1} = $c if $line && $line =~ /^(\d+)/;

        return keys %clients == $n;
    });

    return %clients;
}


# http($where, %options): the same for a client of HTTP, a Test::Thrift::Http.

sub http {
    my ($self, $where, %o) = @_;

    my $http = Test::Thrift::Http->new(
        address => $self->address($where),
        timeout => 10 * time_factor(),
        %o);

    push @{$self->{clients}}, $http->connection();

    return $http;
}


# backend($where, %options): a server that listens on a port by its name, or on
# an address; options: id (default $where), script.

sub backend {
    my ($self, $where, %o) = @_;

    my $n = @{$self->{backends}};

    my $backend = Test::Thrift::Backend->new(
        address => $self->address($where),
        id      => $where,
        log     => "$self->{dir}/backend-$n.log",
        %o);

    push @{$self->{backends}}, $backend;

    return $backend;
}


# handler($name, %options): build/<name>.so of the test's directory, from
# t/data/handler/<name>.c and .thrift; with sanitizers if nginx has them.
# Returns its path.
#
# source   another file, or the text itself (it has a line end)
# idl      likewise
# include  reference to a list of directories for the IDL
# cflags   reference to a list of options for the compiler

sub handler {
    my ($self, $name, %o) = @_;

    my $data = "$TOP/t/data/handler";
    my $gen = "$self->{dir}/gen-$name";
    my %file = (source => $o{source} || "$data/$name.c",
                idl    => $o{idl} || "$data/$name.thrift");

    for my $what (keys %file) {
        next unless $file{$what} =~ /\n/;
        my $suffix = $what eq 'idl' ? 'thrift' : 'c';
        $file{$what} = $self->write_file("gen-$name/$name.$suffix",
                                         $file{$what});
    }

    my $so = "$self->{dir}/$name.so";
    my @sanitize = sanitizer()
        ? ('-fsanitize=' . sanitizer(), '-fno-omit-frame-pointer') : ();

    _quietly("$TOP/build/nthrift", 'gen', '-w',
             (map { ('-I', $_) } @{$o{include} || []}), '-o', $gen,
             $file{idl});
    _quietly('gcc', qw(-std=c11 -Wall -Wextra -Werror -pedantic -g -O1 -shared
                       -fPIC), @sanitize, "-I$TOP/src", "-I$gen",
             @{$o{cflags} || []}, '-o', "$so.new", $file{source},
             '-lpthread');

    # a new file: nginx, or a test, may have the old one

    rename("$so.new", $so) or die "$so: $!";

    return $so;
}


sub _quietly {
    my $pid = open(my $out, '-|');
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open(STDERR, '>&', \*STDOUT);
        { no warnings 'exec'; exec { $_[0] } @_; }
        print "cannot run $_[0]: $!\n";
        POSIX::_exit(127);
    }

    my $text = do { local $/; <$out> };
    close($out) or die "@_:\n" . (defined $text ? $text : '');
}


# run_daemon($code or [ command ], %options): in a process of its own, ended
# with the test.  Returns its pid when it is ready:
#
# port, sock   something listens there (a name as in %%PORT_name%%)
# file         this file of the test's directory exists
# timeout      how long that may take, 10 s; then it dies
# env          reference to a hash, added to the environment
# log          where its output goes, default daemon-<n>.log
# shares       1: the code uses clients and backends that the test has

sub run_daemon {
    my ($self, $what, %o) = @_;

    my $n = @{$self->{daemons}};
    my $name = $o{log} || "daemon-$n.log";
    my $log = "$self->{dir}/$name";

    my $pid = fork();
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open(STDIN, '<', '/dev/null');
        open(STDOUT, '>>', $log);
        open(STDERR, '>&', \*STDOUT);
        $SIG{INT} = $SIG{TERM} = 'DEFAULT';
        close_harness_sockets() unless $o{shares};
        %ENV = (%ENV, %{$o{env} || {}});

        if (ref $what eq 'CODE') {
            eval { $what->($self); 1 } or print STDERR $@;
            POSIX::_exit($@ ? 1 : 0);
        }

        { no warnings 'exec'; exec { $what->[0] } @$what; }
        print STDERR "cannot run $what->[0]: $!\n";
        POSIX::_exit(127);
    }

    push @{$self->{daemons}}, $pid;

    my $address = defined $o{port} ? $self->address($o{port})
                : defined $o{sock} ? $self->sock($o{sock}) : undef;

    return $pid unless defined $address || defined $o{file};

    my $ready = wait_for(sub {
        return 'gone' if waitpid($pid, POSIX::WNOHANG()) == $pid;
        return -e "$self->{dir}/$o{file}" if defined $o{file};
        return listens($address);
    }, $o{timeout} || 10);

    if (!$ready || $ready eq 'gone') {
        die 'daemon ' . (ref $what eq 'CODE' ? $n : $what->[0])
            . ($ready ? ' exited: ' : ' is not ready: ')
            . $self->read_log($name);
    }

    return $pid;
}


# server($name, code): listens on a port by its name, in a process of its own.
# The code gets the socket of a connection, in another one.

sub server {
    my ($self, $name, $code) = @_;

    return $self->run_daemon(sub {
        my $listen
            = Test::Thrift::Backend::listen_socket($self->address($name));

        $SIG{CHLD} = $SIG{PIPE} = 'IGNORE';

        for ( ;; ) {
            my $socket = $listen->accept() or next;
            my $pid = fork() // die "fork: $!";

            next if $pid != 0;

            close($listen);
            eval { $code->($socket); 1 } or print STDERR $@;
            POSIX::_exit(0);
        }
    }, port => $name);
}


# answer_frames($socket, code): sends what the code returns for the bytes of
# each frame; undef ends it.

sub answer_frames {
    my ($socket, $code) = @_;

    while (read($socket, my $length, 4)) {
        read($socket, my $bytes, unpack('N', $length));

        my $answer = $code->($bytes);

        last unless defined $answer;
        print $socket $answer;
        $socket->flush();
    }
}


# cpu_times_while($pid, code): calls the code again and again until that process
# has ended.  Returns for how long the worker has run in each, in seconds and
# ascending.

sub cpu_times_while {
    my ($self, $pid, $code) = @_;

    my ($worker) = $self->workers();
    my @times;

    while (waitpid($pid, POSIX::WNOHANG()) == 0) {
        my $start = cpu_time($worker);

        $code->();
        push @times, cpu_time($worker) - $start;
        elapse(0.001);
    }

    return sort { $a <=> $b } @times;
}


# program($file, $limit, command, arguments): runs a program that prints lines of
# a name and a number, and what it finds wrong as "violation: ..."; its output is
# in the file.  Returns the numbers by their names, and with "violation" and
# "status" what was wrong.

sub program {
    my ($self, $file, $limit, @command) = @_;

    my $pid = fork();
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        my $out = "$self->{dir}/$file";

        open(STDIN, '<', '/dev/null');
        open(STDOUT, '>', $out) or die "$out: $!";
        open(STDERR, '>&', \*STDOUT);
        { no warnings 'exec'; exec(@command); }
        print "$command[0]: $!\n";
        POSIX::_exit(127);
    }

    my $ended = wait_for(sub { waitpid($pid, POSIX::WNOHANG()) == $pid },
                         $limit);
    my $status = $ended ? $? : 'not finished';

    if (!$ended) {
        kill('KILL', $pid);
        waitpid($pid, 0);
    }

    my $text = $self->read_log($file);

    return { $text =~ /^(\w+) (\d+)$/mg, status => $status, text => $text,
             violation => join("\n", $text =~ /^violation: (.*)/mg) };
}


# A child process must not hold connections that the test believes closed.

sub close_harness_sockets {
    for my $t (@live) {
        close($_) for grep { $_ } (map { $_->{socket} } @{$t->{clients}}),
                                  (map { $_->{control} } @{$t->{backends}});
    }
}


sub listens {
    my ($address) = @_;

    my $socket = $address =~ m{^/}
        ? IO::Socket::UNIX->new(Peer => $address)
        : IO::Socket::IP->new(PeerAddr => $address, Timeout => 1);

    return $socket ? 1 : 0;
}


sub stop_daemon {
    my ($self, $pid, $signal) = @_;

    $self->{daemons} = [ grep { $_ != $pid } @{$self->{daemons}} ];

    return if waitpid($pid, POSIX::WNOHANG()) != 0;

    kill($signal || 'TERM', $pid);

    if (!wait_for(sub { waitpid($pid, POSIX::WNOHANG()) == $pid }, 3)) {
        kill('KILL', $pid);
        waitpid($pid, 0);
    }
}


# --- the end -----------------------------------------------------------------

# done(): see the top of this file.  Calls done_testing() unless the test made a
# plan.

sub done {
    my ($self) = @_;

    $self->_finish();

    Test::More::done_testing()
        unless Test::More->builder->has_plan() || grep { !$_->{done} } @live;
}


sub _stop_all {
    my ($self) = @_;

    $self->stop();

    push @{$self->{lost}}, map { $_->id() }
                               grep { !$_->alive() } @{$self->{backends}};

    $_->stop() for @{$self->{backends}};
    $self->stop_daemon($_) for @{$self->{daemons}};
}


sub _finish {
    my ($self) = @_;

    return if $self->{done}++;

    $self->_stop_all();

    my $wrong = 0;

    for my $check ($self->final_checks()) {
        my ($name, @lines) = @$check;

        next if Test::More::ok(!@lines, $name);

        $wrong = 1;
        @lines = (@lines[0 .. 19], '...') if @lines > 20;
        Test::More::diag($_) for @lines;
    }

    if ($wrong || $ENV{TEST_NGINX_LEAVE} || $self->{died}
        || !Test::More->builder->is_passing())
    {
        Test::More::diag("see $self->{dir}");
        return;
    }

    remove_tree($self->{dir});
}


# A list of [ name, lines that should not be there ].

sub final_checks {
    my ($self) = @_;

    # the level stands after date and time; what a client sent may say "[alert]"

    my @bad = $self->grep_log(qr{^\S+ \S+ \[(?:alert|emerg|crit)\]});
    my @absent;

    for my $re (@{$self->{expected}}) {
        push @absent, "not in the error log: $re" unless $self->grep_log($re);
        @bad = grep { $_ !~ $re } @bad;
    }

    my @open = grep { /open socket .* left in connection/ } @bad;
    my @exit = grep { /exited on signal|exited with (?:fatal )?code [1-9]/ }
                    @bad,
                    $self->grep_log(qr/exited with (?:fatal )?code [1-9]/);
    @exit = grep { my $line = $_; !grep { $line =~ $_ } @{$self->{expected}} }
                 do { my %seen; grep { !$seen{$_}++ } @exit };
    @bad = grep { !/open socket .* left in|exited on signal/ } @bad;
    @bad = grep { !/aborting$/ } @bad if @open;

    return (
        [ 'nginx stopped', grep { $_ } @{$self->{stopped} || []},
                           $self->{start_failed} ? 'did not start' : () ],
        [ 'no alerts', @bad, @absent ],
        [ 'workers stayed', @exit ],
        [ 'sockets closed', @open ],
        [ 'no sanitizer report', $self->_sanitizer_reports() ],
        [ 'backends stayed', @{$self->{lost} || []} ],
    );
}


sub _sanitizer_reports {
    my ($self) = @_;

    my $re = qr/AddressSanitizer|UndefinedBehaviorSanitizer|LeakSanitizer
                |ThreadSanitizer|runtime\ error:|^\s*\#\d+\ 0x/x;
    my @lines;

    for my $file (glob("$self->{dir}/sanitizer*"),
                  map { "$self->{dir}/$_" } qw(error.log error-test.log
                                               stderr.log stdout.log))
    {
        push @lines, grep { $_ =~ $re } split /\n/, _slurp($file);
    }

    return @lines;
}


# A test that dies leaves nothing behind, and counts as failed.

END {
    if ($$ == $OWNER) {
        my $code = $?;

        for my $t (grep { !$_->{done} } @live) {
            $t->{died} = $code;
            $t->_finish();

            if ($code == 0) {
                Test::More::ok(0, 'done() was called');
                $code = 1;
            }
        }

        Test::More::done_testing()
            if @live && !Test::More->builder->has_plan()
               && !Test::More->builder->{Done_Testing}
               && Test::More->builder->current_test();

        $? = $code;
    }
}


$SIG{INT} = $SIG{TERM} = sub { exit 130 };
$SIG{PIPE} = 'IGNORE';


1;
