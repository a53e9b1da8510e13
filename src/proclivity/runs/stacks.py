"""Which seeds of an arm are trained at once, and what does such a stack rest on?

A stack is a job of its own that leaves a folder a seed; the job of each seed takes its part out of it, so that all that
comes after training sees the same jobs as where adapters are trained one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

from proclivity.runs.jobs import Job
from proclivity.specs import Study


def seeds_together(seed: int, study: Study) -> range:
    """The consecutive seeds that are trained with one, itself among them; a last one that is left over is alone."""
    size = study.compute.stack
    first = seed - seed % size
    return range(first, min(first + size, study.seeds))


def stack_job(alone: Sequence[Job]) -> Job:
    """Training several seeds at once.

    Args:
        alone: the jobs that would train them one by one, of one model, arm and dose.
    """
    first = alone[0]
    spec = {name: value for name, value in first.spec.items() if name != "seed"}
    shared = {role: digest for role, digest in first.inputs.items() if role != "answers"}
    return Job(
        "stack",
        spec | {"seeds": [job.seed for job in alone]},
        {answers_of(job.seed): job.inputs["answers"] for job in alone} | shared,
        first.after,
        model=first.model,
        arm=first.arm,
        seed=first.seed,
        point=first.point,
    )


def answers_of(seed: int) -> str:
    """Role of a seed's answers among the inputs of a stack."""
    return f"answers {seed:03d}"


def part_of(seed: int) -> str:
    """Name of a seed's folder among the outputs of a stack."""
    return f"seed-{seed}"


def stack_faults(study: Study) -> list[str]:
    """What keeps a study from training adapters at once, where it asks for it."""
    compute = study.compute
    if compute.stack == 1:
        return []
    reasons = {
        f"induction.method is '{study.induction.method}', and only LoRA adapters can be trained at once": (
            study.induction.method != "lora"
        ),
        f"by compute.accelerate, '{compute.accelerate}', several processes train one adapter": bool(compute.accelerate),
        f"by compute.gpus a model lies on {compute.gpus:g} GPUs, and a stack needs it on one": compute.gpus > 1,
    }
    found = f"compute.stack: 1 expected, {compute.stack} found"
    return [f"{found}; {why}. Set compute.stack to 1, or change that" for why, applies in reasons.items() if applies]
