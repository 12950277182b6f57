#!/usr/bin/python3
"""A judge that cannot say red is worth nothing: each of its reds, the green, and each count, on made-up records.

Needs no lab: python3 test/lab/judge_test.py
"""
import json
import os
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import judge  # noqa: E402
import tally  # noqa: E402

T = 1_800_000_000.0  # power is lost at T, the first evacuate call comes at T + 1
HOST = 'compute-1'


def stamp(wall):
    return time.strftime('%Y-%m-%dT%H:%M:%S.000000', time.gmtime(wall))


def move(number, status, server=None, host=HOST):
    return {'id': number, 'instance_uuid': server or 'server-%d' % number, 'status': status,
            'source_compute': host, 'created_at': stamp(T + 1), 'updated_at': stamp(T + 1)}


def story():
    """A good one: alive until T, called at T + 1, both moves seen as ended at T + 4."""
    records = [{'kind': 'start', 'wall': T - 2}]
    for tenth in range(-20, 60):
        wall = T + tenth / 10
        records.append({'kind': 'sample', 'wall': wall, 'mono': wall - T, 'pids': {HOST: [7, 8] if wall < T else []}})
    for half in range(-4, 12):
        wall = T + half / 2
        look = {'kind': 'migrations', 'wall': wall, 'mono': wall - T, 'count': 0 if wall < T + 1 else 2}
        if half == -4:
            look['migrations'] = [move(1, 'completed', 'server-2')]  # of an earlier test
        if half == 3:
            look['migrations'] = [move(2, 'running'), move(3, 'done')]
        if half == 8:
            look['migrations'] = [move(2, 'done'), move(3, 'done')]
        records.append(look)
    for number in (2, 3):
        records.append({'kind': 'request', 'wall': T + 1, 'server': 'server-%d' % number, 'status': 200})
    return records


def verdict(records, host=HOST):
    with tempfile.NamedTemporaryFile('w', suffix='.jsonl') as file:
        file.writelines(json.dumps(record) + '\n' for record in records)
        file.flush()
        try:
            return 'green: ' + judge.judge(file.name, host)
        except judge.Red as reason:
            return 'red: %s' % reason


def samples_between(records, begin, end):
    return [r for r in records if r['kind'] == 'sample' and T + begin <= r['wall'] <= T + end]


class JudgeTest(unittest.TestCase):
    def red(self, records, words, host=HOST):
        said = verdict(records, host)
        self.assertTrue(said.startswith('red: '), said)
        self.assertIn(words, said)

    def test_green(self):
        said = verdict(story())
        self.assertIn('green: compute-1 dead for 1.10 s', said)
        self.assertIn('3.00 s of 2 moves', said)

    def test_alive_for_one_sample(self):
        records = story()
        samples_between(records, 2, 3)[0]['pids'][HOST] = [9]
        self.red(records, 'LIVED')

    def test_alive_between_the_call_and_the_second_in_which_nova_says_it_created_the_move(self):
        records = story()
        for request in (r for r in records if r['kind'] == 'request'):
            request['wall'] = T - 0.5
        self.red(records, 'LIVED')

    def test_without_a_call_in_the_log_created_at_counts(self):
        records = [r for r in story() if r['kind'] != 'request']
        samples_between(records, 1.05, 1.15)[0]['pids'][HOST] = [9]
        self.red(records, 'LIVED')

    def test_alive_again_after_the_last_move_is_no_sin(self):
        records = story()
        for sample in samples_between(records, 4.5, 6):
            sample['pids'][HOST] = [9]
        self.assertTrue(verdict(records).startswith('green'))

    def test_moved_twice(self):
        records = story()
        for look in records:
            for migration in look.get('migrations', []):
                if migration['id'] == 3:
                    migration['instance_uuid'] = 'server-2'
        self.red(records, 'moved twice')

    def test_a_failed_move_that_was_repeated_is_not_twice(self):
        records = story()
        for look in records:
            for migration in look.get('migrations', []):
                if migration['id'] == 3:
                    migration.update(instance_uuid='server-2', status='error')
        self.assertIn('(1 failed)', verdict(records))

    def test_a_move_without_end(self):
        records = [r for r in story() if not (r['kind'] == 'migrations' and r['wall'] == T + 4)]
        self.red(records, 'have not ended (running)')

    def test_no_samples(self):
        self.red([r for r in story() if r['kind'] != 'sample'], 'no samples')

    def test_no_moves(self):
        records = [r for r in story() if not ('migrations' in r and r['wall'] > T)]
        self.red(records, 'no evacuation')

    def test_never_seen_alive(self):
        records = story()
        for sample in samples_between(records, -9, 9):
            sample['pids'][HOST] = []
        self.red(records, 'never seen alive')

    def test_another_host(self):
        self.red(story(), 'did not watch compute-2', host='compute-2')

    def test_blind_in_the_window(self):
        records = story()
        hidden = samples_between(records, 1.5, 3)
        self.red([r for r in records if r not in hidden], 'blind for')

    def test_samples_end_too_early(self):
        records = story()
        hidden = samples_between(records, 2.5, 9)
        self.red([r for r in records if r not in hidden], 'before the window does')

    def test_clock_stepped(self):
        records = story()
        for sample in samples_between(records, 2, 9):
            sample['mono'] += 5
        self.red(records, 'stepped')


def counts(records):
    by_kind = {'start': [], 'sample': [], 'migrations': [], 'request': []}
    for record in records:
        by_kind[record['kind']].append(record)
    counted = tally.tally(by_kind)
    return [counted[name] for name in ('moves', 'twice', 'while_alive', 'unseen')]


class TallyTest(unittest.TestCase):
    def test_nothing_to_count(self):
        self.assertEqual(counts(story()), [2, 0, 0, 0])

    def test_twice(self):
        records = story()
        for look in records:
            for migration in look.get('migrations', []):
                if migration['id'] == 3:
                    migration['instance_uuid'] = 'server-2'
        self.assertEqual(counts(records)[1], 1)

    def test_a_try_that_failed_is_none(self):
        records = story()
        for look in records:
            for migration in look.get('migrations', []):
                if migration['id'] == 3:
                    migration.update(instance_uuid='server-2', status='error')
        self.assertEqual(counts(records), [1, 0, 0, 0])

    def test_called_while_its_host_lived(self):
        records = story()
        for sample in samples_between(records, 0.85, 1):
            sample['pids'][HOST] = [9]
        self.assertEqual(counts(records)[2], 2)

    def test_alive_a_moment_before_the_call_and_not_at_it(self):
        records = story()
        samples_between(records, 0.75, 0.85)[0]['pids'][HOST] = [9]
        self.assertEqual(counts(records)[2], 0)

    def test_nobody_looked(self):
        records = story()
        hidden = samples_between(records, -0.5, 2)
        self.assertEqual(counts([r for r in records if r not in hidden])[3], 2)


if __name__ == '__main__':
    unittest.main()
