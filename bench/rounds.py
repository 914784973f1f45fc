# bench/rounds.py: what all comparisons have in common: processes on chosen
# CPUs, something to call, rounds of the load generator, and numbers of several
# rounds.  bench/run puts it together.

import collections
import ctypes
import glob
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TOP, 'build', 'bench')
BASE = 'proxy_pass'                     # what the ratios are to

PORTS = range(20000, 32000)             # below the kernel's own choices
BACKLOG = 4096
START_SECONDS = 10
STOP_SECONDS = 5
PR_SET_PDEATHSIG = 1
DISTURBED = 0.05                        # part of a round, see print_disturbed
TICKS = os.sysconf('SC_CLK_TCK')

Cell = collections.namedtuple(
    'Cell', 'transport protocol payload connections depth')


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

        return 'proxy on CPU %s, load generator on %s, backend on %s' % (
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


def free_port():
    for port in random.sample(PORTS, 100):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(('127.0.0.1', port))
            except OSError:
                continue
            return port

    raise BenchError('no free port')


def write(path, text):
    with open(path, 'w') as f:
        f.write(text)


def read(path):
    with open(path) as f:
        return f.read()


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


class Target:
    """Something to call: it has a port, and a process whose CPU counts."""

    def __init__(self, name):
        self.name = name
        self.process = None
        self.worker = None
        self.port = None
        self.prefix = os.path.join(BUILD, name)
        shutil.rmtree(self.prefix, ignore_errors=True)
        os.makedirs(self.prefix)

    def log(self):
        path = os.path.join(self.prefix, 'error.log')
        return read(path) if os.path.exists(path) else ''

    def wait(self):
        """Wait until the port answers."""

        end = time.monotonic() + START_SECONDS

        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)

        raise BenchError('%s does not start:\n%s' % (self.name, self.log()))

    def stop(self):
        if self.process is not None:
            stop(self.process)


class Echo(Target):

    def __init__(self, options, placement):
        super().__init__('direct')
        with open(os.path.join(self.prefix, 'error.log'), 'w') as log:
            self.process = start(
                [options.echo, '127.0.0.1:0',
                 '--processes', str(options.echo_processes)],
                placement.echo, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log)

        line = self.process.stdout.readline()
        if not line.startswith('listening on '):
            raise BenchError('the backend does not start:\n' + self.log())

        self.port = int(line.rsplit(':', 1)[1])
        self.worker = self.process.pid


def check_log(target):
    """What the proxy logged above 'error' means that the run is void."""

    for line in target.log().splitlines():
        if any(level in line for level in ('[emerg]', '[alert]', '[crit]')):
            raise BenchError('%s logged: %s' % (target.name, line))


def print_logged(options, target):
    """Every reply was right, and yet a proxy logged errors: say so."""

    lines = target.log().splitlines()
    if lines:
        options.out.write('! %s logged %d lines, the first: %s\n' % (
            target.name, len(lines), lines[0]))


def load_command(options, target, cell, more):
    return [options.load, '127.0.0.1:%d' % target.port,
            '--' + cell.transport, '--' + cell.protocol,
            '--payload', str(cell.payload),
            '--connections', str(cell.connections),
            '--depth', str(cell.depth)] + more


def load_result(target, cell, code, output):
    """The RESULT line as a dictionary; an error if anything went wrong."""

    lines = [x for x in output.splitlines() if x.startswith('RESULT ')]

    if code != 0 or not lines:
        raise BenchError('%s, %s: the load generator ended with code %s:\n'
                         '%s\n%s' % (target.name, cell_name(cell), code,
                                     output.strip(), tail(target.log())))

    result = dict(word.split('=') for word in lines[0].split()[1:])

    for name in ('cpu_ns', 'cpu_wait_ns', 'cpu_ticks'):
        result[name] = [int(x) for x in result.get(name, '-1').split(',')]

    return result


def tail(text):
    return '\n'.join(text.splitlines()[-10:])


def run_round(options, placement, target, backend, cell):
    more = ['--seconds', str(options.seconds),
            '--warmup', str(options.warmup), '--cpu', str(target.worker)]

    if target is not backend and options.echo_processes == 1:
        more += ['--cpu', str(backend.worker)]

    process = start(load_command(options, target, cell, more),
                    placement.load, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate()
    finally:
        stop(process)

    result = load_result(target, cell, process.returncode, output)

    if int(result['calls']) == 0:
        raise BenchError('%s, %s: no call was answered in %g s\n%s' % (
            target.name, cell_name(cell), options.seconds, output.strip()))

    return summarize(result)


def summarize(result):
    """One round: numbers, CPU time in ns from the finer of two sources."""

    ns = result['cpu_ns'][0]
    ticks = result['cpu_ticks'][0]
    calls = int(result['calls'])

    if ns <= 0:
        if ticks < 0:
            raise BenchError('cannot read the CPU time of a process')
        ns = ticks * 1000000000 // TICKS

    seconds = float(result['seconds'])
    backend = result['cpu_ns'][1] if len(result['cpu_ns']) > 1 else None

    return {
        'calls': calls,
        'seconds': seconds,
        'rate': float(result['rate']),
        'p50_us': float(result['p50_us']),
        'p99_us': float(result['p99_us']),
        'p999_us': float(result['p999_us']),
        'max_us': float(result['max_us']),
        'cpu_ns': ns,
        'cpu_ticks': ticks,
        'cpu_us_per_call': ns / 1000 / calls,
        'cpu_busy': ns / 1e9 / seconds,
        'cpu_waited': max(result['cpu_wait_ns'][0], 0) / 1e9 / seconds,
        'load_busy': int(result['self_ns']) / 1e9 / seconds,
        'backend_busy': backend / 1e9 / seconds if backend else None,
    }


def spread(values):
    return {'median': statistics.median(values),
            'min': min(values), 'max': max(values)}


def collect(name, rounds):
    """All rounds of a target in a cell; ratios are made round by round."""

    mine = rounds[name]

    def median(key):
        return statistics.median(x[key] for x in mine)

    total = {key: median(key) for key in
             ('rate', 'p50_us', 'p99_us', 'p999_us', 'cpu_busy', 'load_busy',
              'cpu_waited')}

    total['calls'] = sum(x['calls'] for x in mine)
    total['cpu_us_per_call'] = (sum(x['cpu_ns'] for x in mine) / 1000
                                / total['calls'])
    total['cpu_ticks'] = [x['cpu_ticks'] for x in mine]

    if BASE in rounds and name != 'direct':
        base = rounds[BASE]
        for ratio, key in (('cpu_ratio', 'cpu_us_per_call'),
                           ('rate_ratio', 'rate')):
            total[ratio] = spread([x[key] / y[key]
                                   for x, y in zip(mine, base)])

    total['rounds'] = mine
    return total


def cell_name(cell):
    return '%s %s, %d bytes, %d connection%s, depth %d' % (
        cell.transport, cell.protocol, cell.payload, cell.connections,
        's' if cell.connections != 1 else '', cell.depth)


def ratio_text(total, key):
    if key not in total:
        return '-'
    return '%.2f (%.2f..%.2f)' % (total[key]['median'], total[key]['min'],
                                  total[key]['max'])


def print_disturbed(options, totals):
    """Who else used the proxies' CPU?  Without pinning, that is normal."""

    for name, total in totals.items():
        waited = max(x['cpu_waited'] for x in total['rounds'])
        if name != 'direct' and options.pin and waited > DISTURBED:
            options.out.write('! %s waited for its CPU up to %.0f%% of a '
                              'round: something else runs there\n' %
                              (name, 100 * waited))


def run_cell(options, placement, targets, backend, cell):
    rounds = {name: [] for name in targets}
    names = list(targets)

    for i in range(options.rounds):
        turn = i % len(names)
        for name in names[turn:] + names[:turn]:
            rounds[name].append(run_round(options, placement, targets[name],
                                          backend, cell))

    return {name: collect(name, rounds) for name in names}
