"""The studio's process: starts server, workers and browser, and stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn

from impasto.errors import InputError, OptionError
from impasto.studio.logs import configure_logging
from impasto.studio.settings import Settings, address_of
from impasto.studio.web.app import Studio
from impasto.studio.web.routes.page import FOLDER
from impasto.studio.worker.supervisor import Supervisor

log = logging.getLogger("impasto.studio.server")
TICKS = 10
"""uvicorn's ticks, of a tenth of a second, between two checks for idle connections."""
HEADER_SECONDS = 30.0
GOODBYE_SECONDS = 0.5


class Server(uvicorn.Server):
    """A uvicorn server that calls ``on_stop`` when told to stop, to end the event streams."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop
        self._since: dict[Any, float] = {}

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals as uvicorn does, but do not raise them again, because workers have yet to be
        stopped."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._on_stop()
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Close connections whose request does not arrive; return whether to exit."""
        if counter % TICKS == 0:
            self._close_silent(time.monotonic())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down as uvicorn does, but do not wait for clients to close TLS connections too."""
        abandoning = asyncio.create_task(self._abandon_closed())
        try:
            await super().shutdown(sockets)
        finally:
            abandoning.cancel()

    def _close_silent(self, now: float) -> None:
        """Close connections that have not sent a complete request header within ``HEADER_SECONDS``."""
        waiting = {
            each: self._since.get(each, now) for each in self.server_state.connections if _is_idle(each)
        }
        for connection, since in waiting.items():
            if now - since > HEADER_SECONDS:
                connection.transport.close()
        self._since = waiting

    async def _abandon_closed(self) -> None:
        before: set[Any] = set()
        while True:
            await asyncio.sleep(GOODBYE_SECONDS)
            closing = {each for each in self.server_state.connections if each.transport.is_closing()}
            for connection in before & closing:
                connection.transport.abort()
            before = closing


def _is_idle(connection: Any) -> bool:
    """Return whether a connection of uvicorn is waiting for a request's header, with either of its
    parsers."""
    cycle = getattr(connection, "cycle", None)
    return cycle is None or cycle.response_complete


def _with_host(address: str, host: str) -> str:
    """Return ``address`` with another host."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{host}:{rest.rpartition(':')[2]}"


def bind(settings: Settings) -> socket.socket:
    """Return the socket to listen on. Raises InputError if the address is in use or not this machine's."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((settings.host, settings.port))
    except OSError as error:
        made.close()
        raise InputError(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror}; use another --port"
        ) from error
    return made


def serve(settings: Settings, *, open_browser: bool = True, say: Callable[[str], None] = print) -> None:
    """Serve until told to stop. Raises ImpastoError for unusable settings."""
    configure_logging(settings.log_format)
    listening = bind(settings)
    with contextlib.closing(listening):
        studio = Studio(settings)
        services = studio.services
        address = address_of(settings, listening.getsockname()[1])
        server = Server(_config(settings, studio), services.broadcaster.stop)
        supervisor = Supervisor(settings, services.state)
        supervisor.start()
        if open_browser:
            threading.Thread(target=_open, args=(server, address), daemon=True).start()
        _print_address(settings, address, say)
        try:
            server.run(sockets=[listening])
        finally:
            services.broadcaster.stop()
            supervisor.stop()
            logging.getLogger("impasto.studio").info("stopped")


def _config(settings: Settings, studio: Studio) -> uvicorn.Config:
    more: dict[str, Any] = {}
    if settings.certificate is not None:
        more = {"ssl_certfile": str(settings.certificate), "ssl_keyfile": str(settings.key)}
    try:
        config = uvicorn.Config(
            studio.asgi,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies or None,
            timeout_graceful_shutdown=settings.shutdown_seconds,
            timeout_keep_alive=20,
            **more,
        )
        config.load()
    except OSError as error:
        raise OptionError(f"cannot use the certificate and key: {error}") from error
    return config


def _open(server: uvicorn.Server, address: str) -> None:
    """Open the page in a browser once the server listens."""
    while not server.started and not server.should_exit:
        time.sleep(0.05)
    if server.started:
        webbrowser.open(address)


def _print_address(settings: Settings, address: str, say: Callable[[str], None]) -> None:
    say(f"Impasto Studio: {address}")
    if settings.host in ("0.0.0.0", "::", ""):
        say(f"For others on this network: {_with_host(address, socket.gethostname())}")
    if not (FOLDER / "index.html").is_file():
        say("The page is not built: `make studio` in a checkout builds it. The HTTP API is at /openapi.json.")
    if not settings.is_loopback and settings.certificate is None:
        say(
            "Without --certificate and --key, tokens and pictures are sent unencrypted, and browsers offer "
            "neither camera nor offline mode."
        )
    say("Press Ctrl-C to stop; unfinished jobs continue at the next start.")
