"""The strict reading of YAML: places are kept, cleverness is refused, and no bytes bring it down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.config.problem import ConfigProblem
from pointsman.config.yaml_source import Place, YamlText, read_yaml


def read(text: str | bytes) -> YamlText | ConfigProblem:
    data = text.encode() if isinstance(text, str) else text
    return read_yaml(data, "f.yml", max_bytes=64 * 1024)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("off", "off"),
        ("Yes", "Yes"),
        ("True", "True"),
        ("010", "010"),
        ("0o17", "0o17"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-11-21", "2026-11-21"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e3", "1e3"),
        ('"5"', "5"),
        ("'true'", "true"),
        ("9" * 40, "9" * 40),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-7", -7),
        ("2.50", 2.5),
    ],
)
def test_a_plain_word_means_what_it_says(written: str, meant: object) -> None:
    found = read(f"key: {written}\n")
    assert isinstance(found, YamlText)
    assert found.value == {"key": meant}
    assert isinstance(found.value, dict)
    assert type(found.value["key"]) is type(meant)


def test_every_key_and_value_keeps_its_place() -> None:
    found = read("a: 1\nb:\n  - x\n  - {c: y}\n")
    assert isinstance(found, YamlText)
    assert found.place(("b",)) == Place(2, 1)
    assert found.place_of_value(("b", 0)) == Place(3, 5)
    assert found.place(("b", 1, "c")) == Place(4, 6)
    assert found.place_of_value(("b", 1, "c")) == Place(4, 9)
    assert found.place(("b", 1, "missing", "deeper")) == Place(4, 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\nb: *x\n", "f.yml:1:4: anchors are not read (write the value out where it is used)"),
        ("b: *x\n", "f.yml:1:4: aliases are not read (write the value out)"),
        ("a: !!python/object:os.system x\n", "f.yml:1:4: tags are not read (take the tag out)"),
        ("a: !include x.yml\n", "f.yml:1:4: tags are not read (take the tag out)"),
        ("a: 1\na: 2\n", 'f.yml:2:1: key "a" stands here a second time (it was first given in line 1)'),
        ("a: 1\n---\nb: 2\n", "f.yml:2:1: a second document starts here (keep one document in the file)"),
        ("? [x]\n: y\n", "f.yml:1:3: a key must be a single word"),
        ("a:\n\t- b\n", "indent with spaces, not tabs"),
        ("a: \x07\n", "f.yml:1:4: a control character stands here (take it out)"),
        (b"a: \xff\n", "f.yml:1:4: this is not UTF-8 text (save the file as UTF-8)"),
        ('a: "\\UFFFFFFFF"\n', "out of range"),
        ("[" * 5000, "nested more than 12 deep"),
        ("a: [1\n", "this is not YAML"),
        ("a: " + "x" * 70_000, "the file has 70003 bytes (at most 65536 are read)"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_place(text: str | bytes, said: str) -> None:
    found = read(text)
    assert isinstance(found, ConfigProblem)
    assert said in str(found)


def test_an_empty_file_is_nothing() -> None:
    found = read("# only a comment\n")
    assert isinstance(found, YamlText)
    assert found.value is None


@given(st.one_of(st.binary(max_size=200), st.text("ab:-?[]{}&*!|>'\"%@`#,\n \t\\Ux0~.", max_size=80)))
def test_no_bytes_bring_the_reader_down(data: bytes | str) -> None:
    assert isinstance(read(data), YamlText | ConfigProblem)
