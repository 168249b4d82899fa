"""The OpenAPI document: what FastAPI does not see by itself."""
