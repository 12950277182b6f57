#!/usr/bin/python3
"""Watches the lab from outside and writes what it sees, one JSON object a line: observer.py FILE

Runs until SIGTERM. It shares no code with the guardian and asks it nothing, so that judge.py can say from
this file alone whether anything of a failed host lived while its servers were started elsewhere.

  start       hosts watched, and the network namespace of each
  sample      10 times a second: the live pids in each host
  migrations  every 0.5 s: Nova's evacuation migrations; the list only when it changed
  request     each evacuate call that nova-api answered: when it began, for which server, status
  trouble     something could not be seen
All have `wall` (epoch seconds) and `mono` (monotonic seconds); `request` has only the wall time of its start.
"""
import ctypes
import datetime
import json
import os
import re
import signal
import sys
import threading
import time

LAB = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, LAB + '/cloud')
from openstack import Cloud  # noqa: E402

STATE = os.environ.get('GUARDIAN_LAB_DIR', '/var/lib/guardian-lab')
HOSTS = sorted(os.listdir(STATE + '/hosts'))
CLONE_NEWNET = 0x40000000
SAMPLE_SECONDS, POLL_SECONDS = 0.1, 0.5
FIELDS = ('id', 'instance_uuid', 'status', 'source_compute', 'dest_compute', 'created_at', 'updated_at')
REQUEST = re.compile(r'^(\S+ \S+) .*\[(?:None |req-[0-9a-f-]{36} )?(req-[0-9a-f-]{36}).*"POST /v2\.1/servers/([0-9a-f-]{36})/action'
                     r'[^"]*" status: (\d+) .*time: ([\d.]+)')


class Record:
    """The file; written line by line, from several threads."""

    def __init__(self, path):
        self.file, self.lock = open(path, 'a', buffering=1), threading.Lock()

    def write(self, kind, **fields):
        line = json.dumps({'kind': kind, 'wall': round(time.time(), 4), 'mono': round(time.monotonic(), 4), **fields})
        with self.lock:
            self.file.write(line + '\n')


# ---- processes ----

def network_namespaces():
    """Inode of each host's network namespace: it stays the same while the host goes off and on."""
    return {os.stat('/run/netns/gl-c' + host.split('-')[1]).st_ino: host for host in HOSTS}


def lives(pid):
    """Not a zombie. A dead main thread whose other threads hang in the kernel still lives."""
    with open('/proc/%s/stat' % pid) as file:
        fields = file.read().rpartition(')')[2].split()
    return fields[0] not in 'ZX' or int(fields[17]) > 1


def namespaces_of(pid):
    """(process, network) namespace. A dead main thread has none: any other thread will do."""
    for base in ['/proc/%s' % pid] + ['/proc/%s/task/%s' % (pid, task) for task in os.listdir('/proc/%s/task' % pid)]:
        try:
            return os.readlink(base + '/ns/pid'), int(os.readlink(base + '/ns/net')[5:-1])
        except OSError:
            continue
    raise ProcessLookupError(pid)


def live_pids(hosts, outside):
    """Live pids by host: whoever shares a process namespace with somebody on the host's network.

    `outside` is the machine's own process namespace: who only visits the host's network does not live there.
    """
    members, owner = {}, {}
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            space, network = namespaces_of(pid)
            if space == outside or not lives(pid):
                continue
        except (OSError, ValueError):
            continue  # gone while we looked
        members.setdefault(space, []).append(int(pid))
        if network in hosts:
            owner[space] = hosts[network]
    found = {host: [] for host in hosts.values()}
    for space, pids in members.items():
        if space in owner:
            found[owner[space]] += sorted(pids)
    return found


def sample_for_ever(record, hosts, stopping):
    outside, due = os.readlink('/proc/self/ns/pid'), time.monotonic()
    while not stopping.is_set():
        record.write('sample', pids=live_pids(hosts, outside))
        due = max(due + SAMPLE_SECONDS, time.monotonic())
        stopping.wait(max(0, due - time.monotonic()))


# ---- Nova ----

def enter_controller_network():
    """For this thread only."""
    with open('/run/netns/gl-ctl') as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), 'cannot enter the network of the controller')


class EvacuateCalls:
    """Finds the evacuate calls in nova-api's log. Which of the action calls are evacuations, Nova says itself."""

    def __init__(self, migrations):
        self.before = {m['id'] for m in migrations}   # of earlier tests
        self.answered, self.evacuations = {}, {}      # requests by id; per server: moves seen, request ids
        self.log, self.rest = open(STATE + '/log/nova-api.log', errors='replace'), ''
        self.log.seek(0, os.SEEK_END)

    def new_ones(self, cloud, migrations):
        """Calls not yielded before. One whose line is not in the log yet comes with a later poll."""
        self.read_log()
        servers = [m['instance_uuid'] for m in migrations if m['id'] not in self.before]
        for server in set(servers):
            moves, requests = self.evacuations.get(server, (0, []))
            if moves != servers.count(server):
                requests = evacuate_requests(cloud, server)
                self.evacuations[server] = (servers.count(server), requests)
            for request in requests:
                if request in self.answered:
                    yield {'request': request, **self.answered.pop(request)}

    def read_log(self):
        *lines, self.rest = (self.rest + self.log.read()).split('\n')
        for match in filter(None, map(REQUEST.match, lines)):
            ended, request, server, status, took = match.groups()
            ended = datetime.datetime.strptime(ended, '%Y-%m-%d %H:%M:%S.%f').timestamp()  # local time
            self.answered[request] = {'wall': round(ended - float(took), 4), 'server': server, 'status': int(status)}


def evacuate_requests(cloud, server):
    actions = cloud.get('/servers/%s/os-instance-actions' % server)['instanceActions']
    return [action['request_id'] for action in actions if action['action'] == 'evacuate']


class NovaWatch:
    def __init__(self, record):
        self.record, self.cloud, self.calls, self.last = record, None, None, None

    def look(self):
        try:
            self.cloud = self.cloud or Cloud()
            now = [{field: m[field] for field in FIELDS} for m in self.cloud.evacuations()]
            self.record.write('migrations', count=len(now), **({} if now == self.last else {'migrations': now}))
            self.calls, self.last = self.calls or EvacuateCalls(now), now
        except Exception as error:  # whatever it is: it must be seen in the file, and not end the watch
            self.record.write('trouble', what='nova: %r' % error)
            self.cloud = None


class CallWatch:
    """Asks Nova about one server after the other: a thread of its own, lest the moves be looked at late for it."""

    def __init__(self, record, nova):
        self.record, self.nova, self.cloud = record, nova, None

    def look(self):
        try:
            self.cloud = self.cloud or Cloud()
            if self.nova.last is not None:
                for call in self.nova.calls.new_ones(self.cloud, self.nova.last):
                    self.record.write('request', **call)
        except Exception as error:
            self.record.write('trouble', what='nova, calls: %r' % error)
            self.cloud = None


def watch(looker, stopping, before_last):
    enter_controller_network()
    looker.look()
    while not stopping.wait(POLL_SECONDS):
        looker.look()
    before_last()
    looker.look()  # what was done since the last look


def start_watching(record, stopping):
    """Returns the threads, in the order in which they end."""
    nova = NovaWatch(record)
    moves = threading.Thread(target=watch, args=(nova, stopping, lambda: None), daemon=True)
    calls = threading.Thread(target=watch, args=(CallWatch(record, nova), stopping, moves.join), daemon=True)
    moves.start()
    calls.start()
    return moves, calls


def main():
    record, hosts, stopping = Record(sys.argv[1]), network_namespaces(), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    record.write('start', hosts={host: inode for inode, host in hosts.items()})
    watchers = start_watching(record, stopping)
    sample_for_ever(record, hosts, stopping)
    for watcher in watchers:
        watcher.join(timeout=30)
    record.write('stop')


if __name__ == '__main__':
    main()
