"""A container's health check: ``python -m impasto.studio.web.health`` exits with 0 if the studio answers."""

from __future__ import annotations

import ssl
import sys
import urllib.error
import urllib.request

from impasto.errors import ImpastoError
from impasto.studio.settings import Settings, address_of, load

PATIENCE = 4.0


def is_healthy(settings: Settings) -> bool:
    """Return whether the server with these ``settings`` answers on this machine."""
    context = ssl.create_default_context()
    # The certificate is for the public name, but the request goes to this machine.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(f"{address_of(settings, settings.port)}healthz", timeout=PATIENCE) as answer:
            return int(answer.status) == 200
    except (OSError, urllib.error.URLError):
        return False


def main() -> int:
    try:
        return 0 if is_healthy(load()) else 1
    except ImpastoError as error:
        print(f"impasto: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
