"""Which model of one study stands beside which of the other, and how are the two called?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from proclivity.errors import UserError
from proclivity.report.load import ProfileNames, Results, load_results

NOT_HERE = "not measured in this study"


@dataclass(frozen=True)
class Pair:
    """Two studies."""

    first: Results
    second: Results
    names: tuple[str, str]
    """What the page calls them."""
    models: tuple[tuple[str, str], ...]
    """Models that stand side by side, as (first's, second's)."""

    @property
    def both(self) -> tuple[Results, Results]:
        return self.first, self.second

    def profiles(self) -> list[ProfileNames]:
        """Profiles of either study, the first's names first."""
        found = {profile.id: profile for results in reversed(self.both) for profile in results.profiles}
        order = dict.fromkeys(profile.id for results in self.both for profile in results.profiles)
        return [found[name] for name in order]

    def title(self, arm: str) -> str:
        """An arm in words, by the study that has it."""
        found = [results.title(arm) for results in self.both]
        return next((title for title in found if title != arm), arm)

    def control(self) -> str:
        """The control that both have: own-policy, else base; '' where they share neither."""
        shared = [name for name in ("own-policy", "base") if all(name in one.study.arms for one in self.both)]
        return shared[0] if shared else ""


def load_pair(first: Path, second: Path) -> Pair:
    """Reads both folders.

    Raises:
        UserError: if a folder isn't there, its study isn't finished, or both are the same.
    """
    for folder in (first, second):
        if not folder.is_dir():
            raise UserError(
                f"There is no folder {folder}. Expected the folders of two finished studies; "
                f"'proclivity run STUDY.yml --out {folder}' makes one."
            )
    if first.resolve() == second.resolve():
        raise UserError(f"{first} was given twice. Expected two studies; for one alone: 'proclivity report {first}'.")
    results = (_finished(first), _finished(second))
    return Pair(*results, names=_names(first, second), models=_models(*results))


def _finished(folder: Path) -> Results:
    results = load_results(folder)
    if results.missing.get("verdicts.json") or ("finished" in results.manifest and not results.manifest["finished"]):
        raise UserError(
            f"The study in {folder} isn't finished. Expected one with all of its verdicts; "
            f"'proclivity run {folder / 'study.yml'} --out {folder}' goes on where it stopped."
        )
    return results


def _names(first: Path, second: Path) -> tuple[str, str]:
    """The folders' own names, which readers know; no path of anyone's machine."""
    own = first.resolve().name, second.resolve().name
    return own if own[0] != own[1] else ("first", "second")


def _models(first: Results, second: Results) -> tuple[tuple[str, str], ...]:
    """Models of one name; where one is left over on either side, these two as well."""
    names = [[model.name for model in results.models] for results in (first, second)]
    shared = [(name, name) for name in names[0] if name in names[1]]
    left = [[name for name in own if (name, name) not in shared] for own in names]
    return (*shared, (left[0][0], left[1][0])) if [len(own) for own in left] == [1, 1] else tuple(shared)


def called(models: tuple[str, str]) -> str:
    """A pair of models in a table: its name, or both."""
    return models[0] if models[0] == models[1] else f"{models[0]} | {models[1]}"
