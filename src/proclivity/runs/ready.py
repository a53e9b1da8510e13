"""Which of the jobs that could run now comes first?

A study may have ten thousand checkpoints, so nothing here looks at all of them: each model has its checkpoints in a
heap, and a checkpoint its jobs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from heapq import heappop, heappush

from proclivity.runs.jobs import Job

Group = tuple[str, str, int]
"""Model, arm and seed: the jobs that share one set of weights."""
Place = tuple[int, bool, int]
"""Where a group stands among those of its model: stage of its first job, whether it isn't base, place in the plan."""

_FIRST = {"pool": 0, "gates": 1, "policy": 2, "answers": 3}
_LATER = 9
"""Stages that aren't named above come after those and have no order among themselves."""


def group_of(job: Job) -> Group:
    """The checkpoint that a job belongs to, the first of a stack; base's own work for what comes before training."""
    if job.stage in ("stack", "induce", "measure"):
        return (job.model, job.arm, job.seed)
    return (job.model, "base" if job.model else "", -1)


class Ready:
    """Jobs that wait for nothing but a worker.

    Args:
        jobs: all jobs of the study by digest, in the plan's order.
    """

    def __init__(self, jobs: Mapping[str, Job]):
        self._jobs = jobs
        self._order = {digest: number for number, digest in enumerate(jobs)}
        self._digests: set[str] = set()
        self._groups: dict[Group, list[tuple[int, int, str]]] = {}
        """Heap of each group that has jobs: stage, place in the plan, digest."""
        self._models: dict[str, list[tuple[Place, Group]]] = defaultdict(list)
        """Heap of each model; what no longer is a group's place is thrown away when it comes up."""
        self._measures: Counter[Group] = Counter()

    def __bool__(self) -> bool:
        return bool(self._digests)

    def put(self, digest: str) -> None:
        """Adds a job."""
        if digest in self._digests:
            return
        job = self._jobs[digest]
        group = group_of(job)
        self._digests.add(digest)
        heappush(self._groups.setdefault(group, []), (_FIRST.get(job.stage, _LATER), self._order[digest], digest))
        self._measures[group] += job.stage == "measure"
        self._enter(group)

    def take(self, group: Group) -> str:
        """Takes a group's first job out."""
        *_, digest = heappop(self._groups[group])
        self._digests.discard(digest)
        self._measures[group] -= self._jobs[digest].stage == "measure"
        if self._groups[group]:
            self._enter(group)
        else:
            del self._groups[group]
        return digest

    def has_measurements(self, group: Group | None) -> bool:
        """Whether a checkpoint is to be measured."""
        return group is not None and self._measures[group] > 0

    def first_of_each_model(self, held: Collection[Group]) -> Iterator[tuple[bool, Place, Group]]:
        """The group of each model that comes first, and its place.

        Args:
            held: groups that others work on, which come after all others; each is told by True.
        """
        for model in list(self._models):
            found = self._first(self._models[model], held)
            if found is None:
                del self._models[model]
            else:
                yield found[1] in held, *found

    def _first(self, heap: list[tuple[Place, Group]], held: Collection[Group]) -> tuple[Place, Group] | None:
        passed: list[tuple[Place, Group]] = []
        while heap and (heap[0][1] in held or self._place(heap[0][1]) != heap[0][0]):
            entry = heappop(heap)
            if self._place(entry[1]) == entry[0] and entry not in passed:
                passed.append(entry)
        found = [*heap[:1], *passed[:1]]
        for entry in passed:
            heappush(heap, entry)
        return found[0] if found else None

    def _enter(self, group: Group) -> None:
        place = self._place(group)
        assert place is not None
        heappush(self._models[group[0]], (place, group))

    def _place(self, group: Group) -> Place | None:
        heap = self._groups.get(group)
        return (heap[0][0], group[1] != "base", heap[0][1]) if heap else None
