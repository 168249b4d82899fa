import json
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIG_IGN, SIGXFSZ, signal

import pytest

from service.security.audit import Action, AuditLog


def entries(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]


def test_many_at_once_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "new" / "audit.jsonl"
    logs = [AuditLog(path), AuditLog(path)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: logs[n % 2].write(Action.SEARCH, f"key{n}", n, "r", collection="c"), range(200)))
    assert sorted(entry["faces"] for entry in entries(path)) == list(range(200))  # type: ignore[type-var]


def test_it_is_only_appended_to_and_may_be_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text("what was there\n")
    log = AuditLog(path)
    log.write(Action.ERASE, "k", 1, "r")
    assert path.read_text().startswith("what was there\n{")
    path.rename(tmp_path / "old")
    log.write(Action.ERASE, "k", 2, "r")
    assert [entry["faces"] for entry in entries(path)] == [2]


def test_what_changes_the_gallery_is_on_the_disk_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = list[int]()
    monkeypatch.setattr("service.security.audit.os.fsync", synced.append)
    log = AuditLog(tmp_path / "audit.jsonl")
    lasting = set[Action]()
    for action in Action:
        log.write(action, "k", 1, "r")
        if synced:
            lasting.add(action)
            synced.clear()
    assert lasting == {Action.ENROL, Action.CHANGE, Action.ERASE, Action.CANCEL}


def test_what_could_not_be_written_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "audit.jsonl"
    log = AuditLog(path)
    log.write(Action.ENROL, "k", 1, "r")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal(SIGXFSZ, SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, before[1]))
    try:
        log.write(Action.ENROL, "k", 2, "r")
        log.write(Action.SEARCH, "k", 3, "r")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal(SIGXFSZ, handler)
    log.write(Action.ENROL, "k", 4, "r")
    whole = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
    assert [(entry["action"], entry.get("faces"), entry.get("entries")) for entry in whole] == [
        ("enrol", 1, None),
        ("missing", None, 2),
        ("enrol", 4, None),
    ]
    assert len([record for record in caplog.records if record.name == "facet.audit"]) == 2


def test_without_a_path_nothing_is_written(tmp_path: Path) -> None:
    AuditLog(None).write(Action.ENROL, "k", 1, "r")
    assert list(tmp_path.iterdir()) == []
