"""Answers one request as the API process of a distributed deployment and says what that took."""

import json
import re
import sys
from pathlib import Path

from tests.service.serving import dummy_app, serving

place, redis_url = Path(sys.argv[1]), sys.argv[2]
with serving(dummy_app(place, inference="celery", search="celery", redis_url=redis_url)) as client:
    answer = client.post("/faces", files={"image": (place / "face.jpg").read_bytes()}, data={"subject": "ada"})
    found = client.post("/search", files={"image": (place / "face.jpg").read_bytes()}).json()["searched"]
packages = sorted({name.partition(".")[0] for name in sys.modules})
# Not getrusage: its peak includes what the parent held when it started this process.
memory = int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024
print(json.dumps({"status": answer.status_code, "searched": found, "packages": packages, "mebibytes": memory}))
