# bench/rounds.py: what all comparisons have in common: processes on chosen
# CPUs, something to call, rounds of the load generator, and numbers of several
# rounds.  bench/run and bench/hosted.py compare with it.
#
# A cell says how the load generator calls: arguments() are its options, and
# str() is for people.

import ctypes
import glob
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TOP, 'build', 'bench')
PORTS = range(20000, 32000)             # below the kernel's own choices
BACKLOG = 4096
START_SECONDS = 10
STOP_SECONDS = 5
PR_SET_PDEATHSIG = 1
DISTURBED = 0.05                        # part of a round, see print_disturbed
TICKS = os.sysconf('SC_CLK_TCK')


class BenchError(Exception):
    pass


class Placement:
    """Which CPU the load generator, the backend and the proxies run on."""

    def __init__(self, pin):
        cpus = sorted(os.sched_getaffinity(0))
        self.pinned = pin and len(cpus) >= 2
        self.all = set(cpus)
        self.proxy = {cpus[-1]} if self.pinned else self.all
        self.load = {cpus[0]} if self.pinned else self.all
        self.echo = self.load

        if self.pinned and len(cpus) > 2:
            self.echo = set(cpus[1:-1])

    def __str__(self):
        if not self.pinned:
            return 'not pinned'

        def names(cpus):
            return ','.join(map(str, sorted(cpus)))

        return ('proxy or service on CPU %s, load generator on %s, backend '
                'on %s') % (
            names(self.proxy), names(self.load), names(self.echo))


def start(args, cpus, **kwargs):
    """Start a process on these CPUs; it is told to end should we die."""

    parent = os.getpid()
    libc = ctypes.CDLL(None)

    def prepare():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)
        os.sched_setaffinity(0, cpus)

    return subprocess.Popen(args, preexec_fn=prepare, start_new_session=True,
                            text=True, **kwargs)


def stop(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_address():
    for port in random.sample(PORTS, 100):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(('127.0.0.1', port))
            except OSError:
                continue
            return '127.0.0.1:%d' % port

    raise BenchError('no free port')


def write(path, text):
    with open(path, 'w') as f:
        f.write(text)


def read(path):
    with open(path) as f:
        return f.read()


def version(path, *args):
    try:
        done = subprocess.run([path, *args], capture_output=True, text=True)
    except OSError:
        return None
    return (done.stdout + done.stderr).strip().splitlines()[0]


def children(pid):
    """Processes whose parent is pid."""

    found = []

    for path in glob.glob('/proc/[0-9]*/stat'):
        try:
            fields = read(path).rsplit(')', 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(path.split('/')[2]))

    return found


def threads(pid, name):
    """Those of a process whose names begin so."""

    found = []

    for path in glob.glob('/proc/%d/task/[0-9]*/comm' % pid):
        if read(path).startswith(name):
            found.append(int(path.split('/')[4]))

    return sorted(found)


def knows(path, directive):
    """Has the module in this file a directive of that name?"""

    with open(path, 'rb') as f:
        return directive.encode() + b'\0' in f.read()


def plural(n, noun, end='s'):
    return '%d %s%s' % (n, noun, end if n != 1 else '')


def connect(address):
    """To host:port or unix:path."""

    family, _, rest = address.partition(':')

    if family == 'unix':
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(rest)
    else:
        socket.create_connection((family, int(rest)), 1).close()


class Target:
    """Something to call: it has an address, and a process whose CPU counts."""

    compared = True                     # it gets ratios

    def __init__(self, name):
        self.name = name
        self.process = None
        self.workers = []               # processes, or threads of one
        self.address = None
        self.prefix = os.path.join(BUILD, 'run', name)
        shutil.rmtree(self.prefix, ignore_errors=True)
        os.makedirs(self.prefix)

    def choose_address(self, unix=False):
        """A free port; or a socket, its path short as the kernel wants it."""

        return ('unix:' + os.path.relpath(os.path.join(self.prefix, 'socket'))
                if unix else free_address())

    def lacks(self, cell):
        """Why it can't be called so; None: it can."""

    def log(self):
        path = os.path.join(self.prefix, 'error.log')
        return read(path) if os.path.exists(path) else ''

    def arguments(self, cell):
        return cell.arguments()

    def wait(self):
        """Wait until somebody listens."""

        end = time.monotonic() + START_SECONDS

        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                connect(self.address)
                return
            except OSError:
                time.sleep(0.02)

        raise BenchError('%s does not start:\n%s' % (self.name, self.log()))

    def stop(self):
        if self.process is not None:
            stop(self.process)


class Echo(Target):
    """The backend of the proxies."""

    def __init__(self, name, options, cpus, unix=False):
        super().__init__(name)
        address = self.choose_address(unix)
        self.count = os.path.join(self.prefix, 'accepted')
        with open(os.path.join(self.prefix, 'error.log'), 'w') as log:
            self.process = start(
                [options.echo, address, '--count', self.count,
                 '--processes', str(1 if unix else options.echo_processes)],
                cpus, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log)

        line = self.process.stdout.readline()
        if line != 'listening on %s\n' % address:
            raise BenchError('the backend does not start:\n' + self.log())

        self.address = address
        self.workers = [self.process.pid]

    def accepted(self):
        """How many connections it has accepted."""

        with open(self.count, 'rb') as f:
            return int.from_bytes(f.read(), sys.byteorder)


class Server(Target):
    """A process at an address that was chosen for it."""

    conf_name = 'server.conf'

    def __init__(self, name, options, placement, backend=None, unix=False):
        super().__init__(name)
        self.nworkers = options.workers
        self.address = self.choose_address(unix)
        self.conf = os.path.join(self.prefix, self.conf_name)
        write(self.conf, self.configure(options, backend))

        with open(os.path.join(self.prefix, 'error.log'), 'a') as log:
            self.process = start(
                self.command(options), placement.proxy,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        try:
            self.wait()
        except BaseException:
            self.stop()
            raise

    def configure(self, options, backend):
        """The text of self.conf."""

        return ''

    def wait(self):
        super().wait()
        self.workers = [self.process.pid]


class Nginx(Server):

    module = None                       # the option that has its file

    def command(self, options):
        return [options.nginx, '-p', self.prefix + '/', '-c', self.conf,
                '-e', os.path.join(self.prefix, 'error.log')]

    def configure(self, options, backend):
        load = ''.join('load_module %s;\n' % path
                       for path in self.modules(options))
        return '''\
%s
daemon off;
worker_processes %d;
worker_rlimit_nofile %d;
pid nginx.pid;
error_log error.log error;

events {
    worker_connections %d;
}

stream {
%s}
''' % (load, options.workers, options.files, options.files,
            self.stream(options, backend))

    def modules(self, options):
        """Debian's nginx has stream as a module; others have it inside."""

        path = options.stream_module
        found = [path] if os.path.exists(path) else []

        if self.module:
            found.append(self.module_path(options))

        return found

    def module_path(self, options):
        return os.path.abspath(getattr(options, self.module))

    def server(self, options):
        """More directives for the server."""

        return ''.join('        %s\n' % text for name, text
                       in options.directives if name == self.name)

    def wait(self):
        super().wait()

        # The master listens before there is a worker.

        end = time.monotonic() + START_SECONDS
        workers = children(self.process.pid)

        while len(workers) < self.nworkers and time.monotonic() < end:
            time.sleep(0.02)
            workers = children(self.process.pid)

        if len(workers) != self.nworkers:
            raise BenchError('%s has %d workers:\n%s' % (
                self.name, len(workers), tail(self.log())))

        self.workers = workers


def check_log(target):
    """What the proxy logged above 'error' means that the run is void."""

    for line in target.log().splitlines():
        if any(level in line for level in ('[emerg]', '[alert]', '[crit]')):
            raise BenchError('%s logged: %s' % (target.name, line))


def print_logged(options, target):
    """Every reply was right, and yet a proxy logged errors: say so."""

    lines = [line for line in target.log().splitlines()
             if '[notice]' not in line]
    if lines:
        options.out.write('! %s logged %d lines, the first: %s\n' % (
            target.name, len(lines), lines[0]))


def load_command(options, target, cell, more):
    return ([options.load_generator, target.address]
            + target.arguments(cell) + more)


def load_result(target, cell, code, output):
    """The RESULT line as a dictionary; an error if anything went wrong."""

    lines = [x for x in output.splitlines() if x.startswith('RESULT ')]

    if code != 0 or not lines:
        raise BenchError('%s, %s: the load generator ended with code %s:\n'
                         '%s\n%s' % (target.name, cell, code,
                                     output.strip(), tail(target.log())))

    result = dict(word.split('=') for word in lines[0].split()[1:])

    for name in ('cpu_ns', 'cpu_wait_ns', 'cpu_ticks'):
        result[name] = [int(x) for x in result.get(name, '-1').split(',')]

    return result


def tail(text):
    return '\n'.join(text.splitlines()[-10:])


def run_round(options, placement, target, backend, cell, seconds=None,
              warmup=None, more=()):
    """The backend's CPU time is noted too, if there is one."""

    if warmup is None:
        warmup = options.warmup

    more = ['--seconds', str(seconds or options.seconds),
            '--warmup', str(warmup), *cpu_arguments(target), *more]

    if backend not in (None, target) and options.echo_processes == 1:
        more += cpu_arguments(backend)

    process = start(load_command(options, target, cell, more),
                    placement.load, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate()
    finally:
        stop(process)

    result = load_result(target, cell, process.returncode, output)

    if int(result['answered']) == 0:
        raise BenchError('%s, %s: no call was answered in time\n%s' % (
            target.name, cell, output.strip()))

    return summarize(result, len(target.workers))


def cpu_arguments(target):
    return [x for pid in target.workers for x in ('--cpu', str(pid))]


def summarize(result, workers):
    """
    One round: numbers, CPU time in ns of all workers, from the finer of two
    sources.
    """

    ns = sum(result['cpu_ns'][:workers])
    ticks = sum(result['cpu_ticks'][:workers])
    calls = int(result['answered'])

    if ns <= 0:
        if ticks < 0:
            raise BenchError('cannot read the CPU time of a process')
        ns = ticks * 1000000000 // TICKS

    seconds = float(result['seconds'])
    backend = sum(result['cpu_ns'][workers:])

    return {
        'calls': calls,
        'seconds': seconds,
        'rate': float(result['rate']),
        'p50_us': float(result['p50_us']),
        'p99_us': float(result['p99_us']),
        'p999_us': float(result['p999_us']),
        'max_us': float(result['max_us']),
        'late_p99_us': float(result['late_p99_us']),
        'cpu_ns': ns,
        'cpu_ticks': ticks,
        'cpu_us_per_call': ns / 1000 / calls,
        'cpu_busy': ns / 1e9 / seconds,
        'cpu_waited': max(sum(result['cpu_wait_ns'][:workers]), 0) / 1e9 / seconds,
        'load_busy': int(result['self_ns']) / 1e9 / seconds,
        'backend_busy': backend / 1e9 / seconds if backend else None,
    }


def spread(values):
    return {'median': statistics.median(values),
            'min': min(values), 'max': max(values)}


def collect(mine, base):
    """All rounds of a target in a cell; ratios are made round by round."""

    def median(key):
        return statistics.median(x[key] for x in mine)

    total = {key: median(key) for key in
             ('rate', 'p50_us', 'p99_us', 'p999_us', 'cpu_busy', 'load_busy',
              'cpu_waited')}

    total['calls'] = sum(x['calls'] for x in mine)
    total['cpu_us_per_call'] = (sum(x['cpu_ns'] for x in mine) / 1000
                                / total['calls'])
    total['cpu_ticks'] = [x['cpu_ticks'] for x in mine]

    if base:
        for ratio, key in (('cpu_ratio', 'cpu_us_per_call'),
                           ('rate_ratio', 'rate')):
            total[ratio] = spread([x[key] / y[key]
                                   for x, y in zip(mine, base)])

    total['rounds'] = mine
    return total


def ratio_text(total, key):
    if key not in total:
        return '-'
    return '%.2f (%.2f..%.2f)' % (total[key]['median'], total[key]['min'],
                                  total[key]['max'])


def print_disturbed(options, totals):
    """Who else used the proxies' CPU?  Without pinning, that is normal."""

    for name, total in totals.items():
        waited = max(x['cpu_waited'] for x in total['rounds'])
        if total['compared'] and options.pin and waited > DISTURBED:
            options.out.write('! %s waited for its CPU up to %.0f%% of a '
                              'round: something else runs there\n' %
                              (name, 100 * waited))


def turns(names, rounds):
    """All names, so many times, in another order each time."""

    names = list(names)

    for i in range(rounds):
        turn = i % len(names)
        yield from names[turn:] + names[:turn]


def run_cell(options, placement, targets, backend, cell, base):
    """Calls all targets in turns; ratios are to the one that base names."""

    targets = {name: target for name, target in targets.items()
               if not target.lacks(cell)}
    rounds = {name: [] for name in targets}

    for name in turns(targets, options.rounds):
        rounds[name].append(run_round(options, placement, targets[name],
                                      backend, cell))

    totals = {}

    for name, target in targets.items():
        totals[name] = collect(rounds[name], rounds.get(base)
                               if target.compared else None)
        totals[name]['compared'] = target.compared

    return totals
