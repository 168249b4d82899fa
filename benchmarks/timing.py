"""Whether time tells of keys and of hidden faces: `python -m benchmarks.timing --rounds 2000`.

Two kinds of requests take turns, in random order; the medians of their times must differ by less than `BOUND` of the
median of all, and the difference must be no more than chance makes of one kind split in two.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from service.security.keys import parsed
from service.security.keystore import KeyStore
from service.security.scopes import Scope
from tests.faces import draw_face, jpeg
from tests.service.asking import enrol
from tests.service.serving import dummy_app, serving

BOUND = 0.02

Ask = Callable[[], httpx.Response]


def medians(kinds: dict[str, Ask], rounds: int) -> dict[str, float]:
    """The median seconds of each kind of request."""
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind in random.sample(list(kinds), len(kinds)):
            begun = time.perf_counter()
            kinds[kind]()
            seconds[kind].append(time.perf_counter() - begun)
    return {kind: statistics.median(times) for kind, times in seconds.items()}


def compare(title: str, one: Ask, other: Ask, rounds: int) -> bool:
    """Print how two kinds of requests differ beside how one differs from itself; whether it is within the bound."""
    found = medians({"one": one, "again": one, "other": other}, rounds)
    apart = abs(found["one"] - found["other"]) / found["one"]
    chance = abs(found["one"] - found["again"]) / found["one"]
    print(f"{title}: {found['one'] * 1e3:.3f} ms and {found['other'] * 1e3:.3f} ms, "
          f"{apart:.2%} apart ({chance:.2%} by chance)")  # fmt: skip
    return apart < max(BOUND, 2 * chance)


def main() -> None:
    """Compare the answers that must not be told apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000, help="requests of each kind")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        app = dummy_app(Path(folder), max_requests=10**9)
        keys = KeyStore(app.state.gallery.database)
        key, token = keys.create("tenant", [Scope.SEARCH], ["mine"])
        _, owner = keys.create("owner", [Scope.ADMIN])
        secret = (parsed(token) or ("", ""))[1]
        with serving(app) as client:
            client.headers["X-API-Key"] = owner
            picture = jpeg(draw_face(seed=1))
            hidden = enrol(client, picture, "ada", "hidden", metadata='{"text": "' + "x" * 10_000 + '"}')["id"]
            unknown = "01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69"

            def ask(path: str, given: str = token) -> Ask:
                return lambda: client.get(path, headers={"X-API-Key": given})

            near = secret[:-1] + ("A" if secret[-1] != "A" else "B")
            results = [
                compare("a secret wrong in its first or last letter",
                        ask("/collections", f"facet_{key.id}_{'A' + secret[1:]}"),
                        ask("/collections", f"facet_{key.id}_{near}"), rounds),
                compare("a known and an unknown key's id", ask("/collections", f"facet_{key.id}_{near}"),
                        ask("/collections", f"facet_{'0' * 12}_{near}"), rounds),
                compare("a hidden face and none", ask(f"/faces/{hidden}"), ask(f"/faces/{unknown}"), rounds),
                compare("a hidden collection and none", ask("/faces?collection=hidden"),
                        ask("/faces?collection=unknown"), rounds),
            ]  # fmt: skip
    print("nothing can be told apart" if all(results) else "some can be told apart")


if __name__ == "__main__":
    main()
