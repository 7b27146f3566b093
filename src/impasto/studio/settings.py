"""The settings, from environment variables ``IMPASTO_STUDIO_...`` or the command line.

docs/studio.md documents them; a test compares the two.
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

from impasto import extras, files
from impasto.errors import OptionError, did_you_mean
from impasto.imaging.read_options import ReadOptions

PREFIX = "IMPASTO_STUDIO_"


def default_data_dir() -> Path:
    """Return the default folder of the studio's state, pictures and results."""
    return files.user_folder(platformdirs.user_data_path, f"{PREFIX}DATA_DIR") / "studio"


@dataclass(frozen=True)
class Limits:
    """The limits of each lane of the queue, and of one user: unfinished jobs in each lane, and bytes."""

    jobs_waiting: int
    jobs_per_owner: int
    bytes: int


class Settings(BaseSettings):
    """All settings with their defaults. Raises pydantic's ValidationError, which ``load`` converts."""

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
    admins: tuple[str, ...] = ()
    metrics_token: SecretStr | None = None
    secret: SecretStr | None = None
    session_hours: float = Field(24 * 14, gt=0)

    database_url: SecretStr = SecretStr("")
    workers: int = Field(1, ge=0, le=64)
    draft_workers: int = Field(1, ge=0, le=64)
    explanation_workers: int = Field(1, ge=0, le=64)
    training_workers: int = Field(1, ge=0, le=64)
    film_workers: int = Field(1, ge=0, le=64)
    training_minutes: float = Field(4.5, ge=0.1, le=600)
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
    max_work: int = Field(5_000_000_000, ge=1)
    max_styles: int = Field(8, ge=1)
    max_film_bytes: int = Field(500 * 2**20, ge=1024)
    max_film_frames: int = Field(20_000, ge=1)
    max_film_work: int = Field(3_000_000_000, ge=1)
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
    keep_bin_days: float = Field(30, ge=0)
    keep_draft_minutes: float = Field(60, gt=0)
    keep_upload_days: float = Field(0, ge=0)
    keep_audit_days: float = Field(365, gt=0)

    link_days: int = Field(90, ge=0, le=3650)
    webhook_hosts: tuple[str, ...] = ()
    log_format: Literal["text", "json"] = "text"

    @property
    def limits(self) -> Limits:
        """The limits of the queue and of one user."""
        return Limits(self.max_queue, self.max_active, self.user_bytes)

    @property
    def reading(self) -> ReadOptions:
        """The options of reading pictures."""
        return ReadOptions(max_pixels=self.max_pixels)

    @property
    def is_loopback(self) -> bool:
        """True if only this machine can reach the server's address."""
        return is_loopback(self.host)

    @property
    def needs_token(self) -> bool:
        """True if users have to sign in."""
        return self.token is not None or self.accounts_file is not None

    def environment(self) -> dict[str, str]:
        """Return the environment variables that give another process the same settings."""
        found: dict[str, str] = {}
        for name, value in self:
            if value is None:
                continue
            plain = value.get_secret_value() if isinstance(value, SecretStr) else value
            found[f"{PREFIX}{name.upper()}"] = json.dumps(plain) if isinstance(plain, tuple) else str(plain)
        return found

    def check(self) -> Settings:
        """Return self if these settings can be served safely. Raises OptionError, MissingExtraError."""
        if not self.is_loopback and not self.needs_token:
            raise OptionError(
                f"missing option: --token (or {PREFIX}TOKEN, or {PREFIX}ACCOUNTS_FILE); other machines can "
                f"reach {self.host}"
            )
        if not self.needs_token and (self.trusted_proxies or not all(map(is_loopback, self.allowed_hosts))):
            raise OptionError(
                f"missing option: --token (or {PREFIX}TOKEN, or {PREFIX}ACCOUNTS_FILE); with "
                f"{PREFIX}ALLOWED_HOSTS or {PREFIX}TRUSTED_PROXIES other machines can reach this server"
            )
        if self.token is not None and len(self.token.get_secret_value()) < 16:
            raise OptionError(
                f"expected a token of at least 16 characters; got {len(self.token.get_secret_value())}"
            )
        if (self.certificate is None) != (self.key is None):
            raise OptionError("expected both --certificate and --key, or neither; got one of them")
        for path in (self.certificate, self.key, self.accounts_file):
            if path is not None and not path.is_file():
                raise OptionError(f"there is no file {path}")
        shared = self.database_url.get_secret_value()
        if shared and not shared.startswith(("postgresql://", "postgres://")):
            raise OptionError(f"expected {PREFIX}DATABASE_URL to begin with postgresql://")
        if self.ray_address and importlib.util.find_spec("ray") is None:
            raise extras.missing(f"{PREFIX}RAY_ADDRESS needs Ray", "ray")
        return self


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is a loopback address, which no other machine can reach."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def address_of(settings: Settings, port: int) -> str:
    """Return the studio's URL for a browser on this machine."""
    scheme = "https" if settings.certificate is not None else "http"
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "") else settings.host
    host = "[::1]" if settings.host == "::" else f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}:{port}/"


def load(**given: Any) -> Settings:
    """Return the settings of the environment, overridden by those ``given`` that are not None.

    Raises OptionError.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**chosen).check()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise OptionError(f"invalid setting {name} of the studio: {first['msg']}") from error


def unknown_variables() -> list[str]:
    """Return a message for each environment variable that looks like a setting but is not one."""
    names = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    found = []
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in names:
            near = did_you_mean(name.upper(), names)
            found.append(f"{name} is not a setting of the studio and is ignored{near}")
    return found


def secret_of(settings: Settings) -> bytes:
    """Return the secret that signs CSRF tokens and webhooks: as set, or stored in the data folder."""
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
            # If two processes start at once, the first one wins, and both use its secret.
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            if handle >= 0:
                os.close(handle)
            temporary.unlink(missing_ok=True)
    return path.read_bytes()
