"""What a worker does with the tasks of its queue."""
