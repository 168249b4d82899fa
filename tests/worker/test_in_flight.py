import time

from prometheus_client import REGISTRY

from worker.in_flight import InFlight


def test_the_oldest_call_tells_the_age() -> None:
    calls = InFlight()
    assert (len(calls), calls.age) == (0, 0.0)
    with calls.call():
        time.sleep(0.05)
        with calls.call():
            assert len(calls) == 2
            assert calls.age >= 0.05
        assert len(calls) == 1
    assert (len(calls), calls.age) == (0, 0.0)


def test_it_is_shown_as_it_is_when_somebody_looks() -> None:
    calls = InFlight()
    calls.publish("a test's")
    with calls.call():
        assert REGISTRY.get_sample_value("facet_queue_depth", {"queue": "a test's"}) == 1
        assert REGISTRY.get_sample_value("facet_queue_age_seconds", {"queue": "a test's"}) > 0  # type: ignore[operator]
    assert REGISTRY.get_sample_value("facet_queue_depth", {"queue": "a test's"}) == 0
