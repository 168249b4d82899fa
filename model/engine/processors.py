"""How many processors this process may use."""

import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def processors(cgroup: Path = _CGROUP) -> int:
    """This process's share of the processors, at least 1: those that it may run on, and its container's limit."""
    share = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = _container_limit(cgroup)
    return share if limit is None else min(share, max(1, round(limit)))


def _container_limit(cgroup: Path) -> float | None:
    """Processors that the container's control group (version 2, else 1) lets it use; None where it sets no limit."""
    files = [cgroup / "cpu.max"], [cgroup / "cpu" / f"cpu.cfs_{name}_us" for name in ("quota", "period")]
    for parts in files:
        try:
            quota, period = " ".join(part.read_text() for part in parts).split()
            return float(quota) / float(period) if float(quota) > 0 else None
        except (OSError, ValueError):
            # No such file, or the word "max".
            continue
    return None
