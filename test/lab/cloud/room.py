#!/usr/bin/python3
"""Takes away the room that servers would be moved to, and gives it back.

  room.py fill HOST...             on each, a server that takes its whole disk; the host must have no server
  room.py keep-apart HOST...       on each, a server of one group, no two of which may share a host
  room.py delete SERVER...         waits until they are gone, in Placement too
  room.py disable|enable HOST...   takes a host out of the scheduler's sight, as a person would, and back

`fill` and `keep-apart` print the servers' ids, one a line, in the order of the hosts.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from openstack import Cloud, Refused, wait_for  # noqa: E402
from seed import boot  # noqa: E402

# The FakeDriver says that a host has this much, and its disk alone is not overcommitted.
WHOLE = {'id': 'whole', 'name': 'whole-host', 'ram': 256, 'vcpus': 1, 'disk': 600000}


def fill(cloud, hosts):
    try:
        cloud.call('POST', '/flavors', {'flavor': WHOLE})
    except Refused as refusal:
        if refusal.status != 409:  # it is there
            raise
    for host in hosts:
        print(*boot(cloud, 1, host, 'crowd', flavor=WHOLE['id']))


def keep_apart(cloud, hosts):
    group = cloud.call('POST', '/os-server-groups', {
        'server_group': {'name': 'apart', 'policy': 'anti-affinity'}})['server_group']['id']
    for host in hosts:
        print(*boot(cloud, 1, host, 'apart', hints={'group': group}))


def delete(cloud, servers):
    for server in servers:
        cloud.call('DELETE', '/servers/' + server)
    wait_for(60, 'the servers to be deleted', lambda: not set(servers) & {s['id'] for s in cloud.servers()})
    for server in servers:
        wait_for(30, 'Placement to forget ' + server, lambda: not cloud.get(
            '/allocations/' + server, service='placement')['allocations'])


def disable(cloud, hosts):
    for host in hosts:
        cloud.set_service(host, status='disabled', disabled_reason='the lab: no room')


def enable(cloud, hosts):
    for host in hosts:
        cloud.set_service(host, status='enabled')


def main():
    verbs = {'fill': fill, 'keep-apart': keep_apart, 'delete': delete, 'disable': disable, 'enable': enable}
    verbs[sys.argv[1]](Cloud(), sys.argv[2:])


if __name__ == '__main__':
    main()
