#!/usr/bin/python3
"""Makes the lab as new after a test: revive.py [--keep-servers]. Does only what is needed.

The order is what matters, each step was paid for:
  1. power on, networks, disk and BMC healed; nova-compute started again
  2. wait for the host's evacuation migrations to turn from `done` to `completed`: the restarted
     nova-compute does that, and before it Nova refuses `forced_down: false`
  3. forced_down: false, and wait until the service has reported since the restart: within
     service_down_time the record of the one that died still says "up"
  4. only then enable: enabled while down, the host keeps the trait COMPUTE_STATUS_DISABLED in
     Placement for up to a minute, and nothing can be placed on it
  5. delete the servers: of a dead host that can hang for 90 s, hence last
"""
import concurrent.futures
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from openstack import Cloud, Refused, wait_for  # noqa: E402

LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STATE = os.environ.get('GUARDIAN_LAB_DIR', '/var/lib/guardian-lab')
HOSTS = sorted(os.listdir(STATE + '/hosts'))
HOST_NETWORKS = ('mgmt', 'stor', 'biz')
RUNNING = ('accepted', 'pre-migrating', 'migrating', 'running')  # of a migration


def fault(*words, may_fail=False):
    result = subprocess.run([LAB + '/faults.sh', *words], capture_output=True, text=True)
    if result.returncode and not may_fail:
        raise SystemExit('lab: faults.sh %s: %s' % (' '.join(words), result.stderr.strip()))
    return result.stdout


def runs_nova_compute(host):
    """Nova's own record lags: ask the host's processes."""
    for pid in fault('pids', host).split():
        try:
            with open('/proc/%s/cmdline' % pid, 'rb') as file:
                if b'bin/nova-compute' in file.read():
                    return True
        except OSError:
            pass  # gone meanwhile
    return False


def restart(cloud, host):
    """Off (nothing happens when it is) and on. Returns the time of the last report before."""
    fault('power_loss', host)
    last_report = cloud.compute_services()[host]['updated_at']
    fault('power_on', host)
    return last_report


def heal(cloud, host):
    """Everything faults.sh can break, put right. Returns what restart() does, None without one."""
    fault('bmc_mode', host, 'normal')
    fault('bmc_identity', host, 'own')
    for network in HOST_NETWORKS:
        fault('heal', host, network)
    if not fault('pids', host):
        return restart(cloud, host)
    fault('unhang', host, may_fail=True)
    fault('thaw', host, may_fail=True)  # refused when it is not frozen
    fault('writable', host)
    moved_while_alive = any(move['status'] == 'done' for move in cloud.evacuations(host))
    if moved_while_alive or not runs_nova_compute(host):
        return restart(cloud, host)
    return None


def wait_for_migrations(cloud, host):
    def unsettled():
        return ['%d %s' % (m['id'], m['status']) for m in cloud.evacuations(host) if m['status'] in RUNNING + ('done',)]

    wait_for(90, lambda: 'the evacuation migrations of %s to end: %s' % (host, unsettled()), lambda: not unsettled())


def bring_into_service(cloud, host, last_report):
    def service():
        return cloud.compute_services()[host]

    def up():
        return service()['state'] == 'up' and service()['updated_at'] != last_report

    if service()['forced_down']:
        cloud.set_service(host, forced_down=False)
    wait_for(60, lambda: 'nova-compute of %s to be up' % host, up)
    if service()['status'] != 'enabled':
        cloud.set_service(host, status='enabled')


def delete_servers(cloud):
    for server in cloud.servers():
        try:
            cloud.call('POST', '/servers/%s/action' % server['id'], {'forceDelete': None})
        except Refused as refusal:
            if refusal.status not in (404, 409):
                raise
    wait_for(90, lambda: '%d servers to be deleted' % len(cloud.servers()), lambda: not cloud.servers())


def main():
    started, cloud = time.monotonic(), Cloud()
    with concurrent.futures.ThreadPoolExecutor(len(HOSTS)) as pool:
        last_reports = dict(zip(HOSTS, pool.map(lambda host: heal(cloud, host), HOSTS)))
    for host in HOSTS:
        wait_for_migrations(cloud, host)
        bring_into_service(cloud, host, last_reports[host])
    if '--keep-servers' not in sys.argv:
        delete_servers(cloud)
    print('lab: as new after %.1f s' % (time.monotonic() - started))


if __name__ == '__main__':
    main()
