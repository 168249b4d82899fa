"""Networks that ONNX Runtime runs on a processor."""

import onnxruntime


def session_of(graph: bytes) -> onnxruntime.InferenceSession:
    """A graph made ready for one core of the processor: threads call it side by side."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
