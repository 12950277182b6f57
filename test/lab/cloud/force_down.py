#!/usr/bin/python3
"""Forces the nova-compute of a host down and waits until Nova shows it: force_down.py HOST. For who evacuates by hand."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from openstack import Cloud, wait_for  # noqa: E402


def main():
    host, cloud = sys.argv[1], Cloud()
    service = cloud.compute_services()[host]['id']
    cloud.call('PUT', '/os-services/' + service, {'forced_down': True})
    wait_for(30, lambda: '%s to be down' % host, lambda: cloud.compute_services()[host]['state'] == 'down')


if __name__ == '__main__':
    main()
