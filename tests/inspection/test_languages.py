"""The texts of the explanation page, in every language."""

from __future__ import annotations

import ast
import base64
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from impasto.errors import OptionError
from impasto.inspection import page
from impasto.inspection.languages import LANGUAGES, in_language, number, t, texts_of, without_marks
from impasto.inspection.logs import LossLog
from impasto.inspection.page.media import chart

PAGE = Path(page.__file__).parent
OTHERS = [language for language in LANGUAGES if language != "en"]


def written_texts() -> set[str]:
    """The English texts, as the page's modules put them in."""
    found = set()
    for path in PAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                text = node.args[0]
                assert isinstance(text, ast.Constant), ast.unparse(node)
                found.add(" ".join(str(text.value).split()))
    return found


def parts(text: str) -> tuple[list[str], list[str]]:
    return sorted(re.findall(r"\{\d+\}", text)), sorted(re.findall(r"</?\w+>", text))


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_the_page_is_there_in_every_language_and_none_that_is_not_shown(language: str) -> None:
    written, there = written_texts(), set(texts_of(language))
    assert len(written) > 150
    assert (written - there, there - written) == (set(), set())


@pytest.mark.parametrize("language", OTHERS)
def test_texts_have_the_values_and_the_elements_of_the_english_ones(language: str) -> None:
    for english, text in texts_of(language).items():
        assert parts(text) == parts(english), english
        assert '"' not in text, "it may stand in an attribute"


def test_texts_are_said_in_a_language_with_their_values_and_numbers() -> None:
    text = t("<b>The result</b>, painted in {0} seconds", number("1.5"))
    assert in_language(text, "en") == "<b>The result</b>, painted in 1.5 seconds"
    assert in_language(text, "de") == "<b>Das Ergebnis</b>, gemalt in 1,5 Sekunden"
    assert in_language(text, "ja") == "<b>結果</b>、1.5 秒で描画"
    assert in_language(number("46%"), "fr") == "46\u00a0%"


def test_a_text_may_be_a_value_of_another_and_stand_in_an_attribute() -> None:
    inner = t("{0} maps of {1} × {2}, {3} silent", 4, 2, 3, number("0%"))
    assert in_language(t("<b>Content</b>: {0}", inner), "es") == (
        "<b>Contenido</b>: 4 mapas de 2 × 3, 0\u00a0% mudos"
    )
    attribute = t("The papers' way: from noise").replace("'", "&#x27;")
    assert in_language(attribute, "de") == "Der Weg der Artikel: aus Rauschen"


def test_a_text_without_a_translation_stays_english() -> None:
    assert in_language(t("new words for {0}", "it"), "de") == "new words for it"


def test_names_that_others_gave_are_no_texts() -> None:
    assert without_marks("a\x02b\x1f\x03c") == "abc"


def charts(language: str, lowest: float) -> list[str]:
    """The chart of losses from 100 down to ``lowest``, in every window."""
    steps = np.arange(1, 61)
    falling = np.geomspace(100, lowest, 60)
    names = ("total", "content relu4_1", "style relu1_1", "tv")
    log = LossLog(steps, steps // 40, steps, steps, steps / 10, dict.fromkeys(names, falling))
    found = re.findall(r'base64,([^"]+)"', in_language(chart(log, "curves"), language))
    assert len(found) == 4
    return [base64.b64decode(each).decode() for each in found]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_labels_and_numbers_of_the_chart_are_in_the_pages_language(language: str) -> None:
    texts = texts_of(language)
    for svg in charts(language, 20):
        labels = set(re.findall(r">([^<>]+)</text>", svg))
        words = {label for label in labels if not re.fullmatch(r"[\d.,]+|relu\d_\d", label)}
        asked = ("Total", "Content, by layer", "Style, by layer", "iteration")
        kinds = ("total", "content", "style", "smooth")
        assert words == {texts.get(each, each) for each in (*asked, *kinds)}
        assert "relu4_1" in labels
        ElementTree.fromstring(svg)


def test_losses_that_span_much_are_labelled_in_plain_numbers() -> None:
    for svg in charts("de", 0.001):
        labels = re.findall(r">([^<>]+)</text>", svg)
        assert {"100", "0,1", "0,01"} <= set(labels)
        assert not [label for label in labels if "$" in label]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(OptionError, match="expected a language of en, de, es, fr, ja; got xx"):
        in_language("", "xx")
