"""Every study that ships asks only for what its pack has, and enough seeds for a verdict."""

from __future__ import annotations

import pytest

from proclivity.analysis.design import MINIMUM_SEEDS, REQUIRED_CONTROLS
from proclivity.induction.arms import persona_groups
from proclivity.runs.plan import check_study
from proclivity.specs import load_pack, load_study, packaged_studies

ANY = [{"name": "any", "path": "any"}]


@pytest.mark.parametrize("name", sorted(packaged_studies()))
def test_a_packaged_study_is_well_formed(name: str) -> None:
    study = load_study(name)
    if not study.models:
        study = study.model_validate(study.model_dump() | {"models": ANY})
    pack = load_pack(study.pack)
    check_study(study, pack)
    assert study.seeds >= MINIMUM_SEEDS
    assert set(REQUIRED_CONTROLS) <= set(study.arms)
    told = persona_groups(pack)
    for arm in study.arms:
        if arm.startswith("persona-"):
            assert len(told[arm.removeprefix("persona-")]) >= MINIMUM_SEEDS
