"""Request bodies, read under limits in every form in which they may be sent."""
