"""A re-embedding: the faces of other models in one collection, embedded anew from the pictures kept of them."""

from gallery.base_gallery import BaseGallery
from gallery.jobs.importing import Embed, embedded
from gallery.jobs.job_records import Failure
from gallery.jobs.job_task import Task
from gallery.records import Amendment
from model.errors import FacetError, InvalidRequest

_BATCH = 32


def reembed_faces(task: Task, gallery: BaseGallery, embed: Embed, model: str) -> None:
    """Embed each kept picture of another model's face anew, by a model that `embed` must have.

    Some faces change at a time, and until then are found among those of their own model. What fails is noted face by
    face, with its id as the path. It goes on where the job was. Raises InvalidRequest where `embed` has another model.
    """
    collection, known = task.job.collection, task.job.progress
    last, done, changed, failed = (known.get(name) or 0 for name in ("last", "done", "changed", "failed"))
    total = done + gallery.count_outdated(model, collection, last)
    while batch := gallery.outdated(model, _BATCH, collection=collection, after=last):
        failures, amendments = [], {}
        for kept, result in zip(batch, embedded(task, embed, [kept.crop for kept in batch]), strict=True):
            if isinstance(result, FacetError):
                failures.append(Failure.of(kept.sequence, kept.id, kept.subject, result))
                continue
            if result.model != model:
                raise InvalidRequest(f"the model is no longer {model!r}, for which this job was made; make a new one")
            amendments[kept.id] = Amendment(embedding=result.embedding, model=result.model)
        # Somebody may have erased some of them meanwhile.
        changed += len(gallery.change_many(amendments))
        last, done, failed = batch[-1].sequence, done + len(batch), failed + len(failures)
        counts = {"total": total, "done": done, "changed": changed, "failed": failed, "last": last}
        task.record(counts, failed=failures)
    task.record({"total": done, "done": done, "changed": changed, "failed": failed, "last": last})
