# bench/memory.py: what idle clients cost a proxy.  bench/run --memory measures
# with it.

import os
import subprocess
import time

from proxies import PROXIES, Direct
from rounds import (
    check_log, load_command, load_result, read, start, stop)

# Clients are idle when they have been so for a while.

IDLE_SECONDS = 3


def memory(pid):
    """Kilobytes of a process, or of that of a thread, and its open files."""

    found = {'files': len(os.listdir('/proc/%d/fd' % pid))}

    for line in read('/proc/%d/smaps_rollup' % pid).splitlines():
        name, _, value = line.partition(':')
        if name in ('Rss', 'Pss', 'Private_Dirty'):
            found[name] = int(value.split()[0])

    return found


def warm_memory(options, placement, proxy):
    """What is allocated once, at the first calls, is not a client's."""

    cell = options.cell[0]._replace(connections=1, depth=1)
    process = start(load_command(options, proxy, cell, ['--calls', '200']),
                    placement.load, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate()
    finally:
        stop(process)

    load_result(proxy, cell, process.returncode, output)
    time.sleep(0.3)


def measure_memory(options, placement, proxy, burst):
    cell = options.cell[0]._replace(connections=options.clients, depth=1)
    warm_memory(options, placement, proxy)
    before = memory(proxy.workers[0])

    process = start(load_command(options, proxy, cell,
                                 ['--idle', str(options.clients),
                                  '--burst', str(burst)]),
                    placement.load, stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output = process.stdout.readline()
        while output and not output.splitlines()[-1].startswith('READY'):
            line = process.stdout.readline()
            if not line:
                break
            output += line

        time.sleep(IDLE_SECONDS)
        after = memory(proxy.workers[0])
        process.stdin.close()
        output += process.stdout.read()
        process.wait()
    finally:
        stop(process)

    load_result(proxy, cell, process.returncode, output)
    check_log(proxy)

    return {'before': before, 'after': after,
            'growth': {key: after[key] - before[key] for key in before}}


def run_memory(options, placement):
    """A fresh proxy for each measurement: freed memory hides growth."""

    found = []
    row = '%-11s %-12s %8s %8s %14s %14s %8s\n'
    options.out.write('\n%d idle clients, each made one call before (%s %s, '
                      '%d bytes): growth of the worker\n' % (
                          (options.clients,) + options.cell[0][:3]))
    options.out.write(row % ('', 'called', 'RSS MB', 'Pss MB',
                             'Priv.Dirty MB', 'bytes/client', 'files'))

    backend = Direct('direct', options, placement.echo)
    try:
        for name in options.proxies:
            for how, burst in (('one by one', 1),
                               ('all at once', options.clients)):
                proxy = PROXIES[name](name, options, placement, backend)
                try:
                    result = measure_memory(options, placement, proxy, burst)
                finally:
                    proxy.stop()

                found.append(dict(result, target=name, burst=burst))
                print_memory(options, row, name, how, result['growth'])
    finally:
        backend.stop()

    return {'clients': options.clients, 'memory': found}


def print_memory(options, row, name, how, growth):
    options.out.write(row % (
        name, how, '%.2f' % (growth['Rss'] / 1024),
        '%.2f' % (growth['Pss'] / 1024),
        '%.2f' % (growth['Private_Dirty'] / 1024),
        '%d' % (growth['Private_Dirty'] * 1024 / options.clients),
        '%d' % growth['files']))
    options.out.flush()
