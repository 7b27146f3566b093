"""What can be set, by environment variables ``IMPASTO_STUDIO_...`` or on the command line.

docs/studio.md has them as a table; ``tests/studio/test_settings.py`` compares the two.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from impasto.errors import MissingExtraError, OptionError

PREFIX = "IMPASTO_STUDIO_"


def default_data_dir() -> Path:
    """Where the studio keeps its state, pictures and results unless told otherwise."""
    return platformdirs.user_data_path("impasto", appauthor=False) / "studio"


@dataclass(frozen=True)
class Limits:
    """What may be taken on: jobs in the queue, unfinished jobs of one person, bytes of one person."""

    jobs_waiting: int
    jobs_per_owner: int
    bytes: int


class Settings(BaseSettings):
    """Every setting with its default. Raises pydantic's ValidationError; ``load`` turns it into one line."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(8321, ge=0, le=65535)
    data_dir: Path = Field(default_factory=default_data_dir)
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: str = ""
    certificate: Path | None = None
    key: Path | None = None

    token: SecretStr | None = None
    accounts_file: Path | None = None
    metrics_token: SecretStr | None = None
    secret: SecretStr | None = None
    session_hours: float = Field(24 * 14, gt=0)

    database_url: SecretStr = SecretStr("")
    workers: int = Field(1, ge=0, le=64)
    draft_workers: int = Field(1, ge=0, le=64)
    lease_seconds: float = Field(20.0, ge=1)
    checkpoint_seconds: float = Field(10.0, ge=0)
    attempts: int = Field(3, ge=1)
    ray_address: str = ""
    ray_cores: int = Field(1, ge=1)
    ray_memory_gb: float = Field(1.5, gt=0)
    shutdown_seconds: int = Field(20, ge=1)

    max_bytes: int = Field(50 * 2**20, ge=1024)
    max_pixels: int = Field(50_000_000, ge=4096)
    max_frames: int = Field(200, ge=1)
    max_size: int = Field(4096, ge=64)
    max_styles: int = Field(8, ge=1)
    preview_side: int = Field(1024, ge=64)
    draft_size: int = Field(384, ge=64)
    max_queue: int = Field(100, ge=1)
    max_active: int = Field(50, ge=1)
    max_streams: int = Field(500, ge=1)
    max_user_streams: int = Field(250, ge=1)
    max_previews: int = Field(4, ge=1)
    user_bytes: int = Field(10 * 2**30, ge=1)
    requests_per_minute: int = Field(1200, ge=1)
    uploads_per_minute: int = Field(60, ge=1)
    jobs_per_minute: int = Field(120, ge=1)
    sign_ins_per_minute: int = Field(10, ge=1)

    keep_days: float = Field(0, ge=0)
    keep_draft_minutes: float = Field(60, gt=0)
    keep_upload_days: float = Field(0, ge=0)
    keep_audit_days: float = Field(365, gt=0)

    webhook_hosts: tuple[str, ...] = ()
    log_format: Literal["text", "json"] = "text"

    @property
    def limits(self) -> Limits:
        """What the queue and one person may have."""
        return Limits(self.max_queue, self.max_active, self.user_bytes)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the address that is listened on."""
        return is_loopback(self.host)

    @property
    def needs_token(self) -> bool:
        """Whether people have to sign in."""
        return self.token is not None or self.accounts_file is not None

    def environment(self) -> dict[str, str]:
        """The variables that give another process the same settings."""
        found: dict[str, str] = {}
        for name, value in self:
            if value is None:
                continue
            plain = value.get_secret_value() if isinstance(value, SecretStr) else value
            found[f"{PREFIX}{name.upper()}"] = json.dumps(plain) if isinstance(plain, tuple) else str(plain)
        return found

    def check(self) -> Settings:
        """Itself, if it can be served safely. Raises OptionError, MissingExtraError."""
        if not self.is_loopback and not self.needs_token:
            raise OptionError(
                f"{self.host} can be reached from other machines: expected --token (or "
                f"{PREFIX}TOKEN, or {PREFIX}ACCOUNTS_FILE) so that strangers stay out"
            )
        if not self.needs_token and (self.trusted_proxies or not all(map(is_loopback, self.allowed_hosts))):
            raise OptionError(
                f"with {PREFIX}ALLOWED_HOSTS or {PREFIX}TRUSTED_PROXIES other machines reach this server "
                f"through another: expected --token (or {PREFIX}TOKEN, or {PREFIX}ACCOUNTS_FILE) so that "
                "strangers stay out"
            )
        if self.token is not None and len(self.token.get_secret_value()) < 16:
            raise OptionError("the token must have at least 16 characters; this one can be guessed")
        if (self.certificate is None) != (self.key is None):
            raise OptionError("TLS needs both a certificate and its key; expected both, or neither")
        for path in (self.certificate, self.key, self.accounts_file):
            if path is not None and not path.is_file():
                raise OptionError(f"there is no file {path}")
        shared = self.database_url.get_secret_value()
        if shared and not shared.startswith(("postgresql://", "postgres://")):
            raise OptionError(f"{PREFIX}DATABASE_URL must begin with postgresql://")
        if self.ray_address and importlib.util.find_spec("ray") is None:
            raise MissingExtraError(
                f"{PREFIX}RAY_ADDRESS needs Ray, which is not installed: pip install 'impasto[ray]'"
            )
        return self


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine's own address, which no other machine reaches."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def address_of(settings: Settings, port: int) -> str:
    """Where a browser on this machine finds the studio."""
    scheme = "https" if settings.certificate is not None else "http"
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "") else settings.host
    host = "[::1]" if settings.host == "::" else f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}:{port}/"


def load(**given: Any) -> Settings:
    """The settings of the environment, with those ``given`` that are not None over them.

    Raises OptionError, in one line.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**chosen).check()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise OptionError(f"the studio's setting {name} cannot be used: {first['msg']}") from error


def secret_of(settings: Settings) -> bytes:
    """What signs CSRF tokens and webhooks: as set, or kept in the data folder."""
    if settings.secret is not None:
        return settings.secret.get_secret_value().encode()
    path = settings.data_dir / "secret"
    if not path.exists():
        handle = -1
        temporary = path.with_name(f".secret-{secrets.token_hex(8)}")
        try:
            handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, stat.S_IRUSR | stat.S_IWUSR)
            os.write(handle, secrets.token_hex(32).encode())
            os.fsync(handle)
            # Whoever comes first wins; two processes starting at once agree.
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            if handle >= 0:
                os.close(handle)
            temporary.unlink(missing_ok=True)
    return path.read_bytes()
