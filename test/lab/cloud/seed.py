#!/usr/bin/python3
"""Makes servers on one host: seed.py COUNT [HOST] [NAME]. Makes the flavor and the image when they are not there.

Prints the time and the servers' ids, one a line, after all are ACTIVE.
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from openstack import Cloud, wait_for  # noqa: E402

FLAVOR = {'id': '1', 'name': 'm1.tiny', 'ram': 256, 'vcpus': 1, 'disk': 1}
IMAGE = {'name': 'blank', 'disk_format': 'raw', 'container_format': 'bare', 'visibility': 'public'}


def ensure_flavor(cloud):
    if not any(flavor['id'] == FLAVOR['id'] for flavor in cloud.get('/flavors')['flavors']):
        cloud.call('POST', '/flavors', {'flavor': FLAVOR})
    return FLAVOR['id']


def ensure_image(cloud):
    images = cloud.get('/v2/images', service='image')['images']
    if not images:
        images = [cloud.call('POST', '/v2/images', IMAGE, service='image')]
        cloud.call('PUT', '/v2/images/%s/file' % images[0]['id'], bytes(1024), service='image',
                   headers={'Content-Type': 'application/octet-stream'})
    return images[0]['id']


def boot(cloud, count, host, name, flavor=None, hints=None):
    reservation = cloud.call('POST', '/servers', {'server': {
        'name': name, 'flavorRef': flavor or ensure_flavor(cloud), 'imageRef': ensure_image(cloud), 'networks': 'none',
        'availability_zone': 'nova:' + host, 'min_count': count, 'max_count': count,
        'return_reservation_id': True}, 'os:scheduler_hints': hints or {}})['reservation_id']

    def servers():
        return cloud.get('/servers/detail?all_tenants=1&reservation_id=' + reservation)['servers']

    def settled():
        found = servers()
        return len(found) == count and all(s['status'] in ('ACTIVE', 'ERROR') for s in found) and found

    found = wait_for(60 + 8 * count, lambda: '%d servers to boot (%s)' % (
        count, [s['status'] for s in servers()]), settled)
    broken = [s for s in found if s['status'] == 'ERROR']
    if broken:
        raise SystemExit('lab: %d servers failed to boot: %s' % (
            len(broken), broken[0].get('fault', {}).get('message')))
    return sorted(s['id'] for s in found)


def main():
    count = int(sys.argv[1])
    host = sys.argv[2] if len(sys.argv) > 2 else 'compute-1'
    started = time.monotonic()
    ids = boot(Cloud(), count, host, sys.argv[3] if len(sys.argv) > 3 else 'vm')
    print('%d servers ACTIVE on %s after %.1f s' % (count, host, time.monotonic() - started), file=sys.stderr)
    print('\n'.join(ids))


if __name__ == '__main__':
    main()
