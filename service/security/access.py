"""What the service knows of those who may use it, as one value."""

from dataclasses import dataclass, field

from service.security.audit import AuditLog
from service.security.key_cache import KeyRing
from service.security.rate_limit import RateLimits


@dataclass(frozen=True)
class Access:
    """The keys, how often they may ask, and where it is noted what they did."""

    keys: KeyRing | None
    """None trusts every caller: the service is a part of the program that calls it."""
    rates: RateLimits
    audit: AuditLog = field(default_factory=lambda: AuditLog(None))
    insecure: bool = False
    """Whether callers from elsewhere may come in without a key, while there are none."""
    origins: tuple[str, ...] = ()
    """Web pages of these origins may use the service (CORS)."""

    def has_keys(self) -> bool:
        """Whether a key was ever made. Raises Unavailable."""
        return self.keys is not None and self.keys.any()
