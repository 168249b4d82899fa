import asyncio

from worker.queue.call_queue import BATCH_BYTES, Call, CallQueue


def call(method: str = "embed", size: int = 1) -> Call:
    return Call(method, b"", size, 0.0, asyncio.get_running_loop().create_future())


def test_calls_of_one_method_travel_together_up_to_the_limit() -> None:
    async def scenario() -> None:
        waiting = CallQueue(max_batch=4)
        calls = [call(size=2), call("edit"), call(size=2), call(size=1), call("edit", size=3)]
        for one in calls:
            waiting.put(one)
        assert await waiting.take() == [calls[0], calls[2]]
        assert await waiting.take() == [calls[1], calls[4]]
        assert await waiting.take() == [calls[3]]

    asyncio.run(scenario())


def test_a_call_beyond_the_limit_travels_alone() -> None:
    async def scenario() -> None:
        waiting = CallQueue(max_batch=4)
        large, small = call(size=9), call()
        waiting.put(large)
        waiting.put(small)
        assert await waiting.take() == [large]
        assert await waiting.take() == [small]

    asyncio.run(scenario())


def test_a_call_whose_caller_has_gone_is_not_taken() -> None:
    async def scenario() -> None:
        waiting = CallQueue(max_batch=4)
        gone, later = call(), call()
        gone.answer.cancel()
        waiting.put(gone)
        taking = asyncio.create_task(waiting.take())
        await asyncio.sleep(0)
        assert not taking.done()
        waiting.put(later)
        assert await taking == [later]
        assert waiting.drain() == []

    asyncio.run(scenario())


def test_calls_of_many_bytes_do_not_travel_together() -> None:
    async def scenario() -> None:
        waiting = CallQueue(max_batch=64)
        large = [Call("embed", bytes(BATCH_BYTES // 2), 1, 0.0, asyncio.get_running_loop().create_future())] * 3
        for one in large:
            waiting.put(one)
        assert [len(await waiting.take()) for _ in range(2)] == [2, 1]

    asyncio.run(scenario())
