"""Everything that decides about access, as one value."""

from dataclasses import dataclass, field

from service.security.audit import AuditLog
from service.security.key_cache import KeyCache
from service.security.rate_limit import RateLimits


@dataclass(frozen=True)
class Access:
    """API keys, rate limits, the audit log, and the origins whose pages may use the service."""

    keys: KeyCache | None
    """None where every caller is trusted, because the service is a part of the program that calls it."""
    rates: RateLimits
    audit: AuditLog = field(default_factory=lambda: AuditLog(None))
    insecure: bool = False
    """Whether other machines may use the service while it has no keys."""
    origins: tuple[str, ...] = ()
    """Web pages of these origins may use the service (CORS)."""

    def has_keys(self) -> bool:
        """Whether a key was ever made. Raises Unavailable."""
        return self.keys is not None and self.keys.any()
