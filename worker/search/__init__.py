"""Galleries that search in this process, or have search workers or Milvus do it."""
