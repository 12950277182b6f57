#!/usr/bin/python3
"""Tells Masakari's API about hosts: masakari_client.py segment HOST... | notify HOST."""
import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'cloud'))
from openstack import Refused, request  # noqa: E402

API = 'http://10.77.1.250:15868/v1'


def post(path, body):
    status, _, answer = request('POST', API + path, body)
    if status >= 400:
        raise Refused('POST ' + path, status, answer)
    return answer


def segment(hosts):
    segment = post('/segments', {'segment': {
        'name': 'lab', 'recovery_method': 'auto', 'service_type': 'COMPUTE'}})['segment']['uuid']
    for host in hosts:
        post('/segments/%s/hosts' % segment, {'host': {
            'name': host, 'type': 'COMPUTE', 'control_attributes': 'none', 'reserved': False, 'on_maintenance': False}})


def notify(host):
    post('/notifications', {'notification': {
        'type': 'COMPUTE_HOST', 'hostname': host,
        'generated_time': datetime.datetime.utcnow().isoformat(timespec='seconds'),
        'payload': {'event': 'STOPPED', 'host_status': 'NORMAL', 'cluster_status': 'OFFLINE'}}})


if __name__ == '__main__':
    segment(sys.argv[2:]) if sys.argv[1] == 'segment' else notify(sys.argv[2])
