#!/usr/bin/python3
"""CPU microseconds a sample of Ceilometer's own check: `bench N` on stdin gives one figure; samples come first, in hex."""
import sys
import time

import msgpack
from ceilometer.publisher import utils

SECRET = "bench-secret"


def check(datagram):
    message = msgpack.loads(datagram, raw=False)
    if not utils.verify_signature(message, SECRET):
        raise SystemExit("a good sample was refused")


if sys.argv[1:] == ["make"]:
    import datetime, random, uuid
    from ceilometer import sample
    draw = random.Random(1)
    uid = lambda: str(uuid.UUID(int=draw.getrandbits(128)))
    for number in range(1000):
        metadata = {"display_name": f"vm-{number}", "name": f"instance-{number:08x}", "instance_id": uid(),
                    "host": uid(), "status": "active", "state": "running", "architecture": "x86_64",
                    "flavor": {"id": uid(), "name": "m1.small", "vcpus": 2, "ram": 4096, "disk": 20, "swap": 0},
                    "image": {"id": uid(), "name": "debian"}, "image_ref": uid(), "image_ref_url": None,
                    "vcpus": 2, "memory_mb": 4096, "disk_gb": 20, "ephemeral_gb": 0, "root_gb": 20}
        one = sample.Sample("cpu", "cumulative", "ns", draw.randrange(10**15), uid(), uid(), uid(),
                            datetime.datetime.utcnow().isoformat(), metadata, monotonic_time=draw.random() * 1e6)
        print(msgpack.dumps(utils.meter_message_from_counter(one, SECRET), use_bin_type=True).hex())
else:
    datagrams = [bytes.fromhex(sys.stdin.readline()) for _ in range(1000)]
    for line in sys.stdin:
        began = time.process_time()
        for _ in range(int(line)):
            for datagram in datagrams:
                check(datagram)
        print((time.process_time() - began) / int(line) / len(datagrams) * 1e6, flush=True)
