"""The names of the queues, which the metrics of every process carry too."""

INFERENCE_QUEUE = "inference"
SEARCH_QUEUE = "search"
JOBS_QUEUE = "jobs"
