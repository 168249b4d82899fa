"""Inference on workers elsewhere: Celery tasks over Redis."""
