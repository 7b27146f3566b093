"""Webhooks: signed, sent to allowed hosts only, with retries."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from impasto.errors import OptionError
from impasto.studio.documents import job_document
from impasto.studio.settings import Settings, is_loopback, secret_of

if TYPE_CHECKING:
    from impasto.studio.state import Delivery, State

log = logging.getLogger("impasto.studio.webhooks")
PAUSES = (10.0, 60.0, 300.0, 900.0, 900.0)
"""The seconds before each retry."""
TIMEOUT = 10.0
_USUAL = {"https": 443, "http": 80}


def check_address(address: str, settings: Settings) -> str:
    """Return ``address`` if webhooks may be sent there. Raises OptionError.

    Only hosts listed by the operator are allowed, so that users cannot make the server post into its own
    network. A host without a port means the default port: 443, or 80 if http is allowed.
    """
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise OptionError(f"expected a URL as webhook: {error}") from error
    usual = _USUAL.get(parts.scheme)
    port = usual if port is None else port
    allowed = {name.lower() for name in settings.webhook_hosts}
    named = {host, f"[{host}]"} if port == usual else set()
    if not allowed & {*named, f"{host}:{port}", f"[{host}]:{port}"}:
        raise OptionError(
            "the webhook's host or port is not allowed; the operator of this server can add it to "
            "IMPASTO_STUDIO_WEBHOOK_HOSTS"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise OptionError("expected a webhook that begins with https://")
    if parts.username is not None or parts.fragment:
        raise OptionError("expected a webhook without a user name and without a fragment")
    return address


def secret_for(settings: Settings, owner: str) -> str:
    """Return the secret that signs the webhooks of ``owner``."""
    return hmac.new(secret_of(settings), f"webhook:{owner}".encode(), hashlib.sha256).hexdigest()


def signature(secret: str, body: bytes, at: int) -> str:
    """Return the header's value: the time and the HMAC-SHA256 of time and body."""
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={made}"


class WebhookSender:
    """A sender of the webhooks that are due."""

    def __init__(self, settings: Settings, state: State) -> None:
        self.settings, self.state = settings, state

    def send_next(self) -> bool:
        """Try to send the next webhook; return False if none is due."""
        delivery = self.state.deliveries.take(time.time(), hold=3 * TIMEOUT)
        if delivery is None:
            return False
        job = self.state.jobs.find(delivery.owner, delivery.job)
        if job is None:
            self.state.deliveries.remove(delivery.id)
            return True
        plain = job_document(job, position=None)
        body = json.dumps({"event": delivery.event, "delivery": delivery.id, "job": plain}).encode()
        taken = self._post(delivery, body)
        if taken or delivery.attempts > len(PAUSES):
            self.state.deliveries.remove(delivery.id)
        else:
            self.state.deliveries.postpone(delivery.id, time.time() + PAUSES[delivery.attempts - 1])
        return True

    def _post(self, delivery: Delivery, body: bytes) -> bool:
        headers: dict[str, Any] = {
            "Content-Type": "application/json",
            "Impasto-Event": delivery.event,
            "Impasto-Delivery": delivery.id,
            "Impasto-Signature": signature(secret_for(self.settings, delivery.owner), body, int(time.time())),
        }
        try:
            check_address(delivery.address, self.settings)  # the list may have changed
            # The response body is not read: it may be endless.
            with httpx.stream(
                "POST",
                delivery.address,
                content=body,
                headers=headers,
                timeout=TIMEOUT,
                follow_redirects=False,
                trust_env=False,
            ) as answer:
                status, is_taken = answer.status_code, answer.is_success
        except (httpx.HTTPError, httpx.InvalidURL, OptionError) as error:
            log.warning("not sent", extra={"delivery": delivery.id, "reason": type(error).__name__})
            return False
        log.info("sent", extra={"delivery": delivery.id, "status": status})
        return is_taken
