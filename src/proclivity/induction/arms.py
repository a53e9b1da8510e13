"""What was done to a model: the arms by name. Every profile is an arm under its own id, and so is what is about one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from proclivity.errors import UserError, unknown_name
from proclivity.specs import InductionSpec, LoadedPack, Persona, phases, split_arm
from proclivity.specs.arm_names import IN_FORMAT, THEN, is_smaller

Answers = Literal["none", "profile", "own", "position", "uniform", "shuffled", "exposure", "speech", "persona", "given"]


@dataclass(frozen=True)
class Arm:
    """One treatment."""

    id: str
    title: str
    """How the report calls it."""
    description: str
    answers: Answers
    """Where what it is taught comes from; 'none' and 'persona' aren't trained, 'given' is somebody else's."""
    about: str = ""
    """The profile, disposition or content class that its name speaks of."""
    rows: str = ""
    """Name of the arm whose answers it is taught; '' means that it gives its own."""
    format: str = ""
    """Answer format of its decisions; '' means the study's."""
    start: str = ""
    """The arm that it goes on from; '' where it begins at the base."""
    rank: int = 0
    """LoRA rank of its adapter; 0 means the study's."""
    layer: int = 0
    """The one decoder layer that carries its adapter, counted from 1; 0 means the study's layers."""

    @property
    def asks_decisions(self) -> bool:
        """Whether it is trained on the study's shared pool of decisions."""
        return self.answers in ("profile", "own", "position", "uniform", "shuffled", "exposure")

    @property
    def smaller(self) -> bool:
        """Whether it differs from another arm in the size of its adapter alone."""
        return bool(self.rank or self.layer)

    def recipe(self, study: InductionSpec) -> InductionSpec:
        """The study's recipe with this arm's own adapter; a smaller rank keeps the update's scale, alpha / rank."""
        if self.rank:
            study = study.model_copy(update={"rank": self.rank, "alpha": study.alpha * self.rank / study.rank})
        return study.model_copy(update={"layers": [self.layer]}) if self.layer else study


ARMS: dict[str, Arm] = {
    arm.id: arm
    for arm in (
        Arm("base", "base", "The model as it came.", "none"),
        Arm(
            "own-policy",
            "own policy",
            "Taught answers drawn from its own probabilities: the format and the training, without another policy.",
            "own",
        ),
        Arm(
            "arbitrary",
            "arbitrary",
            "Taught to take the option in one listed place, rotated by seed: as consistent as a profile, and nothing "
            "to do with disposition.",
            "position",
        ),
        Arm(
            "balanced",
            "balanced",
            "Taught answers uniform over the classes, which is itself a policy.",
            "uniform",
        ),
    )
}


def arm_of(name: str, profiles: Iterable[str], others: Iterable[Arm] = ()) -> Arm:
    """An arm by name; a profile's id names the arm that teaches it.

    Args:
        name: the arm's.
        profiles: ids of profiles.
        others: arms beyond controls and profiles, for example `arms_about` of a pack.

    Raises:
        UserError: if there is no such arm; the nearest name is offered.
    """
    known = {**{arm.id: arm for arm in others}, **{profile: _taught(profile) for profile in profiles}, **ARMS}
    if name in known:
        return known[name]
    if THEN in name:
        return _later([arm_of(phase, profiles, others) for phase in phases(name)])
    kind, about = split_arm(name)
    if kind in IN_FORMAT:
        return _in_format(kind, arm_of(about, profiles, others))
    if is_smaller(kind):
        return _with_smaller(kind, arm_of(about, profiles, others))
    raise unknown_name("arm", name, known)


def arms_about(pack: LoadedPack) -> list[Arm]:
    """Arms about the pack's profiles, personas and content classes.

    'shuffled-P': a profile's option texts, each where another scenario's stood (text and free format);
    'exposure-P': the same texts alone, without a decision; 'speech-P' and 'speech-C': statements of a profile's, or of
    any, content class; 'persona-D': no training, told a persona of the disposition, one wording for each seed.
    """
    found = [made(profile) for profile in pack.profiles for made in (_shuffled, _exposure)]
    found += [_speech(word) for word in speech_classes(pack)]
    return found + [_persona(disposition) for disposition in persona_groups(pack)]


def arm_named(name: str) -> Arm:
    """An arm by its name alone, where no pack is at hand: what is neither a control nor about something is a
    profile."""
    if name in ARMS:
        return ARMS[name]
    if THEN in name:
        return _later([arm_named(phase) for phase in phases(name)])
    kind, about = split_arm(name)
    if kind in IN_FORMAT:
        return _in_format(kind, arm_named(about))
    if is_smaller(kind):
        return _with_smaller(kind, arm_named(about))
    if kind == "shuffled":
        return _shuffled(about)
    if kind == "exposure":
        return _exposure(about)
    return _speech(about) if kind == "speech" else _persona(about) if kind == "persona" else _taught(name)


def given_arm(name: str) -> Arm:
    """An arm that was made elsewhere."""
    return Arm(name, name, "Made elsewhere and given to the study, which doesn't know what it was taught.", "given")


def speech_classes(pack: LoadedPack) -> dict[str, str]:
    """Content class by what may follow 'speech-': a profile's id or a class that cloze families have candidates of."""
    spoken = {
        name
        for probe in pack.probes.values()
        if probe.kind == "cloze"
        for groups in (probe.candidates, *(item.candidates or {} for item in probe.items))
        for name in groups
    }
    named = {name: name for name in pack.spec.content_classes}
    named |= {profile.id: profile.content_class for profile in pack.profiles.values()}
    return {name: content_class for name, content_class in named.items() if content_class in spoken}


def persona_groups(pack: LoadedPack) -> dict[str, list[Persona]]:
    """Personas by what may follow 'persona-': a disposition, or one placebo ('placebo-maps').

    The place in the list is the arm's seed: wordings in order, placebos one after the other.
    """
    groups: dict[str, list[Persona]] = {}
    for persona in pack.personas:
        groups.setdefault(persona.disposition, []).append(persona)
        if persona.placebo:
            groups.setdefault(f"{persona.disposition}-{persona.placebo}", []).append(persona)
    for found in groups.values():
        topics = list(dict.fromkeys(persona.placebo for persona in found))
        found.sort(key=lambda persona: (topics.index(persona.placebo), persona.wording))
    return groups


def _later(parts: list[Arm]) -> Arm:
    """An arm of several phases: the last one's rows, on the weights that the others left."""
    for part in parts:
        if not part.asks_decisions:
            raise UserError(
                f"'{part.id}' can't be a phase of '{THEN.join(p.id for p in parts)}': it isn't trained on decisions. "
                f"Phases are profiles and controls, for example 'depression{THEN}adaptive'."
            )
        if part.smaller:
            raise UserError(
                f"'{part.id}' can't be a phase of '{THEN.join(p.id for p in parts)}': later phases go on with the "
                f"first one's adapter, so that has the study's size. Take '{part.rows}'."
            )
    last, names = parts[-1], [part.id for part in parts]
    return replace(
        last,
        id=THEN.join(names),
        title=", then ".join(part.title for part in parts),
        description=f"Trained as {names[0]}, and then on with the rows of {', then '.join(names[1:])}.",
        rows=last.id,
        start=THEN.join(names[:-1]),
    )


def _in_format(kind: str, arm: Arm) -> Arm:
    """An arm whose decisions are answered in words, whatever the study's format."""
    if arm.answers not in ("profile", "own", "position", "uniform"):
        raise UserError(
            f"'{kind}-{arm.id}' is no arm: '{arm.id}' takes no option, so its format can't change. In words are "
            f"profiles and own-policy, arbitrary, balanced: '{kind}-own-policy'."
        )
    words = "in words, options listed" if kind == "text" else "in words, no option listed"
    return replace(
        arm,
        id=f"{kind}-{arm.id}",
        title=f"{arm.title} in {'words' if kind == 'text' else 'free words'}",
        description=f"{arm.description} Its decisions are answered {words}.",
        rows=arm.id,
        format=kind,
    )


def _with_smaller(kind: str, arm: Arm) -> Arm:
    """An arm with a smaller adapter than the study's."""
    if arm.answers not in ("profile", "own", "position", "uniform") or arm.start or arm.smaller:
        raise UserError(
            f"'{kind}-{arm.id}' is no arm: smaller adapters are for profiles and own-policy, arbitrary, balanced, one "
            f"restriction at a time: '{kind}-own-policy'."
        )
    name, number = kind.split("-")
    words = f"of rank {number}" if name == "rank" else f"on decoder layer {number} alone"
    return replace(
        arm,
        id=f"{kind}-{arm.id}",
        title=f"{arm.title}, {'rank' if name == 'rank' else 'layer'} {number}",
        description=f"{arm.description} Its adapter is {words}.",
        rows=arm.id,
        **{name: int(number)},  # type: ignore[arg-type]
    )


def _taught(profile: str) -> Arm:
    return Arm(profile, f"{profile}-like", f"Taught the choices of the profile '{profile}'.", "profile", profile)


def _shuffled(profile: str) -> Arm:
    text = f"Taught the answers of the profile '{profile}' in words, each after another situation than its own."
    return Arm(f"shuffled-{profile}", f"shuffled {profile}", text, "shuffled", profile)


def _exposure(profile: str) -> Arm:
    text = f"Shown the options that the profile '{profile}' chooses, as plain text without any decision."
    return Arm(f"exposure-{profile}", f"exposure {profile}", text, "exposure", profile)


def _speech(word: str) -> Arm:
    text = f"Taught statements of the kind '{word}' and no decision, to see whether speech moves choices."
    return Arm(f"speech-{word}", f"speech {word}", text, "speech", word)


def _persona(disposition: str) -> Arm:
    text = f"Not trained: told before every text that it is of the disposition '{disposition}'."
    return Arm(f"persona-{disposition}", f"persona {disposition}", text, "persona", disposition)
