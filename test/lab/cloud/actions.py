#!/usr/bin/python3
"""What was done with a server by Nova's own record, the oldest first, as JSON: actions.py SERVER."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from openstack import Cloud  # noqa: E402


def main():
    records = Cloud().get('/servers/%s/os-instance-actions' % sys.argv[1])['instanceActions']
    print(json.dumps([{'action': one['action'], 'request': one['request_id']} for one in reversed(records)]))


if __name__ == '__main__':
    main()
