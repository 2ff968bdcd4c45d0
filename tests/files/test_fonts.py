import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from videodirector.files.fonts import fit_lines

FONT = ImageFont.load_default(14)


def test_words_are_kept_in_order() -> None:
    text = "a fox walks through the forest and meets an owl"
    lines = fit_lines(text, FONT, 120, lines=9)
    assert " ".join(lines) == text
    assert len(lines) > 1


def test_what_does_not_fit_ends_in_dots() -> None:
    lines = fit_lines("one two three four five six seven eight nine ten", FONT, 80, lines=2)
    assert len(lines) == 2
    assert lines[1].endswith("...")
    assert fit_lines("Donaudampfschifffahrt", FONT, 60, lines=2)[0].endswith("...")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("it's 100%: %{pts} 'quoted' \\n [a]=b;c", ["it's 100%: %{pts} 'quoted' \\n [a]=b;c"]),
        ("two\nlines\tand\r\n more", ["two lines and more"]),
        ("a\x00b\x1b[31m", ["ab[31m"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_awkward_text_is_only_text(text: str, lines: list[str]) -> None:
    assert fit_lines(text, FONT, 600, lines=2) == lines


@given(st.text(max_size=300), st.integers(1, 300), st.integers(1, 4))
def test_every_line_fits(text: str, width: int, lines: int) -> None:
    fitted = fit_lines(text, FONT, width, lines=lines)
    assert len(fitted) <= lines
    assert all(FONT.getlength(line) <= width for line in fitted)


def test_a_megabyte_costs_no_more_than_a_page() -> None:
    lines = fit_lines("x" * 1_000_000, FONT, 200, lines=2)
    assert len(lines) == 1
    assert lines[0].endswith("...")
