"""Authentication: tokens, sessions, and protection against cross-site requests."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from impasto.errors import OptionError
from impasto.files import digests
from impasto.studio.settings import Settings, secret_of
from impasto.studio.state import State
from impasto.studio.web.problems import ProblemError

log = logging.getLogger("impasto.studio.web.accounts")
COOKIE = "impasto_session"
LOCAL = "local"
OWNER = "owner"
_LINE = re.compile(r"([a-z0-9][a-z0-9_.-]{0,63}):([0-9a-f]{64})")
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Caller:
    """The user who sends a request. ``session``: the cookie's key; ``token``: SHA-256 of a bearer token."""

    user: str
    csrf: str
    session: str | None = None
    expires: float | None = None
    token: str | None = None


def account_line(name: str, token: str) -> str:
    """Return the line of the accounts file that allows ``token`` to sign in as ``name``."""
    return f"{name}:{digests.of_bytes(token)}"


class Accounts:
    """The users' tokens and sessions."""

    def __init__(self, settings: Settings, state: State) -> None:
        self.settings, self.state = settings, state
        self._secret = secret_of(settings)
        self._read_at = _changed(settings.accounts_file)
        self._users = _read(settings)

    def users(self) -> dict[str, str]:
        """Return the users' names by the SHA-256 of their tokens.

        The accounts file is read again when it changes; a file with a mistake is ignored.
        """
        at = _changed(self.settings.accounts_file)
        if at != self._read_at:
            self._read_at = at
            try:
                self._users = _read(self.settings)
                log.info("the accounts file was reloaded")
            except (OSError, OptionError) as error:
                log.warning("the accounts file cannot be used; keeping the previous accounts: %s", error)
        return self._users

    def is_known(self, user: str) -> bool:
        """Return whether ``user`` may sign in, or is the single user of a studio without sign-in."""
        return user in self.names()

    def is_admin(self, user: str) -> bool:
        """Return whether ``user`` is an administrator: named in the settings, or the only user."""
        if not self.settings.needs_token:
            return user == LOCAL
        return user in self.settings.admins or (user == OWNER and self.settings.token is not None)

    def names(self) -> set[str]:
        """Return the names of all who may sign in, or of the single user of a studio without sign-in."""
        return {*self.users().values()} if self.settings.needs_token else {LOCAL}

    def user_of(self, token: str) -> str | None:
        """Return the user of a token, compared in constant time; None for an unknown one."""
        digest = digests.of_bytes(token)
        found = None
        for known, user in self.users().items():
            if hmac.compare_digest(known, digest):
                found = user
        return found

    def sign_in(self, token: str) -> Caller | None:
        """Return a new session for ``token``; None for an unknown one."""
        user = self.user_of(token)
        if user is None:
            return None
        key, expires = secrets.token_urlsafe(32), time.time() + self.settings.session_hours * 3600
        key = f"{key}.{self._tied(key, digests.of_bytes(token))}"
        self.state.sessions.add(key, user, expires)
        return Caller(user, self._csrf(key), key, expires)

    def sign_out(self, caller: Caller) -> None:
        if caller.session is not None:
            self.state.sessions.remove(caller.session)

    def caller(self, request: Request) -> Caller | None:
        """Return the caller, or None if not signed in. Raises ProblemError for a wrong bearer token."""
        header = request.headers.get("authorization", "")
        if header:
            scheme, _, token = header.partition(" ")
            user = self.user_of(token.strip()) if scheme.lower() == "bearer" else None
            if user is not None:
                return Caller(user, "", token=digests.of_bytes(token.strip()))
            if self.settings.needs_token:
                raise ProblemError("unauthorised", "expected a valid bearer token; got an unknown one")
        if not self.settings.needs_token:
            return Caller(LOCAL, self._csrf(LOCAL))
        key = request.cookies.get(COOKIE)
        found = self.state.sessions.find(key, time.time()) if key else None
        if key is None or found is None or not self._is_tied(key, found[0]):
            return None
        return Caller(found[0], self._csrf(key), key, found[1])

    def is_in(self, caller: Caller) -> bool:
        """Return whether ``caller`` is still signed in."""
        if not self.settings.needs_token:
            return True
        if caller.session is None:
            return self.users().get(caller.token or "") == caller.user
        found = self.state.sessions.find(caller.session, time.time())
        return found is not None and self._is_tied(caller.session, caller.user)

    def _tied(self, key: str, digest: str) -> str:
        """Return the value that binds a session to the token that opened it, by the token's SHA-256."""
        return hmac.new(self._secret, f"session:{key}:{digest}".encode(), hashlib.sha256).hexdigest()

    def _is_tied(self, session: str, user: str) -> bool:
        """Return whether a session of ``user`` was opened with a token that is still theirs."""
        key, _, tied = session.partition(".")
        theirs = [digest for digest, owner in self.users().items() if owner == user]
        return any(hmac.compare_digest(self._tied(key, each).encode(), tied.encode()) for each in theirs)

    def check_origin(self, request: Request, caller: Caller) -> None:
        """Raise ProblemError for a request that another site's page may have caused (CSRF)."""
        if caller.token is not None:
            return
        check_same_site(request)
        if request.method in SAFE:
            return
        headers = request.headers
        # A client without cookies and origin headers is not a browser.
        named = "origin" in headers or "sec-fetch-site" in headers
        is_program = caller.session is None and not named
        if not is_program and not hmac.compare_digest(
            headers.get("x-csrf-token", "").encode(), caller.csrf.encode()
        ):
            raise ProblemError("csrf", "expected the X-CSRF-Token of GET /api/v1/session")

    def _csrf(self, key: str) -> str:
        return hmac.new(self._secret, f"csrf:{key}".encode(), hashlib.sha256).hexdigest()


def _read(settings: Settings) -> dict[str, str]:
    """Return the users' names by the SHA-256 of their tokens. Raises OptionError for a malformed line."""
    found: dict[str, str] = {}
    if settings.token is not None:
        found[digests.of_bytes(settings.token.get_secret_value())] = OWNER
    path = settings.accounts_file
    lines = [] if path is None else path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise OptionError(f"{path}, line {number}: expected NAME:SHA-256 of a token")
        if match[1] == OWNER and settings.token is not None:
            raise OptionError(f"{path}, line {number}: {OWNER} is the user of IMPASTO_STUDIO_TOKEN already")
        found[match[2]] = match[1]
    return found


def _changed(path: Path | None) -> int:
    """Return the time at which ``path`` was last written, 0 if it does not exist."""
    try:
        return 0 if path is None else path.stat().st_mtime_ns
    except OSError:
        return 0


def check_same_site(request: Request) -> None:
    """Raise ProblemError for a browser's request from another site."""
    headers = request.headers
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ProblemError("csrf", "requests from other sites are not allowed")
    origin = headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{headers.get('host', '')}":
        raise ProblemError("csrf", f"requests from {origin[:100]} are not allowed")
