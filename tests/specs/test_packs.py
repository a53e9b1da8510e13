import pytest
import yaml

from proclivity.errors import ContentError, UserError
from proclivity.specs import load_pack, packaged_packs


def edit(path, change):
    value = yaml.safe_load(path.read_text())
    change(value)
    path.write_text(yaml.safe_dump(value, sort_keys=False))


def faults(folder):
    with pytest.raises(ContentError) as caught:
        load_pack(folder)
    return "\n".join(caught.value.faults)


def test_mini_pack_holds_what_was_written(mini_pack):
    assert mini_pack.spec.action_classes == ["stay", "leave"]
    assert [domain.domain for domain in mini_pack.domains] == ["club", "fair", "inn"]
    assert mini_pack.profile("leaver").action_class == "leave"
    assert len(mini_pack.digest) == 64


def test_every_packaged_pack_loads():
    assert "microworld" in packaged_packs()
    for name in packaged_packs():
        assert load_pack(name).profiles


def test_digest_follows_the_words_and_not_the_layout(mini_folder):
    before = load_pack(mini_folder).digest
    path = mini_folder / "profiles/leaver.yml"
    path.write_text("# a comment\n" + path.read_text())
    assert load_pack(mini_folder).digest == before
    edit(path, lambda value: value.update(description="Leaves, mostly."))
    assert load_pack(mini_folder).digest != before


def test_all_faults_of_all_files_at_once(mini_folder):
    edit(mini_folder / "pack.yml", lambda value: value.update(colour="blue"))
    edit(mini_folder / "profiles/leaver.yml", lambda value: value.pop("title"))
    found = faults(mini_folder)
    assert "pack.yml:colour" in found
    assert "leaver.yml:title" in found


def test_missing_class_unknown_class_and_slot(mini_folder):
    def spoil(value):
        options = value["scenarios"][0]["options"]
        options["run"] = options.pop("leave")
        value["scenarios"][0]["phrasings"][0]["text"] = "The inn called {you}"

    edit(mini_folder / "scenarios/inn.yml", spoil)
    found = faults(mini_folder)
    assert "class 'leave' is missing" in found
    assert "class 'run' is none of" in found
    assert "unknown slot '{you}'" in found


def test_ids_written_twice_name_both_files(mini_folder):
    text = (mini_folder / "scenarios/inn.yml").read_text()
    (mini_folder / "scenarios/copy.yml").write_text(text)
    found = faults(mini_folder)
    assert "domain 'inn' also stands in scenarios/copy.yml" in found
    assert "scenario 'inn.host' also stands in" in found


def test_too_few_labels(mini_folder):
    edit(mini_folder / "pack.yml", lambda value: value["alphabets"].update(upper=["A", "A"]))
    assert "1 distinct labels; 2 action classes need as many" in faults(mini_folder)


def test_unknown_pack_offers_the_nearest():
    with pytest.raises(UserError, match="Did you mean 'microworld'"):
        load_pack("micro-world")


def test_unknown_profile_offers_the_nearest(mini_pack):
    with pytest.raises(UserError, match="Did you mean 'leaver'"):
        mini_pack.profile("leavers")


def test_annotated_examples_are_not_content(mini_folder):
    (mini_folder / "profiles/_example.yml").write_text("anything: [")
    assert set(load_pack(mini_folder).profiles) == {"leaver"}
