"""Whether every answer is as the OpenAPI document says: `python -m benchmarks.contract --examples 600`.

Schemathesis makes requests from the document of a running service, right and wrong ones, and compares the answers with
it by all of its checks: right requests are accepted and wrong ones refused, no 5xx, no status, header, content type or
schema that the document does not have. `benchmarks.tools.contract_hooks` has the exceptions, each with its reason.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.tools.dummy_service import service
from tests.processes import FACET, ROOT

SETTINGS = {"FACET_MAX_REQUESTS": "1000000"}


def token(place: Path) -> str:
    """A key that may do everything."""
    command = [*FACET, "keys", "create", "contract", "--scope", "admin", "--data-dir", str(place)]
    return subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True).stdout.strip()


def check(url: str, examples: int, seed: int, header: str | None = None, phases: Sequence[str] = ()) -> tuple[int, str]:
    """Send requests to a service, `examples` for each route and phase; gives the exit code and the report."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--no-color"]
    command += ["--checks", "all", "--max-examples", str(examples), "--seed", str(seed)]
    command += ["--continue-on-failure", "--warnings", "off", "--suppress-health-check", "all"]
    command += ["--phases", ",".join(phases)] if phases else []
    command += ["--header", header] if header else []
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "benchmarks.tools.contract_hooks"}
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, env=environment)
    return done.returncode, done.stdout + done.stderr


def main() -> None:
    """Run without keys, with one, and as somebody who has none where others have."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=600, help="requests for each route and phase")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    total, failed = 0, False
    for way in ("without keys", "with a key", "without a key where there are some"):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            key = None if way == "without keys" else token(place)
            with service(place, SETTINGS) as running:
                header = f"X-API-Key: {key}" if way == "with a key" else None
                code, report = check(running.url, given.examples, given.seed, header)
        cases = sum(int(number) for number in re.findall(r"(\d+) generated", report))
        total += cases
        failed = failed or code != 0
        print(f"== {way}: exit code {code}, {cases} requests")
        print(report if code else report[-1200:])
    print(f"{total} requests in all; {'some answers were not as documented' if failed else 'all as documented'}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
