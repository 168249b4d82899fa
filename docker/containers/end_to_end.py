"""The project's own tests, run against what is published by containers."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from docker.containers.bases import ROOT

OF_A_DEPLOYMENT = ("tests/e2e/test_compose.py", "tests/e2e/test_one_behaviour.py")
"""Those that want a deployment with the dummy model, and a key that may do all."""
OF_THE_README = ("tests/test_readme.py::test_what_a_page_says_is_so[README.md]",)
"""Every block of the README, for a service with the bundled model that wants no key."""


def run_tests(tests: tuple[str, ...], url: str, key: str, place: Path) -> dict[str, int]:
    """How many tests passed and were skipped; `place` keeps the details. Raises AssertionError where one fails."""
    report = place / "tests.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *tests]
    environment = os.environ | {"PUBLISHED_URL": url, "PUBLISHED_KEY": key}
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400)
    if done.returncode:
        raise AssertionError((done.stdout + done.stderr)[-4000:])
    return counts(report.read_text())


def counts(report: str) -> dict[str, int]:
    """How many tests passed and were skipped, by a report in JUnit's form."""
    suites = list(ElementTree.fromstring(report).iter("testsuite"))
    skipped = sum(int(suite.attrib["skipped"]) for suite in suites)
    return {"passed": sum(int(suite.attrib["tests"]) for suite in suites) - skipped, "skipped": skipped}
