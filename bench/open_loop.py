# bench/open_loop.py: calls that come at a rate of their own, whatever becomes
# of those before.  bench/run --open compares what clients see of proxy_pass
# and of this module at a part of the load that proxy_pass can bear, or at the
# rate of many clients that call seldom.
#
# Each proxy has a backend of its own: connections that one has left behind
# are not in the way of another's, and the backend counts what a proxy opens.

import statistics
import time

from proxies import PROXIES, Cell, Direct
from rounds import (
    BenchError, check_log, collect, plural, print_disturbed, print_logged,
    ratio_text, run_round, spread, start, stop, turns)

BASE = 'proxy_pass'                     # whose load it is; and of the ratios
TARGETS = ('proxy_pass', 'thrift', 'old')
CELL = Cell('framed', 'binary', 64, 1000, 1)
LOAD = 70                               # percent of what BASE can do
SECONDS = 5                             # of a round
WARMUP = 1                              # likewise
TIMEOUT = 60                            # a collapse is to be seen to its end
SETTLE = 0.3                            # before the first call to a new proxy
GOALS = {'thrift': 1.5, 'schema': 1.5}  # times BASE's p50 and p99, at most
MANY = 10000                            # clients that call seldom:
GOAL_OF_MANY = 1.2                      # instead,
OPENED = 1                              # and percent of calls that connect
LATE = 0.5                              # part of p99, see print_late

WARM, AT_ONCE = 'warmed up', 'the load begins at once'


class Way:
    """A proxy and its backend."""

    def __init__(self, name, options, placement):
        self.backend = Direct('backend-' + name, options, placement.echo)
        self.proxy = None
        try:
            self.proxy = PROXIES[name](name, options, placement, self.backend)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        if self.proxy is not None:
            self.proxy.stop()
        self.backend.stop()


def closed_round(options, placement, way, cell):
    return run_round(options, placement, way.proxy, way.backend, cell)


def open_round(options, placement, way, cell, rate, warmup):
    before = way.backend.accepted()

    found = run_round(options, placement, way.proxy, way.backend, cell,
                      warmup=warmup, more=['--rate', str(rate),
                                           '--timeout', str(TIMEOUT)])

    found['opened'] = way.backend.accepted() - before
    check_log(way.proxy)

    return found


def measure_capacity(options, placement, cell):
    """Calls/s of BASE when each client calls as soon as it is answered."""

    way = Way(BASE, options, placement)
    try:
        rounds = [closed_round(options, placement, way, cell)
                  for i in range(options.rounds)]
    finally:
        way.stop()

    return statistics.median(x['rate'] for x in rounds)


def run_warm(options, placement, cell, rate):
    """All proxies stay, and have what they keep from round to round."""

    rounds = {name: [] for name in options.proxies}
    ways = {}

    try:
        for name in rounds:
            ways[name] = Way(name, options, placement)

        for name in turns(rounds, options.rounds):
            rounds[name].append(open_round(options, placement, ways[name],
                                           cell, rate, options.warmup))

        for way in ways.values():
            print_logged(options, way.proxy)
    finally:
        for way in ways.values():
            way.stop()

    return rounds


def run_at_once(options, placement, cell, rate):
    """Each round meets a proxy that was not called before."""

    rounds = {name: [] for name in options.proxies}

    for name in turns(rounds, options.rounds):
        way = Way(name, options, placement)
        try:
            time.sleep(SETTLE)
            rounds[name].append(open_round(options, placement, way, cell,
                                           rate, 0))
            print_logged(options, way.proxy)
        finally:
            way.stop()

    return rounds


def total_of(mine, base):
    """As of any comparison; and latencies and connections."""

    total = collect(mine, base)
    total['compared'] = True
    total['opened'] = statistics.median(x['opened'] for x in mine)
    total['round_calls'] = statistics.median(x['calls'] for x in mine)
    total['late_p99_us'] = statistics.median(x['late_p99_us'] for x in mine)

    if base:
        for key in ('p50', 'p99'):
            total[key + '_ratio'] = spread([x[key + '_us'] / y[key + '_us']
                                            for x, y in zip(mine, base)])

    return total


def run_open(options, placement):
    busy = [start(['sh', '-c', 'while :; do :; done'], placement.all)
            for i in range(options.busy)]
    try:
        return compare_open(options, placement)
    finally:
        for process in busy:
            stop(process)


def compare_open(options, placement):
    found = []

    for cell in options.cell:
        rate = options.rate or int(measure_capacity(options, placement, cell)
                                   * options.load / 100)
        if rate < 1:
            raise BenchError('%s answers too few calls' % BASE)

        for how, run in ((WARM, run_warm), (AT_ONCE, run_at_once)):
            rounds = run(options, placement, cell, rate)
            totals = {name: total_of(mine, rounds.get(options.base or BASE))
                      for name, mine in rounds.items()}
            print_open(options, cell, rate, how, totals)
            found.append({'cell': cell._asdict(), 'rate': rate, 'how': how,
                          'targets': totals})

    return {'open': found}


def opened_percent(total):
    return 100 * total['opened'] / total['round_calls']


def goal_text(name, total, base, cell, how):
    """Are p50 and p99 as low as they were to be?"""

    if name not in GOALS or 'p99_ratio' not in total or base != BASE:
        return ''

    many = cell.connections >= MANY
    goal = GOAL_OF_MANY if many else GOALS[name]

    met = (max(total[key]['median'] for key in ('p50_ratio', 'p99_ratio'))
           <= goal)

    if many and how == WARM:
        met = met and opened_percent(total) < OPENED

    return 'goal %g: %s' % (goal, 'met' if met else 'NOT MET')


def print_open(options, cell, rate, how, totals):
    options.out.write('\n%s\n%d calls/s%s, %s; %s of %g s%s\n' % (
        cell, rate, '' if options.rate else ' (%g %% of what %s can do)' % (
            options.load, BASE),
        how, plural(options.rounds, 'round'), options.seconds,
        '; beside %s' % plural(options.busy, 'busy process', 'es')
        if options.busy else ''))

    base = options.base or BASE
    row = '%-11s %8s %8s %8s %8s %6s %5s   %-19s %-19s %-18s %s\n'
    options.out.write(row % ('', 'calls/s', 'p50 us', 'p99 us', 'opened',
                             'per', 'CPU', 'p50', 'p99', 'calls/s', ''))
    options.out.write(row % (('', '', '', '', '', 'call', 'busy')
                             + 3 * ('/ ' + base,) + ('',)))

    for name, total in totals.items():
        options.out.write((row % (
            name, '%.0f' % total['rate'], '%.0f' % total['p50_us'],
            '%.0f' % total['p99_us'], '%.0f' % total['opened'],
            '%.1f%%' % opened_percent(total), '%.0f%%' % (100 * total['cpu_busy']),
            ratio_text(total, 'p50_ratio'), ratio_text(total, 'p99_ratio'),
            ratio_text(total, 'rate_ratio'),
            goal_text(name, total, base, cell, how))).rstrip() + '\n')

    print_late(options, totals)
    print_disturbed(options, totals)
    options.out.flush()


def print_late(options, totals):
    """How late the load generator was is a part of each latency."""

    for name, total in totals.items():
        if total['late_p99_us'] > LATE * total['p99_us']:
            options.out.write('! 1 %% of the calls to %s were written %.0f us '
                              'late or later: p99 is the load generator\'s\n'
                              % (name, total['late_p99_us']))
