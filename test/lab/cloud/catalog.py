#!/usr/bin/python3
"""The services' own user, and the catalog that tells clients where each service listens."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from openstack import Cloud  # noqa: E402

ADDRESS = '10.77.1.250'
SERVICES = [
    ('placement', 'placement', 'http://%s:8778' % ADDRESS),
    ('nova', 'compute', 'http://%s:8774/v2.1' % ADDRESS),
    ('neutron', 'network', 'http://%s:9696' % ADDRESS),
    ('glance', 'image', 'http://%s:9292' % ADDRESS),
]


class Keystone(Cloud):
    def post(self, path, body):
        return self.call('POST', path, body, service='identity')

    def identity(self, path):
        return self.get(path, service='identity')

    def create_service_user(self):
        roles = {role['name']: role['id'] for role in self.identity('/roles')['roles']}
        if 'service' not in roles:
            roles['service'] = self.post('/roles', {'role': {'name': 'service'}})['role']['id']
        project = self.post('/projects', {'project': {'name': 'service', 'domain_id': 'default'}})['project']['id']
        user = self.post('/users', {'user': {
            'name': 'svc', 'domain_id': 'default', 'password': 'svcpass'}})['user']['id']
        for role in ('admin', 'service'):
            self.call('PUT', '/projects/%s/users/%s/roles/%s' % (project, user, roles[role]), service='identity')

    def create_endpoints(self, name, kind, url):
        service = self.post('/services', {'service': {'name': name, 'type': kind}})['service']['id']
        for interface in ('public', 'internal', 'admin'):
            self.post('/endpoints', {'endpoint': {
                'service_id': service, 'interface': interface, 'url': url, 'region_id': 'RegionOne'}})


if __name__ == '__main__':
    keystone = Keystone()
    keystone.create_service_user()
    for service in SERVICES:
        keystone.create_endpoints(*service)
