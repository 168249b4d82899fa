"""An event loop that waits for threads: woken once, whatever came of their work."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from worker.local.futures import finished


def test_all_are_done_failures_too() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise ArithmeticError("three")
        return 2 * number

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(work, number) for number in range(50)]
        asyncio.run(finished(futures))
        assert all(future.done() for future in futures)
    assert [future.result() for future in futures if future is not futures[3]] == [2 * n for n in range(50) if n != 3]
    assert isinstance(futures[3].exception(), ArithmeticError)


def test_the_loop_is_woken_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[Callable[..., object]] = []

    async def wait(futures: list[Future[int]]) -> None:
        loop = asyncio.get_running_loop()
        wake = loop.call_soon_threadsafe

        def noting(callback: Callable[..., object], *arguments: Any) -> asyncio.Handle:
            woken.append(callback)
            return wake(callback, *arguments)

        monkeypatch.setattr(loop, "call_soon_threadsafe", noting)
        waiting = asyncio.create_task(finished(futures))
        await asyncio.sleep(0)
        for future in futures[:-1]:
            future.set_result(1)
        await asyncio.sleep(0)
        assert not waiting.done()
        futures[-1].set_result(1)
        await waiting

    asyncio.run(wait([Future() for _ in range(16)]))
    assert len(woken) == 1


def test_what_has_not_begun_is_cancelled_with_the_caller() -> None:
    begun, waiting = Future[int](), Future[int]()
    assert begun.set_running_or_notify_cancel()

    async def give_up() -> None:
        task = asyncio.create_task(finished([begun, waiting]))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    assert waiting.cancelled()
    assert not begun.cancelled()
    begun.set_result(1)  # after the loop has gone


def test_nothing_is_done_at_once() -> None:
    asyncio.run(asyncio.wait_for(finished([]), 10))
