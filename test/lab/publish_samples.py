#!/usr/bin/python3
"""Publishes samples with Ceilometer's own UDP publisher: HOST PORT COUNT, the secret on stdin, ids printed."""
import datetime
import sys
import uuid

from ceilometer import sample, service
from ceilometer.publisher import udp
from oslo_utils import netutils

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
conf = service.prepare_service(argv=["publish"], config_files=[])
conf.set_override("telemetry_secret", sys.stdin.read().strip(), group="publisher")
publisher = udp.UDPPublisher(conf, netutils.urlsplit(f"udp://{address}:{port}"))
volumes = [7, 10.0, 0.1 + 0.2, 1e16, 1.5e-7, 2**53 + 1]
for number in range(count):
    resource = str(uuid.uuid4())
    metadata = {
        "display_name": f"vm-é-{number}",
        "flavor": {"name": "m1.small", "vcpus": 2, "ephemeral": 0},
        "tags": ["a", "b'c"],
        "image_ref_url": None,
        "active": True,
    }
    publisher.publish_samples([
        sample.Sample(
            name="disk.device.read.bytes" if number % 2 else "cpu",
            type=sample.TYPE_CUMULATIVE,
            unit="B" if number % 2 else "ns",
            volume=volumes[number % len(volumes)],
            user_id=uuid.uuid4().hex,
            project_id=None if number % 5 == 0 else uuid.uuid4().hex,
            resource_id=resource,
            timestamp=datetime.datetime.utcnow().isoformat(),
            resource_metadata=metadata,
            monotonic_time=number + 0.25,
        )
    ])
    print(resource, float(volumes[number % len(volumes)]))
