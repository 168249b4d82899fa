"""A worker for the jobs that API processes are sent."""

from contextlib import AsyncExitStack
from dataclasses import replace

from facet.asgi import open_inference
from facet.process.gallery import open_gallery
from facet.process.watchdog import watch
from facet.settings import Settings
from service.jobs import Jobs


class JobWorker:
    """Works on the jobs in the data directory, which it shares with the API processes. Its queue is their table."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened before `start`."""
        self._settings = settings
        self._running = AsyncExitStack()

    async def start(self) -> None:
        """Go on with what an earlier process left. Raises what the parts of the settings raise."""
        async with AsyncExitStack() as undo:
            gallery = open_gallery(self._settings)
            undo.callback(gallery.close)
            config = replace(self._settings.service, runs_jobs=True)
            inference = open_inference(self._settings)
            await undo.enter_async_context(Jobs(config, inference, gallery).running())
            watch(inference)
            self._running = undo.pop_all()

    async def close(self) -> None:
        """Stop at the next place from which a job can go on later."""
        await self._running.aclose()

    async def info(self) -> dict[str, int]:
        """Nothing that an API process would ask for."""
        return {}

    def broken(self) -> bool:
        """Never, to a queue from which nothing comes; a broken model is what the watchdog looks after."""
        return False
