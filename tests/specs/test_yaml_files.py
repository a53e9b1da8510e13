import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proclivity.errors import ContentError
from proclivity.specs.study import Study
from proclivity.specs.yaml_files import MAX_BYTES, read_spec, read_yaml


def write(tmp_path, text):
    path = tmp_path / "file.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_plain_values(tmp_path):
    assert read_yaml(write(tmp_path, "a: 1\nb: [x, y]\n")) == {"a": 1, "b": ["x", "y"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "key 'a' stands twice"),
        ("a: !!python/object/apply:os.system [ls]\n", "not valid YAML"),
        ("a: [1\n", "not valid YAML"),
        ("\ta: 1\n", "not valid YAML"),
        ("a: &x [1]\nb: [" + ", ".join(["*x"] * 60) + "]\n", "more than 50 aliases"),
        (b"a: \xff\xfe\n", "can't be read as UTF-8"),
        ("? [1, 2]\n: x\n", "a key must be plain text"),
        ("a: " + "[" * 5000 + "\n", "not valid YAML"),
    ],
)
def test_one_clear_message(tmp_path, text, message):
    with pytest.raises(ContentError, match="1 fault") as caught:
        read_yaml(write(tmp_path, text))
    assert message in str(caught.value)
    assert "file.yml" in str(caught.value)


def test_missing_folder_and_oversized(tmp_path):
    with pytest.raises(ContentError, match="no such file"):
        read_yaml(tmp_path / "none.yml")
    with pytest.raises(ContentError, match="a folder found"):
        read_yaml(tmp_path)
    big = tmp_path / "big.yml"
    with big.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(ContentError, match="split the file"):
        read_yaml(big)


def test_faults_name_file_key_and_what_was_found(tmp_path):
    path = write(tmp_path, "id: x\ntitle: X\nquestion: Q\nmodels: [{name: m, path: p}]\nseeds: many\ncolour: 1\n")
    with pytest.raises(ContentError) as caught:
        read_spec(Study, path)
    text = str(caught.value)
    assert "2 faults" in text
    assert "file.yml:seeds:" in text
    assert "(found 'many')" in text
    assert "file.yml:colour:" in text


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_no_text_gives_anything_but_a_value_or_a_content_error(tmp_path, text):
    path = write(tmp_path, text)
    message = ""
    try:
        read_spec(Study, path)
    except ContentError as error:
        message = str(error)
    assert "file.yml" in message
