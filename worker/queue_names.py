"""The names of the queues, which the metrics of every process carry too."""

INFERENCE_QUEUE = "inference"
SEARCH_QUEUE = "search"
JOBS_QUEUE = "jobs"


def model_queue(model: str) -> str:
    """The queue of the inference workers of one model, who answer the common one too."""
    return f"{INFERENCE_QUEUE}.{model}"
