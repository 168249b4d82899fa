"""The code blocks of a Markdown document, and how they are run: what a page says must be so.

- `bash` and `python` are run, in a folder of the page's own; what is exported goes on in the next block.
- `json` shows the answer that the block before it printed, and `text` its lines; `…` stands for what varies.
- A block with a title is a file, which is written into the folder.
- A comment `<!-- not run: why -->` before a block says why it cannot be run here.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FENCE = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n+)?"
    r'^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
ADDRESS = re.compile(r"(?:localhost|127\.0\.0\.1):8000")
BLOCK_SECONDS = 400


@dataclass(frozen=True)
class Block:
    """One fenced block of a document."""

    language: str
    text: str
    title: str | None
    reason: str | None
    """Why it is not run."""


def blocks_of(document: Path) -> list[Block]:
    """The blocks in their order; the document has no others."""
    text = document.read_text("utf-8")
    found = [Block(match["language"], match["text"], match["title"], match["reason"]) for match in FENCE.finditer(text)]
    assert text.count("```") == 2 * len(found), f"{document.name} has a block that cannot be read"
    assert text.count("<!-- not run") == sum(block.reason is not None for block in found), document.name
    return found


class Reader:
    """Somebody who does what a page says, in an empty folder, with a service at an address."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._address = address
        self._output = ""
        self._exported = folder / ".exported"
        self._exported.touch()

    def follow(self, block: Block) -> None:
        """Run a block, or compare what it shows with what the one before it printed."""
        text = ADDRESS.sub(self._address, block.text)
        if block.title is not None:
            self._folder.joinpath(block.title).write_text(text)
        elif block.language == "json":
            answer, _ = json.JSONDecoder().raw_decode(self._output)
            assert_like(json.loads(block.text), answer)
        elif block.language == "text":
            assert re.fullmatch(_pattern(text), self._output.strip(), re.DOTALL), self._output
        else:
            self._output = self._run(block.language, text)

    def _run(self, language: str, text: str) -> str:
        """What a block prints."""
        whole = f"source {self._exported}\n{text}\nexport -p >{self._exported}"
        command = {"bash": ["bash", "-euo", "pipefail", "-c", whole], "python": [sys.executable, "-c", text]}[language]
        done = subprocess.run(
            command, cwd=self._folder, env=_environment(), capture_output=True, timeout=BLOCK_SECONDS, check=False
        )
        assert done.returncode == 0, f"{text}\n{done.stdout.decode(errors='replace')}\n{done.stderr.decode()}"
        return done.stdout.decode(errors="replace")


def _environment() -> dict[str, str]:
    """No settings but those of the page, and the project's own commands."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACET_")}
    return kept | {"PATH": f"{Path(sys.executable).parent}:{kept['PATH']}", "COLUMNS": "100"}


def _pattern(shown: str) -> str:
    return re.escape(shown.strip()).replace("…", ".*")


def assert_like(shown: Any, given: Any, where: str = "answer") -> None:
    """The answer has the shape that is shown; `…` stands for what varies, and texts shown in full are equal."""
    if isinstance(shown, dict):
        assert isinstance(given, dict), where
        for key, value in shown.items():
            if "…" not in key:
                assert key in given, f"{where} lacks {key}"
                assert_like(value, given[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert isinstance(given, list), where
        for number, value in enumerate(shown):
            if not (isinstance(value, str) and "…" in value):
                assert len(given) > number, f"{where} has {len(given)} entries"
                assert_like(value, given[number], f"{where}[{number}]")
    elif isinstance(shown, str) and "label" not in where:
        assert re.fullmatch(_pattern(shown), str(given), re.DOTALL), f"{where} is {given!r}"
    elif isinstance(shown, bool) or shown is None:
        assert given is shown, where
    elif isinstance(shown, int | float):
        assert isinstance(given, int | float), where
