#!/usr/bin/python3
"""What the guardian will do, done by hand on the real parts: evacuate_by_hand.py [COUNT]

Servers on compute-1; its power taken over IPMI and read back as off; forced down, then disabled (the other
order blocks for 60 s: nova-api asks the dead host first); every server evacuated once and followed.
"""
import concurrent.futures
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from openstack import Cloud, wait_for  # noqa: E402
from seed import boot  # noqa: E402

HOST, BMC, PASSWORD = 'compute-1', '10.77.4.11', 's3cret-1'
started = time.monotonic()


def say(text):
    print('[%6.2f s] %s' % (time.monotonic() - started, text), flush=True)


def chassis(*words):
    """-C 3: without it ipmitool waits 10 s for ipmi_sim. The password is not in argv."""
    command = ['ipmitool', '-I', 'lanplus', '-C', '3', '-N', '1', '-R', '2', '-H', BMC, '-U', 'admin', '-E', 'chassis']
    result = subprocess.run(command + list(words), capture_output=True, text=True, timeout=20,
                            env={**os.environ, 'IPMI_PASSWORD': PASSWORD})
    if result.returncode:
        raise SystemExit('lab: ipmitool chassis %s: %s' % (' '.join(words), result.stderr.strip()))
    return result.stdout.strip()


def fence():
    chassis('power', 'off')
    wait_for(10, 'the chassis of %s to read off' % HOST, lambda: chassis('power', 'status').endswith('is off'))
    say('%s reads off over IPMI' % HOST)


def evacuate(cloud, servers):
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda server: cloud.call('POST', '/servers/%s/action' % server, {'evacuate': {}}), servers))
    say('%d evacuations accepted' % len(servers))

    def unfinished():
        latest = {m['instance_uuid']: m['status'] for m in cloud.evacuations(HOST)}
        return [s for s in servers if latest.get(s) not in ('done', 'completed')]

    wait_for(60, lambda: 'the moves of %s to end' % unfinished(), lambda: not unfinished(), every=0.2)


def check(cloud, servers):
    hosts = {s['id']: (s['OS-EXT-SRV-ATTR:host'], s['status']) for s in cloud.servers()}
    wrong = {s: hosts.get(s) for s in servers if hosts.get(s, (HOST, ''))[0] == HOST or hosts[s][1] != 'ACTIVE'}
    if wrong:
        raise SystemExit('lab: not ACTIVE on another host: %s' % wrong)
    return sorted(hosts[s][0] for s in servers)


def main():
    count, cloud = int(sys.argv[1]) if len(sys.argv) > 1 else 5, Cloud()
    servers = boot(cloud, count, HOST, 'by-hand')
    say('%d servers ACTIVE on %s' % (count, HOST))
    lost = time.monotonic()
    fence()
    cloud.set_service(HOST, forced_down=True)
    cloud.set_service(HOST, status='disabled', disabled_reason='by hand')
    say('forced down, then disabled')
    evacuate(cloud, servers)
    places = check(cloud, servers)
    say('all moves ended %.1f s after the off command; now on: %s' % (time.monotonic() - lost, ', '.join(places)))


if __name__ == '__main__':
    main()
