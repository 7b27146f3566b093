"""The options for reading an upload, as form fields generated from those of ``ReadOptions``."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

from fastapi import Depends, Form

from impasto.imaging.read_options import LIMITS, ReadOptions
from impasto.parameters import parameters
from impasto.studio.web.dependencies import ServicesDep

_TYPES: dict[str, Any] = {"number": float, "whole": int, "switch": bool}


def _reading(services: ServicesDep, **given: Any) -> ReadOptions:
    """Return the options in a form, within the server's limits. Raises OptionError."""
    return services.settings.reading.replace(**given)


_reading.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        inspect.Parameter("services", inspect.Parameter.KEYWORD_ONLY, annotation=ServicesDep),
        *(
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=default,
                annotation=Annotated[
                    described.choices or _TYPES.get(described.kind, str), Form(description=described.help)
                ],
            )
            for name, described, default in parameters(ReadOptions)
            if name not in LIMITS
        ),
    ]
)
UploadReading = Annotated[ReadOptions, Depends(_reading)]
"""The options for reading an upload."""
