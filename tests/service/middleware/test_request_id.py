import httpx
import pytest


@pytest.mark.parametrize("name", ["a", "Trace-7.of_9", "x" * 64])
def test_a_sane_id_is_echoed(client: httpx.Client, name: str) -> None:
    assert client.get("/health/live", headers={"X-Request-ID": name}).headers["X-Request-ID"] == name


@pytest.mark.parametrize("name", ["", "two words", "x" * 65, "<script>", "a;b"])
def test_another_id_is_replaced(client: httpx.Client, name: str) -> None:
    answers = [client.get("/health/live", headers={"X-Request-ID": name}) for _ in range(2)]
    first, second = (answer.headers["X-Request-ID"] for answer in answers)
    assert len(first) == len(second) == 32
    assert len({first, second, name}) == 3


def test_every_answer_has_exactly_one(client: httpx.Client) -> None:
    for path in ("/", "/model", "/nowhere", "/search?k=0"):
        assert len(client.get(path).headers.get_list("X-Request-ID")) == 1
