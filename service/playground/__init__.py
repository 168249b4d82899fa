"""The playground page and its demonstration gallery."""
