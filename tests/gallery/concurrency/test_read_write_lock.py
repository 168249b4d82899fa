"""Readers overlap, writers do not."""

from threading import Barrier, Event, Thread

from gallery.concurrency.read_write_lock import ReadWriteLock


def test_readers_are_inside_together() -> None:
    lock, met = ReadWriteLock(), Barrier(3)

    def read() -> None:
        with lock.read():
            met.wait(timeout=5)

    threads = [Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert not met.broken


def test_a_waiting_writer_goes_before_new_readers() -> None:
    lock, order = ReadWriteLock(), list[str]()
    writer_waits = Event()

    def write() -> None:
        writer_waits.set()
        with lock.write():
            order.append("write")

    def read() -> None:
        with lock.read():
            order.append("read")

    with lock.read():
        writer = Thread(target=write)
        writer.start()
        writer_waits.wait(5)
        while not lock._writers:
            pass
        reader = Thread(target=read)
        reader.start()
        reader.join(0.05)
        assert order == []
    writer.join(5)
    reader.join(5)
    assert order == ["write", "read"]


def test_writers_exclude_each_other() -> None:
    lock, inside, most = ReadWriteLock(), 0, 0

    def write() -> None:
        nonlocal inside, most
        for _ in range(200):
            with lock.write():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == 1
