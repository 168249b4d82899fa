"""`facet serve`: the HTTP service."""

import contextlib
import gc
import ipaddress
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from facet.process.early_stop import ended_by_sigterm
from model.errors import Forbidden, Unavailable

if TYPE_CHECKING:
    from facet.process.http_server import Server
    from facet.settings import Settings


class ServeCommand(TyperCommand):
    """A command whose help lists every setting; they are imported only for that."""

    def format_help(self, *arguments: Any) -> None:
        from facet.settings import PREFIX, Settings

        lines = [
            f"{PREFIX}{name.upper()} ({field.default!s}): {field.description}"
            for name, field in Settings.model_fields.items()
        ]
        self.epilog = "\n\n".join(["Every setting is an environment variable; options go before them.", *lines])
        super().format_help(*arguments)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    model: Annotated[str | None, typer.Option(help="A checkpoint's path, or `dummy`.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where the gallery's database lies.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:<number>.")] = None,
    detector_model: Annotated[Path | None, typer.Option(help="A detector's file, such as YuNet's.")] = None,
    database_url: Annotated[str | None, typer.Option(help="The gallery's database.")] = None,
    log_level: Annotated[str | None, typer.Option(help="critical, error, warning, info or debug.")] = None,
    insecure: Annotated[
        bool | None, typer.Option("--insecure", help="Let everybody in who can reach it, while there are no API keys.")
    ] = None,
) -> None:
    """Serve the HTTP interface until interrupted.

    Example: facet serve --port 9000 --data-dir ~/faces
    """
    from facet.settings import Settings

    settings = Settings.load(
        host=host,
        port=port,
        model=model,
        data_dir=data_dir,
        device=device,
        detector_model=detector_model,
        database_url=database_url,
        log_level=log_level,
        insecure=insecure,
    )
    with _listen(settings.host, settings.port) as listener:
        # Nothing that is made until the server is ready will be garbage; it begins to collect then.
        gc.disable()
        try:
            _run(settings, listener)
        finally:
            gc.enable()


def _listen(host: str, port: int) -> socket.socket:
    """A socket bound to an address. Raises Unavailable with the reason if the address cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with contextlib.ExitStack() as on_failure:
            listener = on_failure.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            on_failure.pop_all()
    except OSError as error:
        raise Unavailable(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return listener


def _is_loopback(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def _run(settings: "Settings", listener: socket.socket) -> None:
    """Serve on a socket until a signal comes. Exits with code 3 if the application cannot start."""
    with ended_by_sigterm():
        server = _server(settings, listener)
    # uvicorn passes on the Ctrl-C that it has already obeyed.
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    if not server.started:
        raise typer.Exit(3)


def _server(settings: "Settings", listener: socket.socket) -> "Server":
    """The application in a server that is to run on a socket. Raises Unavailable and Forbidden."""
    import uvicorn

    from facet.asgi import create_app
    from facet.process.http_protocol import KEEP_ALIVE_SECONDS, MAX_HEAD_BYTES, patient_protocol
    from facet.process.http_server import Server
    from facet.process.logs import configure_logs
    from facet.process.memory import take_evenly
    from facet.process.tracing import configure_traces
    from facet.process.watchdog import watch

    take_evenly()
    configure_logs(settings.log_level, settings.log_format)
    configure_traces("facet", settings.traces)
    try:
        app = create_app(settings)
    except OSError as error:
        raise Unavailable(f"cannot use the data directory {settings.data_dir}: {error.strerror or error}") from error
    if not _is_loopback(listener) and not settings.insecure and not app.state.access.has_keys():
        app.state.gallery.close()
        raise Forbidden(
            f"{settings.host} can be reached from other machines, and there is no API key: all who reach it could read "
            "and erase faces. Make a key with `facet keys create`, or say --insecure."
        )
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=patient_protocol(settings.max_header_seconds, settings.max_body_seconds, settings.max_connections),
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Nothing here asks for the address of a caller.
        proxy_headers=False,
        timeout_graceful_shutdown=settings.max_drain,
    )
    watch(app.state.inference)
    return Server(config)
