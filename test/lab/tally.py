#!/usr/bin/python3
"""Counts, from observer.py's file and over all hosts, what must never be: tally.py FILE

Prints one JSON object:
  moves          evacuations that succeeded
  twice          servers that two evacuations from one host brought up
  while_alive    evacuate calls that were made while their host lived, by the last sample before the call
  unseen         calls with no sample in the second before them: the observer cannot vouch for those
judge.py says more of one host: also that it stayed dead until its last server had moved.
"""
import bisect
import collections
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from judge import SAMPLE_GAP, SUCCEEDED, epoch, load  # noqa: E402


def newest_migrations(looks):
    """As they were seen last; what the first look shows is older than the test."""
    lists = [look['migrations'] for look in looks if 'migrations' in look]
    older = {migration['id'] for migration in lists[0]} if lists else set()
    newest = {m['id']: m for migrations in lists[1:] for m in migrations if m['id'] not in older}
    return [newest[number] for number in sorted(newest)]


def called_at(migration, requests):
    """Begin of its own call: the last one before Nova made the record; else the record's own second."""
    created = epoch(migration['created_at'])
    calls = [r['wall'] for r in requests if r['server'] == migration['instance_uuid'] and r['wall'] < created + 1.1]
    return max(calls, default=created)


def tally(records):
    samples = sorted(records['sample'], key=lambda sample: sample['wall'])
    walls = [sample['wall'] for sample in samples]
    counted = {'moves': 0, 'twice': 0, 'while_alive': 0, 'unseen': 0}
    succeeded = collections.Counter()
    for migration in newest_migrations(records['migrations']):
        host = migration['source_compute']
        if migration['status'] in SUCCEEDED:
            counted['moves'] += 1
            succeeded[migration['instance_uuid'], host] += 1
        begin = called_at(migration, records['request'])
        last = bisect.bisect_right(walls, begin) - 1
        if last < 0 or begin - walls[last] > SAMPLE_GAP or host not in samples[last]['pids']:
            counted['unseen'] += 1
        elif samples[last]['pids'][host]:
            counted['while_alive'] += 1
    counted['twice'] = sum(count > 1 for count in succeeded.values())
    return counted


if __name__ == '__main__':
    print(json.dumps(tally(load(sys.argv[1]))))
