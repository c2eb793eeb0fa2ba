"""Upload a finished run to the bucket of its plan, which is checked before the first pixel."""

from __future__ import annotations

from changedet.pipeline.run_files import files_of_run
from changedet.pipeline.scheduling import Progress
from changedet.plan import Plan
from changedet.store.bucket import Uploaded, require_place, upload_run


def require_bucket(plan: Plan) -> None:
    """Refuse to begin a run that could not be uploaded.

    Parameters
    ----------
    plan : Plan
        Without a bucket nothing is checked.
    """
    if plan.upload is not None:
        paths = [path for files in files_of_run(plan).values() for path in files]
        require_place(plan.upload, [path.relative_to(plan.folder.path).as_posix() for path in paths])


def uploaded(plan: Plan, progress: Progress | None = None) -> Uploaded | None:
    """Upload the run of a plan.

    Parameters
    ----------
    plan : Plan
        Of a run that has ended.
    progress : callable, optional
        ``progress(what, done, total)`` is called after each file.

    Returns
    -------
    Uploaded or None
        None where the plan names no bucket.
    """
    return None if plan.upload is None else upload_run(plan.folder, plan.upload, progress)
