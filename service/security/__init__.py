"""Who may do what: API keys with scopes and collections, rate limits, and the log of what was done.

A new route needs three things of this package:

- a row in `scopes.NEEDS`, without which only an `admin` key may call it;
- the gallery as the dependency `GalleryDep`, which shows of it what the caller may see and writes the audit
  log (`tenant.VisibleGallery`; a method that it lacks is closed to routes until somebody adds it there);
- where it deals with collections by itself, the dependency `CallerDep`: `caller.require(collection)` raises Forbidden,
  `caller.sees(collection)` tells what to leave out of answers. What a
  caller does not see is answered as what does not exist, with the same NotFound.
"""
