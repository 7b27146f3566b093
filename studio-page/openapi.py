"""Print the schemas of the studio's OpenAPI document, from which `make types` writes the page's types."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from impasto.studio.settings import Settings
from impasto.studio.web.app import Studio


def main() -> None:
    """Write the document without its paths, whose types the page does not use, to standard output."""
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Settings(data_dir=Path(folder)))
        document = studio.app.openapi()
        studio.services.state.close()
    print(json.dumps({**document, "paths": {}}, indent=2))


if __name__ == "__main__":
    main()
