"""The languages of the explanation page: English in the code, the others in one module each.

A text is put into the page with ``t``, and remains there with its values until ``in_language`` translates it:
a page with all languages is little larger than one with a single language, because its pictures occur once.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import cache
from html import escape, unescape
from importlib import import_module
from typing import Literal, get_args

from impasto.errors import OptionError

PageLanguage = Literal["en", "de", "es", "fr", "ja"]
LANGUAGES: tuple[str, ...] = get_args(PageLanguage)
NAME = "\x02language\x03"
"""The placeholder for the name of the language."""
_BEGIN, _END, _NEXT, _NUMBER, _ENCODED = "\x02", "\x03", "\x1f", "\x1e", "\x1d"
_INNERMOST = re.compile(f"{_BEGIN}([^{_BEGIN}{_END}]*){_END}")
_COMMA = ("de", "es", "fr")
_NO_BREAK = "\u00a0"


def t(text: str, *values: object) -> str:
    """Return ``text``, in English and with {0}, {1} for ``values``, marked for later translation.

    Texts and values may be HTML, and values may be texts themselves. White space is as in HTML.
    """
    return f"{_BEGIN}{_NEXT.join([' '.join(text.split()), *map(str, values)])}{_END}"


def number(shown: str) -> str:
    """Return a number such as "0.25" or "46%", marked to be written as the language requires."""
    return f"{_BEGIN}{_NUMBER}{shown}{_END}"


def encoded(text: str) -> str:
    """Return ``text``, which may contain marked texts, to be written in base64 after translation."""
    return f"{_BEGIN}{_ENCODED}{text}{_END}"


def without_marks(words: str) -> str:
    """Return ``words`` from outside without the characters that mark texts."""
    return re.sub("[\x00-\x1f]", "", words)


def in_language(page: str, language: str) -> str:
    """Return ``page`` with its texts in ``language``, one of ``LANGUAGES``. Raises OptionError."""
    if language not in LANGUAGES:
        raise OptionError(f"expected a language of {', '.join(LANGUAGES)}; got {language}")
    texts = texts_of(language)

    def said(found: re.Match[str]) -> str:
        key, *values = found[1].split(_NEXT)
        if key.startswith(_ENCODED):
            return base64.b64encode(key.removeprefix(_ENCODED).encode()).decode()
        if key.startswith(_NUMBER):
            return _number(key.removeprefix(_NUMBER), language)
        return re.sub(r"\{(\d+)\}", lambda place: values[int(place[1])], _find(texts, key))

    page, count = page.replace(NAME, language), 1
    while count:
        page, count = _INNERMOST.subn(said, page)
    return page


@cache
def texts_of(language: str) -> Mapping[str, str]:
    """Return the texts of a language by the English ones; none for English."""
    if language == "en":
        return {}
    texts: dict[str, str] = import_module(f"{__name__}.{language}").TEXTS
    return {" ".join(key.split()): " ".join(text.split()) for key, text in texts.items()}


def _find(texts: Mapping[str, str], key: str) -> str:
    if key in texts:
        return texts[key]
    # In an attribute or a table.
    found = texts.get(unescape(key))
    return key if found is None else escape(found)


def _number(shown: str, language: str) -> str:
    if language not in _COMMA:
        return shown
    return re.sub(r"(?<=\d)\.(?=\d)", ",", shown).replace("%", f"{_NO_BREAK}%")
