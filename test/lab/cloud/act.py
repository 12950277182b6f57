#!/usr/bin/python3
"""Brings a server into a state: act.py SERVER stop|pause|suspend|lock|error|evacuate; waits until Nova shows it."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from openstack import Cloud, wait_for  # noqa: E402

# What is asked for, and the status that shows it.
ACTIONS = {
    'stop': ({'os-stop': None}, 'SHUTOFF'),
    'pause': ({'pause': None}, 'PAUSED'),
    'suspend': ({'suspend': None}, 'SUSPENDED'),
    'lock': ({'lock': None}, 'ACTIVE'),
    'error': ({'os-resetState': {'state': 'error'}}, 'ERROR'),
    'evacuate': ({'evacuate': {}}, 'ACTIVE'),   # of a server in error, as a person does it
}


def main():
    server, action = sys.argv[1:3]
    body, status = ACTIONS[action]
    cloud = Cloud()
    cloud.call('POST', '/servers/%s/action' % server, body)

    def shown():
        return cloud.get('/servers/' + server)['server']

    wait_for(30, lambda: '%s of %s (it is %s)' % (action, server, shown()['status']),
             lambda: shown()['status'] == status and shown()['locked'] == (action == 'lock'))


if __name__ == '__main__':
    main()
