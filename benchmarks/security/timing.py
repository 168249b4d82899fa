"""Whether time tells of keys and of hidden faces: `python -m benchmarks.security.timing --rounds 2000`.

Two kinds of requests take turns, in random order. They cannot be told apart if Wilcoxon's test of the differences
within each turn does not do so at the level `LEVEL`, shared by all comparisons, and if the interval of 99 % for the
median of these differences is within `BOUND` of a request's time: it is not just that too little was measured.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
from scipy.stats import quantile_test, wilcoxon

from service.security.api_key import parsed
from service.security.key_store import KeyStore
from service.security.scopes import Scope
from tests.faces import draw_face, jpeg
from tests.service.asking import enrol
from tests.service.serving import dummy_app, serving

BOUND = 0.02
LEVEL = 0.01
COMPARISONS = 4

Ask = Callable[[], httpx.Response]


def seconds_of(one: Ask, other: Ask, rounds: int) -> tuple[list[float], list[float]]:
    """The seconds of each request of two kinds that take turns."""
    times: tuple[list[float], list[float]] = [], []
    for _ in range(rounds):
        for kind in random.sample((0, 1), 2):
            begun = time.perf_counter()
            (one, other)[kind]()
            times[kind].append(time.perf_counter() - begun)
    return times


def compare(title: str, one: Ask, other: Ask, rounds: int) -> bool:
    """Print how two kinds of requests differ; whether they cannot be told apart."""
    first, second = map(np.asarray, seconds_of(one, other, rounds))
    median, apart = np.median(first), second - first
    chance = float(wilcoxon(apart).pvalue)
    low, high = np.asarray(quantile_test(apart, p=0.5).confidence_interval(0.99)) / median
    print(f"{title}: median {1000 * median:.3f} ms, the other {low:+.2%} to {high:+.2%}, p = {chance:.3f}")
    return chance >= LEVEL / COMPARISONS and low > -BOUND and high < BOUND


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

            far = ("A" if secret[0] != "A" else "B") + secret[1:]
            near = secret[:-1] + ("A" if secret[-1] != "A" else "B")
            results = [
                compare("a secret wrong in its first or last letter",
                        ask("/collections", f"facet_{key.id}_{far}"),
                        ask("/collections", f"facet_{key.id}_{near}"), rounds),
                compare("a known and an unknown key's id", ask("/collections", f"facet_{key.id}_{near}"),
                        ask("/collections", f"facet_{'0' * 12}_{near}"), rounds),
                compare("a hidden face and none", ask(f"/faces/{hidden}"), ask(f"/faces/{unknown}"), rounds),
                compare("a hidden collection and none", ask("/faces?collection=hidden"),
                        ask("/faces?collection=unknown"), rounds),
            ]  # fmt: skip
    print("nothing can be told apart" if all(results) else "some can be told apart, or more rounds are needed")
    raise SystemExit(not all(results))


if __name__ == "__main__":
    main()
