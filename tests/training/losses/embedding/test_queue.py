import pytest
import torch

from training.losses.embedding.queue import Queue


def test_the_latest_rows_stay_and_the_oldest_go() -> None:
    queue = Queue(3)
    rows = torch.arange(8.0).reshape(4, 2)
    assert torch.equal(queue.joined(rows[:2]), rows[:2])
    queue.push()
    assert torch.equal(queue.joined(rows[2:]), rows[[2, 3, 0, 1]])
    queue.push()
    assert torch.equal(queue.joined(rows[:1]), rows[[0, 2, 3, 0]])


def test_rows_that_are_only_looked_at_are_not_kept() -> None:
    queue, rows = Queue(3), torch.randn(2, 2)
    queue.joined(rows)
    assert torch.equal(queue.joined(rows), rows)


def test_past_rows_carry_no_gradient() -> None:
    queue = Queue(4)
    first, second = torch.randn(2, 2, 2, requires_grad=True).unbind()
    queue.joined(first)
    queue.push()
    [gradient] = torch.autograd.grad(queue.joined(second).sum(), second)
    assert torch.equal(gradient, torch.ones(2, 2))
    assert not queue.joined(first.detach())[2:].requires_grad


def test_it_travels_in_a_state() -> None:
    queue, other = Queue(4), Queue(4)
    queue.joined(torch.randn(3, 2))
    queue.push()
    other.load_state_dict(queue.state_dict())
    rows = torch.randn(1, 2)
    assert torch.equal(other.joined(rows), queue.joined(rows))
    assert len(other.joined(rows)) == 4


def test_a_queue_of_length_zero_keeps_nothing_and_a_negative_one_is_refused() -> None:
    queue, rows = Queue(0), torch.randn(2, 2)
    queue.joined(rows)
    queue.push()
    assert torch.equal(queue.joined(rows), rows)
    with pytest.raises(ValueError, match="at least 0, not -1"):
        Queue(-1)
