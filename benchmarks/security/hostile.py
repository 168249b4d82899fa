"""How long a hostile picture keeps the service, and how much memory: `python -m benchmarks.security.hostile`."""

import argparse
import re
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.tools.dummy_service import service
from model.images.decode import MAX_SCANS
from tests.security.hostile_pictures import Corpus, corpus, scan_bomb, truncations

LIMIT_SECONDS = 1.0


def megabytes(process: int, field: str) -> float:
    """A figure of a process's memory, such as its peak `VmHWM`."""
    text = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(rf"{field}:\s+(\d+) kB", text)[0]) / 1024


def pictures() -> Corpus:
    """The tests' pictures, every truncation, and the largest works that scan bombs can ask for."""
    cut = {name: (data, 422) for name, data in truncations()}
    scans = scan_bomb(64, 0).count(b"\xff\xda")
    large = {
        "100,000 scans of 36 megapixels": (scan_bomb(6000, 100_000), 422),
        "as many scans of 36 megapixels as are allowed": (scan_bomb(6000, MAX_SCANS - scans), 422),
    }
    return {**corpus(), **cut, **large}


def main() -> None:
    """Send each picture alone, and say which were slow, answered otherwise than they should be, or took memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="dummy", help="a model file, or `dummy`")
    model = parser.parse_args().model
    with (
        tempfile.TemporaryDirectory() as folder,
        service(Path(folder), model=model) as running,
        httpx.Client(base_url=running.url, timeout=60) as client,
    ):
        before, slow, mistaken, seconds = megabytes(running.pid, "VmRSS"), 0, 0, []
        for name, (data, status) in pictures().items():
            begun = time.perf_counter()
            answer = client.post("/embed", files={"image": data})
            seconds.append(time.perf_counter() - begun)
            mistaken += answer.status_code != status
            if seconds[-1] > LIMIT_SECONDS or answer.status_code != status:
                slow += seconds[-1] > LIMIT_SECONDS
                print(f"{name}: {answer.status_code}, not {status}, in {seconds[-1]:.2f} s ({len(data)} bytes)")
        peak = megabytes(running.pid, "VmHWM")
    seconds.sort()
    print(f"{len(seconds)} pictures: {mistaken} answered otherwise, {slow} above {LIMIT_SECONDS:g} s")
    print(f"seconds: median {seconds[len(seconds) // 2]:.4f}, most {seconds[-1]:.2f}")
    print(f"memory: {before:.0f} MB before, {peak:.0f} MB at the peak")


if __name__ == "__main__":
    main()
