"""Checks of single options in a request."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from impasto.errors import InputError, OptionError
from impasto.parameters import Parameter, shown


def check_options(given: Mapping[str, Any], known: Mapping[str, Parameter]) -> None:
    """Raise OptionError for an option that is not ``known``, or whose value requests may not use."""
    for name, value in given.items():
        if name not in known:
            raise OptionError(f"unknown option {name!r}; expected one of {', '.join(known)}")
        allowed, most = get_args(known[name].choices), known[name].bound
        if allowed and value not in (*allowed, None):
            raise OptionError(f"expected {name} to be one of {', '.join(allowed)}; got {shown(value)}")
        # Upper limits keep one job from blocking the machine.
        if most is not None and isinstance(value, (int, float)) and value > most:
            raise OptionError(f"expected {name} of at most {most:g}; got {shown(value)}")


@contextlib.contextmanager
def read_errors() -> Iterator[None]:
    """Raise OptionError in place of the errors from creating options with values of a wrong type."""
    try:
        yield
    except InputError:
        raise
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise OptionError(f"options have a value of a wrong type: {str(error)[:200]}") from error
