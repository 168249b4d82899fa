"""A Facet service as Python calls, over httpx: `Client`, and `AsyncClient` with the same calls awaited.

```python
from pathlib import Path

from facet_client import Client

with Client("http://127.0.0.1:8000") as facet:
    face = facet.embed(Path("ada.jpg"))["images"][0]["faces"][0]
    Path("turned.png").write_bytes(facet.edit(Path("ada.jpg"), [{"attribute": "pose", "set": {"yaw": 20}}]))
```
"""

from facet_client.client import AsyncClient, Client
from facet_client.errors import FacetError
from facet_client.version import __version__
from facet_client.wire import Embedding, Picture

__all__ = ["AsyncClient", "Client", "Embedding", "FacetError", "Picture", "__version__"]
