import pytest

from proclivity.errors import ContentError, UserError
from proclivity.specs import load_study, packaged_studies
from proclivity.specs.digest import canonical_json, digest_of

STUDY = "id: x\ntitle: X\nquestion: Q?\nmodels:\n  - {name: m, path: p}\n"


@pytest.fixture
def study_file(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(STUDY)
    return path


def test_packaged_studies_load():
    assert "demo" in packaged_studies()
    for name in packaged_studies():
        assert load_study(name).arms[0] == "base"


def test_overrides_reach_into_mappings_and_lists(study_file):
    study = load_study(study_file, ["seeds=9", "induction.rank=2", "models.0.path=else", "arms=[base, adaptive]"])
    assert (study.seeds, study.induction.rank) == (9, 2)
    assert study.models[0].path == "else"
    assert study.arms == ["base", "adaptive"]


@pytest.mark.parametrize(
    "override", ["seeds", "=3", "models.4.path=x", "models.x.path=y", "seeds=[", "id.x=1", "id.x.y=1"]
)
def test_bad_overrides_are_user_errors(study_file, override):
    with pytest.raises(UserError):
        load_study(study_file, [override])


def test_unknown_study_offers_the_nearest():
    with pytest.raises(UserError, match="Did you mean 'demo'"):
        load_study("demmo")


def test_two_models_of_one_name(study_file):
    study_file.write_text(STUDY + "  - {name: m, path: q}\n")
    with pytest.raises(ContentError, match="two models have the same name"):
        load_study(study_file)


def test_canonical_json_ignores_key_order_and_refuses_nan():
    assert canonical_json({"b": 1, "a": [1.5, "ü"]}) == '{"a":[1.5,"ü"],"b":1}'
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"a": float("nan")})
