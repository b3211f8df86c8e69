"""entry.toml: what is wrong, and on which line."""

import pytest

from minjoule.manifest import ManifestError, parse_manifest

GOOD = 'name = "n"\ntrack = "parity"\nentrypoint = "entry.py"\nlicense = "MIT"\ndescription = "d"\n'


def test_a_good_manifest_is_parsed() -> None:
    manifest = parse_manifest(GOOD)
    assert (manifest.name, manifest.track, manifest.parent) == ("n", "parity", None)


WRONG = {
    "no TOML": (GOOD + "x = = 1\n", 6, "no valid TOML"),
    "unknown key": (GOOD + 'color = "red"\n', 6, "unknown key 'color'"),
    "wrong type": (GOOD.replace('"n"', "3"), 1, "name is int"),
    "name too long": (GOOD.replace('"n"', f'"{"x" * 61}"'), 1, "61 characters, 1 to 60"),
    "invisible name": (GOOD.replace('"n"', '"\\u202e"'), 1, "0 characters"),
    "bad track": (GOOD.replace("parity", "No Track"), 2, "track is 'No Track'"),
    "entrypoint outside": (GOOD.replace("entry.py", "../entry.py"), 3, "entrypoint is '../entry.py'"),
    "bad licence": (GOOD.replace("MIT", "free for all"), 4, "SPDX"),
    "bad parent": (GOOD + 'parent = "abc"\n', 6, "64 hexadecimal digits"),
    "missing": (GOOD.replace('license = "MIT"\n', ""), None, "license is missing"),
}


@pytest.mark.parametrize(("text", "line", "said"), WRONG.values(), ids=WRONG.keys())
def test_an_error_names_its_line(text: str, line: int | None, said: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(text)
    assert caught.value.line == line
    assert said in str(caught.value)
    assert ("entry.toml, line" in str(caught.value)) == (line is not None)


@pytest.mark.parametrize("value", ["[" * 5000, "9" * 100_000, "0x" + "f" * 100_000, "{a=" * 3000])
def test_what_no_parser_takes_is_refused_in_words(value: str) -> None:
    with pytest.raises(ManifestError) as refused:
        parse_manifest(f"name = {value}\n")
    assert len(str(refused.value)) < 500
