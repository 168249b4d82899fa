"""What is added to the OpenAPI document that FastAPI makes."""
