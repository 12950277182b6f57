#!/usr/bin/python3
"""Says from observer.py's file whether a failed host was really dead while its servers were started elsewhere.

judge.py FILE --host compute-1

The window goes from the first evacuate call (its begin, by nova-api's log; else the migration's created_at, which
is up to 1 s early) to the observer's first sight of the end of the last move. Red when
  - anything of the host lived at any moment of the window
  - one server has two moves that succeeded
  - a move has not ended
  - the observer cannot vouch for it: no samples, no moves, the host never seen alive before, more than 1 s between
    two samples or 10 s between two looks at Nova in the window, or the wall clock was stepped
Prints one line; exit 0 green, 1 red, 2 usage.
"""
import argparse
import calendar
import json
import sys
import time

SUCCEEDED, FAILED = ('done', 'completed'), ('error', 'failed', 'cancelled')
# A look that comes late hides nothing: Nova keeps its records, and a move counts as under way until its end is seen.
SAMPLE_GAP, LOOK_GAP, CLOCK_STEP = 1.0, 10.0, 0.2


class Red(Exception):
    """Why the verdict is red."""


def load(path):
    by_kind = {'start': [], 'sample': [], 'migrations': [], 'request': []}
    with open(path) as file:
        for line in file:
            try:
                record = json.loads(line)
            except ValueError:
                continue  # the last line of an observer that was killed
            by_kind.setdefault(record['kind'], []).append(record)
    return by_kind


class Move:
    """One evacuation migration, as the observer saw it over time."""

    def __init__(self, migration):
        self.server, self.created = migration['instance_uuid'], epoch(migration['created_at'])
        self.status, self.ended = None, None

    def see(self, migration, wall):
        self.status = migration['status']
        if self.ended is None and self.status in SUCCEEDED + FAILED:
            self.ended = wall


def epoch(text):
    return calendar.timegm(time.strptime(text[:19], '%Y-%m-%dT%H:%M:%S'))


def moves_of(host, looks):
    """The host's moves that began while the observer watched; what the first look shows is older."""
    lists = [look for look in looks if 'migrations' in look]
    if not lists:
        raise Red('the observer never saw a list of migrations')
    older = {m['id'] for m in lists[0]['migrations']}
    moves = {}
    for look in lists[1:]:
        for migration in look['migrations']:
            if migration['source_compute'] == host and migration['id'] not in older:
                moves.setdefault(migration['id'], Move(migration)).see(migration, look['wall'])
    if not moves:
        raise Red('the observer saw no evacuation of %s' % host)
    return list(moves.values())


def first_call(moves, requests):
    """Begin of the first evacuate call; a move without a call in the log counts from its created_at."""
    begins = []
    for move in moves:
        calls = [r['wall'] for r in requests if r['server'] == move.server and r['wall'] < move.created + 1.1]
        begins.append(min(calls) if calls else move.created)
    return min(begins)


def check_moves(moves):
    unfinished = [m for m in moves if m.ended is None]
    if unfinished:
        raise Red('%d of %d moves have not ended (%s)' % (
            len(unfinished), len(moves), ', '.join(sorted({m.status for m in unfinished}))))
    servers = [m.server for m in moves if m.status in SUCCEEDED]
    twice = sorted({s for s in servers if servers.count(s) > 1})
    if twice:
        raise Red('%d servers were moved twice: %s' % (len(twice), ', '.join(twice)))


def check_no_gap(records, begin, end, limit, what):
    """The records around the window count too: a gap may reach into it."""
    walls = ([r['wall'] for r in records if r['wall'] < begin][-1:] + [begin]
             + [r['wall'] for r in records if begin <= r['wall'] <= end] + [end])
    if not any(r['wall'] >= end - limit for r in records):
        raise Red('%s end before the window does' % what)
    gap = max(later - earlier for earlier, later in zip(walls, walls[1:]))
    if gap > limit:
        raise Red('blind for %.1f s: %s are that far apart in the window' % (gap, what))


def check_clock(records, begin, end):
    offsets = [r['wall'] - r['mono'] for r in records if begin - 60 <= r['wall'] <= end + 60]
    if offsets and max(offsets) - min(offsets) > CLOCK_STEP:
        raise Red('the wall clock was stepped by %.1f s: times cannot be compared' % (max(offsets) - min(offsets)))


def check_death(host, samples, begin, end):
    """Returns for how long before the window nothing of the host was seen alive."""
    alive = [s for s in samples if s['pids'].get(host)]
    before = [s for s in alive if s['wall'] < begin]
    if not before:
        raise Red('%s was never seen alive before its first move: the observer cannot tell' % host)
    inside = [s for s in alive if begin <= s['wall'] <= end]
    if inside:
        first, last = inside[0]['wall'] - begin, inside[-1]['wall'] - begin
        raise Red('%s LIVED while its servers were started elsewhere: %d of the samples between %.2f and %.2f s after '
                  'the first evacuate call, pids %s' % (host, len(inside), first, last, inside[0]['pids'][host][:8]))
    return begin - before[-1]['wall']


def judge(path, host):
    records = load(path)
    samples = records['sample']
    if not samples:
        raise Red('the observer took no samples')
    if host not in samples[0]['pids']:
        raise Red('the observer did not watch %s' % host)
    moves = moves_of(host, records['migrations'])
    check_moves(moves)
    begin, end = first_call(moves, records['request']), max(m.ended for m in moves)
    check_clock(samples, begin, end)
    check_no_gap(samples, begin, end, SAMPLE_GAP, 'samples')
    check_no_gap(records['migrations'], begin, end, LOOK_GAP, 'looks at Nova')
    dead_for = check_death(host, samples, begin, end)
    moved = sum(m.status in SUCCEEDED for m in moves)
    return '%s dead for %.2f s before the first evacuate call and all through the %.2f s of %d moves (%d failed); ' \
           '%d samples in the window' % (host, dead_for, end - begin, moved, len(moves) - moved,
                                         sum(begin <= s['wall'] <= end for s in samples))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('file')
    parser.add_argument('--host', required=True)
    arguments = parser.parse_args()
    try:
        print('green: ' + judge(arguments.file, arguments.host))
        return 0
    except Red as reason:
        print('red: %s' % reason)
        return 1


if __name__ == '__main__':
    sys.exit(main())
