"""What a sweep must not touch: unfinished sweeps, and those of other plans."""

from critdamp.engine.errors import InputError, OutputExistsError, PlanChangedError
from critdamp.engine.maps.plan import Plan

from ..shards.folder import START_OVER, RunFolder


def refuse_unfinished(parts: RunFolder, plan: Plan) -> None:
    """Raise an InputError if an unfinished sweep is there, of any plan."""
    if parts.strays():
        raise InputError(
            f"{parts.shown(parts.folder)}: shards without their plan.json are there; "
            f"go on with them: {parts.resume}",
            advice=START_OVER,
        )
    record = parts.record()
    if record is None:
        return
    refuse_other_plan(parts, record.plan, plan)
    raise OutputExistsError(
        f"{parts}: an unfinished sweep of this plan is there; {parts.kept()}",
        advice=START_OVER,
    )


def refuse_other_plan(parts: RunFolder, existing: Plan, plan: Plan) -> None:
    """Raise a PlanChangedError if a plan is not the existing one of a sweep."""
    if existing.sha256 == plan.sha256:
        return
    changes = "; ".join(existing.difference(plan))
    kind = "an unfinished sweep" if parts.begun else "a run"
    raise PlanChangedError(
        f"{parts}: {kind} of another plan is there ({changes}); "
        f"{parts.kept() or 'leave out the plan'}",
        advice=START_OVER,
    )
