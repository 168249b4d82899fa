"""The networks on a device, and what stands in for them: crops in, embeddings and pictures out."""
