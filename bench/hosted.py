# bench/hosted.py: a service that nginx hosts, the one of examples/pingpong,
# beside the same service in other servers.  bench/run --hosted compares what a
# call costs, bench/run --slow how long calls take while others wait.

import argparse
import collections
import itertools
import os
import statistics
import subprocess

from rounds import (
    BACKLOG, BUILD, TOP, BenchError, Echo, Nginx, Server, check_log,
    load_command, load_result, plural, print_disturbed, print_logged,
    ratio_text, run_cell, run_round, spread, start, stop, version)

BASE = 'hosted'                         # what the ratios are to
TARGETS = ('hosted', 'old', 'tnonblocking', 'aiothrift', 'echo')

# How many times the CPU of a hosted call is theirs to be, at least.

GOALS = {'tnonblocking': 2, 'aiothrift': 10}

COMPARED = ('ping', 'add')             # methods

METHODS = {'ping': ['--expect', 'pong'], 'add': ['--sum'],
           'echo': ['--payload', '4']}

SOCKETS = {'tcp': 'TCP', 'unix': 'a unix socket'}
CONNECTIONS = 16
SLOW_CALLS = 100
SLOW_MS = 2000
SLOW_P99_US = 5000                      # what p99 of the others is to be below
TIMER_MS = 10                           # how much too early may one seem


class Cell(collections.namedtuple('Cell',
                                  'method transport socket connections')):

    def arguments(self):
        return ['--' + self.transport, '--binary',
                '--connections', str(self.connections),
                '--depth', '1'] + METHODS[self.method]

    def __str__(self):
        return '%s, %s binary, %s over %s, depth 1' % (
            self.method, self.transport,
            plural(self.connections, 'connection'), SOCKETS[self.socket])


class Hosted(Nginx):

    module = 'module'                   # and the option with its handler
    handler = 'handler'
    delay = 0                           # of add, in milliseconds

    def stream(self, options, backend):
        return '''\
    thrift_idl %s;

    server {
        listen %s backlog=%d;
%s
        thrift_service PingPong {
            thrift_handler %s delay=%d;
        }
    }
''' % (os.path.abspath(options.idl), self.address, BACKLOG,
            self.server(options),
            os.path.abspath(getattr(options, self.handler)), self.delay)


class Old(Hosted):
    """In another build of the module."""

    module = 'old'
    handler = 'old_handler'


class Slow(Hosted):

    delay = SLOW_MS


class Tnonblocking(Server):

    def command(self, options):
        return [options.tnonblocking, self.address]


class Aiothrift(Server):

    transport = 'unframed'              # as it comes

    def command(self, options):
        return [options.python,
                os.path.join(TOP, 'bench', 'aiothrift_server.py'),
                os.path.abspath(options.idl), self.transport, self.address]


class FramedAiothrift(Aiothrift):

    transport = 'framed'


class Floor(Echo):
    """Reads a call, writes a reply, and knows no more of Thrift than that."""

    def __init__(self, name, options, placement, unix):
        super().__init__(name, options, placement.proxy, unix)

    def arguments(self, cell):
        return Cell('echo', *cell[1:]).arguments()


MATRIX = [Cell(method, transport, sock, CONNECTIONS)
          for transport in ('framed', 'unframed') for sock in SOCKETS
          for method in COMPARED]

SERVICES = {
    'framed': {'hosted': Hosted, 'old': Old, 'tnonblocking': Tnonblocking,
               'aiothrift': FramedAiothrift, 'echo': Floor},
    'unframed': {'hosted': Hosted, 'old': Old, 'aiothrift': Aiothrift,
                 'echo': Floor},
}


def cell_argument(text):
    words = text.split(',')
    try:
        cell = Cell(*words[:3], *map(int, words[3:]))
        if (cell.method not in COMPARED or cell.transport not in SERVICES
                or cell.socket not in SOCKETS or cell.connections < 1):
            raise ValueError
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(
            '%r is not like ping,framed,tcp,16 (ping or add, transport, tcp '
            'or unix, connections)' % text)
    return cell


def add_options(parser):
    add = parser.add_argument

    add('--hosted-cell', type=cell_argument, action='append', metavar='CELL',
        help='method,transport,socket,connections; repeatable; default is all '
        'with %d connections' % CONNECTIONS)
    add('--handler', metavar='FILE', default=os.path.join(
        TOP, 'build', 'examples', 'pingpong.so'))
    add('--old-handler', metavar='FILE', help='the same for the module of '
        '--old, default that of --handler')
    add('--idl', metavar='FILE', default=os.path.join(
        TOP, 'examples', 'pingpong', 'pingpong.thrift'))
    add('--tnonblocking', metavar='FILE',
        default=os.path.join(BUILD, 'tnonblocking'))
    add('--python', metavar='FILE', help='which finds aiothrift',
        default=os.path.join(BUILD, 'venv', 'bin', 'python'))


def needed(options):
    """What has to be there; aiothrift need not."""

    need = []

    if 'hosted' in options.services or options.slow:
        need += [(options.nginx, 'apt-get install nginx libnginx-mod-stream'),
                 (options.module, 'make'), (options.handler, 'make examples')]

    if 'old' in options.services and not options.slow:
        need += [(options.old, 'build it'), (options.old_handler, 'build it')]

    if 'tnonblocking' in options.services and not options.slow:
        need.append((options.tnonblocking, 'make bench-servers'))

    return need


def present(options):
    """The services that can be started."""

    found = list(options.services)

    if 'aiothrift' in found and not os.path.exists(options.python):
        options.out.write('aiothrift is left out: there is no %s, which '
                          '"make bench-servers" makes if it reaches PyPI\n' %
                          options.python)
        found.remove('aiothrift')

    return found


def print_versions(options):
    """Of what is compared with."""

    code = ('import platform, importlib.metadata as m; '
            'print("aiothrift", m.version("aiothrift"), '
            '"on Python", platform.python_version())')

    found = {'thrift': version('thrift', '-version'),
             'aiothrift': version(options.python, '-c', code)}

    options.out.write(''.join('%s\n' % x for x in found.values() if x))
    return found


def run_hosted(options, placement):
    cells = []
    versions = print_versions(options)
    names = present(options)

    for transport, sock in itertools.product(SERVICES, SOCKETS):
        services = SERVICES[transport]
        chosen = {name: services[name] for name in services if name in names}
        wanted = [cell for cell in options.hosted_cell
                  if (cell.transport, cell.socket) == (transport, sock)]
        if chosen and wanted:
            cells += run_services(options, placement, chosen, wanted)

    return {'hosted': {'versions': versions, 'cells': cells}}


def run_services(options, placement, services, wanted):
    """Cells of one transport and one kind of socket."""

    cells = []
    targets = {}

    try:
        for name, service in services.items():
            targets[name] = service(name, options, placement,
                                    unix=wanted[0].socket == 'unix')

        for cell in wanted:
            totals = run_cell(options, placement, targets, None, cell,
                              options.base or BASE)
            print_cell(options, cell, totals)
            cells.append({'cell': cell._asdict(), 'targets': totals})

        for name in {'hosted', 'old'} & set(targets):
            check_log(targets[name])
            print_logged(options, targets[name])
    finally:
        for target in targets.values():
            target.stop()

    return cells


def goal_text(name, total, base):
    """Is what it costs as many times a hosted call's as was to be?"""

    if name not in GOALS or 'cpu_ratio' not in total or base != BASE:
        return ''

    met = total['cpu_ratio']['median'] >= GOALS[name]
    return 'goal %d: %s' % (GOALS[name], 'met' if met else 'NOT MET')


def print_cell(options, cell, totals):
    options.out.write('\n%s\n%s of %g s\n' % (
        cell, plural(options.rounds, 'round'), options.seconds))

    base = options.base or BASE
    row = '%-13s %9s %9s %9s %8s %6s   %-22s %s\n'
    options.out.write(row % ('', 'calls/s', 'p50 us', 'p99 us', 'CPU us',
                             'CPU', 'CPU us', ''))
    options.out.write(row % ('', '', '', '', '/call', 'busy', '/ ' + base, ''))

    for name, total in totals.items():
        options.out.write((row % (
            name + (' *' if name == 'echo' else ''), '%.0f' % total['rate'],
            '%.0f' % total['p50_us'], '%.0f' % total['p99_us'],
            '%.2f' % total['cpu_us_per_call'],
            '%.0f%%' % (100 * total['cpu_busy']),
            ratio_text(total, 'cpu_ratio'),
            goal_text(name, total, base))).rstrip() + '\n')

    if 'echo' in totals:
        options.out.write('* reads calls and writes replies of that size: '
                          'what the kernel takes\n')

    print_disturbed(options, totals)
    options.out.flush()


# The latency of ping, alone and while calls of add wait.

def start_slow_calls(options, placement, target):
    cell = Cell('add', 'framed', 'tcp', SLOW_CALLS)

    return start(load_command(options, target, cell, [
                     '--seconds', '3600',
                     '--timeout', str(3 * SLOW_MS / 1000)]),
                 placement.load, stdin=subprocess.DEVNULL,
                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish_slow_calls(target, process, seconds):
    """All of them must have waited, and as long as ping was measured."""

    process.terminate()
    output, _ = process.communicate()
    result = load_result(target, 'slow calls', process.returncode, output)

    if float(result['seconds']) < seconds:
        raise BenchError('the slow calls began after the others')

    if (int(result['calls']) < SLOW_CALLS
            or float(result['p50_us']) < (SLOW_MS - TIMER_MS) * 1000):
        raise BenchError('%s slow calls of %s us: they did not wait' % (
            result['calls'], result['p50_us']))

    return {name: float(result[name]) for name in ('calls', 'p50_us',
                                                   'p99_us', 'max_us')}


def measure_beside(options, placement, target, cell, seconds):
    process = start_slow_calls(options, placement, target)

    try:
        found = run_round(options, placement, target, None, cell, seconds)
        found['slow'] = finish_slow_calls(target, process, found['seconds'])
    finally:
        stop(process)

    return found


def run_slow(options, placement):
    """A round is long enough for each slow call to be answered in it."""

    alone, beside = [], []
    cell = Cell('ping', 'framed', 'tcp', CONNECTIONS)
    seconds = max(options.seconds, 2.5 * SLOW_MS / 1000)
    target = Slow('slow', options, placement)

    try:
        for i in range(options.rounds):
            alone.append(run_round(options, placement, target, None, cell,
                                   seconds))
            beside.append(measure_beside(options, placement, target, cell,
                                         seconds))

        check_log(target)
        print_slow(options, cell, alone, beside)
        print_logged(options, target)
    finally:
        target.stop()

    return {'slow': {'alone': alone, 'beside': beside}}


def print_slow(options, cell, alone, beside):
    options.out.write('\n%s, on one worker, alone and beside %d calls of add '
                      'that wait %g s each\n%s of %.3g s\n' % (
                          cell, SLOW_CALLS, SLOW_MS / 1000,
                          plural(len(alone), 'round'), alone[0]['seconds']))

    row = '%-13s %9s %9s %-24s %9s %9s\n'
    options.out.write(row % ('', 'calls/s', 'p50 us', '  p99 us', 'p99.9 us',
                             'max us'))

    for name, rounds in (('alone', alone), ('beside', beside)):
        options.out.write(row % ((name,) + tuple(
            latency(rounds, key) for key in (
                'rate', 'p50_us', 'p99_us', 'p999_us', 'max_us'))))

    p99 = statistics.median(x['p99_us'] for x in beside)
    options.out.write('goal p99 below %g ms: %s\n' % (
        SLOW_P99_US / 1000, 'met' if p99 < SLOW_P99_US else 'NOT MET'))

    print_disturbed(options, {'the worker': {'compared': True,
                                             'rounds': alone + beside}})
    options.out.flush()


def latency(rounds, key):
    """The median of the rounds; of p99 the range, too; the maximum of all."""

    values = spread([x[key] for x in rounds])

    if key == 'max_us':
        return '%.0f' % values['max']

    if key == 'p99_us':
        return '  %.0f (%.0f..%.0f)' % (values['median'], values['min'],
                                        values['max'])

    return '%.0f' % values['median']
