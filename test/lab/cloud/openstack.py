"""A small OpenStack client for the lab's own scripts: standard library only.

It shares no code with the guardian, so that a mistake of the guardian's cannot hide in here.
Must run where the controller can be reached: `test/lab/enter.sh grd ...`.
"""
import json
import os
import time
import urllib.error
import urllib.request

AUTH_URL = os.environ.get('GUARDIAN_LAB_AUTH_URL', 'http://10.77.1.250:5000/v3')
MICROVERSION = '2.93'  # the newest of Debian 12's Nova (Zed)


class Refused(Exception):
    """An answer of 400 or above."""

    def __init__(self, what, status, body):
        super().__init__('%s -> %s %s' % (what, status, str(body)[:500]))
        self.status = status


def request(method, url, body=None, headers=None, timeout=90):
    """Returns (status, headers, decoded body); an error status is an answer like any other."""
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    asked = urllib.request.Request(url, method=method, data=data, headers={
        'Content-Type': 'application/json', 'Accept': 'application/json', **(headers or {})})
    try:
        with urllib.request.urlopen(asked, timeout=timeout) as answer:
            return answer.status, answer.headers, decode(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, decode(error.read())


def decode(data):
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode('utf8', 'replace')


class Cloud:
    def __init__(self, user='admin', password='admin', project='admin'):
        status, headers, body = request('POST', AUTH_URL + '/auth/tokens', {'auth': {
            'identity': {'methods': ['password'], 'password': {
                'user': {'name': user, 'domain': {'id': 'default'}, 'password': password}}},
            'scope': {'project': {'name': project, 'domain': {'id': 'default'}}}}})
        if status != 201:
            raise Refused('log in at ' + AUTH_URL, status, body)
        self.token = headers['X-Subject-Token']
        self.endpoints = {'identity': AUTH_URL}
        for service in body['token'].get('catalog', []):
            for endpoint in service['endpoints']:
                if endpoint['interface'] == 'public' and service['type'] != 'identity':
                    self.endpoints[service['type']] = endpoint['url']

    def call(self, method, path, body=None, service='compute', headers=None):
        """Returns the body, or raises Refused."""
        headers = {'X-Auth-Token': self.token, **(headers or {})}
        if service == 'compute':
            headers['OpenStack-API-Version'] = 'compute ' + MICROVERSION
        status, _, answer = request(method, self.endpoints[service] + path, body, headers)
        if status >= 400:
            raise Refused(method + ' ' + path, status, answer)
        return answer

    def get(self, path, service='compute'):
        return self.call('GET', path, service=service)

    # ---- Nova, as the lab's scripts ask for it ----

    def compute_services(self):
        """nova-compute's records by host."""
        return {s['host']: s for s in self.get('/os-services?binary=nova-compute')['services']}

    def servers(self, host=None):
        path, found = '/servers/detail?all_tenants=1&limit=200' + ('&host=' + host if host else ''), []
        while path:
            page = self.get(path)
            found += page['servers']
            following = [link['href'] for link in page.get('servers_links', []) if link['rel'] == 'next']
            path = following[0].split('/v2.1', 1)[1] if following else None
        return found

    def evacuations(self, source=None):
        """Evacuation migrations, oldest first."""
        path = '/os-migrations?migration_type=evacuation' + ('&source_compute=' + source if source else '')
        return sorted(self.get(path)['migrations'], key=lambda migration: migration['id'])

    def set_service(self, host, **fields):
        return self.call('PUT', '/os-services/' + self.compute_services()[host]['id'], fields)['service']


def wait_for(seconds, what, question, every=0.3):
    """Polls until question() is true and returns its value; the message names what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise SystemExit('lab: waited %g s in vain for %s' % (seconds, what() if callable(what) else what))
        time.sleep(every)
