#!/usr/bin/python3
"""Waits until Nova has the given number of hosts up, mapped and enabled: wait_ready.py COUNT [SECONDS]"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from openstack import Cloud  # noqa: E402


def missing(cloud, count):
    """What is not there yet, in words; empty when ready."""
    services = cloud.get('/os-services')['services']
    up = {s['binary'] for s in services if s['state'] == 'up'}
    lacking = [name for name in ('nova-conductor', 'nova-scheduler') if name not in up]
    hosts = [s['host'] for s in services
             if s['binary'] == 'nova-compute' and s['state'] == 'up' and s['status'] == 'enabled']
    if len(hosts) < count:
        lacking.append('nova-compute on %d hosts (up: %s)' % (count, ', '.join(sorted(hosts)) or 'none'))
    # Until the scheduler has mapped a host to the cell, nothing can be placed on it.
    mapped = len(cloud.get('/os-hypervisors')['hypervisors'])
    if mapped < count:
        lacking.append('%d hypervisors (mapped: %d)' % (count, mapped))
    return ', '.join(lacking)


def main():
    count, seconds = int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 120
    deadline, cloud, lacking = time.monotonic() + seconds, None, 'keystone'
    while time.monotonic() < deadline:
        try:
            cloud = cloud or Cloud()
            lacking = missing(cloud, count)
            if not lacking:
                return 0
        except Exception as error:  # a service that is still starting may answer anything
            lacking = repr(error)
        time.sleep(0.4)
    print('lab: waited %g s in vain for: %s' % (seconds, lacking), file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
