"""Which addresses and names mean this machine alone."""

import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit


@lru_cache
def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, as the header `Host` has it, is this machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
