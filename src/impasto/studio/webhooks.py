"""Webhooks: signed, to allowed hosts only, repeated until they are taken or it has been tried enough."""

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
"""Seconds between tries; after the last one there is no other."""
TIMEOUT = 10.0
_USUAL = {"https": 443, "http": 80}


def check_address(address: str, settings: Settings) -> str:
    """``address``, if webhooks may be sent there. Raises OptionError.

    Only hosts the operator names: a server that posts wherever it is told reaches into its own network. A
    host named without a port is meant with the usual one: 443, or 80 where http is allowed.
    """
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise OptionError(f"webhook is no address: {error}") from error
    usual = _USUAL.get(parts.scheme)
    port = usual if port is None else port
    allowed = {name.lower() for name in settings.webhook_hosts}
    named = {host, f"[{host}]"} if port == usual else set()
    if not allowed & {*named, f"{host}:{port}", f"[{host}]:{port}"}:
        raise OptionError(
            "webhook names a host, or a port of it, that this server does not send to; its operator lists "
            "those it does"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise OptionError("webhook must begin with https://")
    if parts.username is not None or parts.fragment:
        raise OptionError("webhook must have neither a user name nor a fragment")
    return address


def secret_for(settings: Settings, owner: str) -> str:
    """What ``owner``'s webhooks are signed with."""
    return hmac.new(secret_of(settings), f"webhook:{owner}".encode(), hashlib.sha256).hexdigest()


def signature(secret: str, body: bytes, at: int) -> str:
    """The header's value: when it was sent, and the HMAC-SHA256 of time and body."""
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={made}"


class WebhookSender:
    """Sends what is due."""

    def __init__(self, settings: Settings, state: State) -> None:
        self.settings, self.state = settings, state

    def send_next(self) -> bool:
        """Try the next one; False when none is due."""
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
            check_address(delivery.address, self.settings)  # the list may have become shorter
            # The answer's body is not read: it may have no end.
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
