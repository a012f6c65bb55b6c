"""Serving from the command line until told to stop."""

import asyncio
import gc
import logging
import signal

import click
import uvloop
from aiohttp import web

from psirf_bot import bootstrap, config

SELDOM = 5000, 20, 20
"""How much is made before garbage is looked for: a turn makes a thousand things, and nearly all go by themselves."""


def run(app: bootstrap.Application, settings: config.Settings, greeting: str) -> None:
    """Serve, and say where; the `greeting` has a place for the address. Raises ClickException where it is taken."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("apscheduler", "alembic", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(_without_request)
    uvloop.run(_until_stopped(app, settings, greeting))


def _without_request(record: logging.LogRecord) -> bool:
    """Leave out what a request held: the web server quotes the bytes of one that it cannot read."""
    error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "an error"
    record.msg, record.args, record.exc_info, record.exc_text = f"a request was not handled: {error}", (), None, None
    return True


async def _until_stopped(app: bootstrap.Application, settings: config.Settings, greeting: str) -> None:
    """Serve until told to stop, however often; then finish what is under way."""
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    runner = web.AppRunner(app.web_application(), access_log=None, shutdown_timeout=10, auto_decompress=False)
    await runner.setup()
    gc.collect()
    gc.freeze()  # what has been loaded stays; looking through all of it again would hold everybody up
    gc.set_threshold(*SELDOM)
    try:
        await _listen(runner, settings.host, settings.port)
        click.echo(greeting.format(address=f"http://{settings.host}:{runner.addresses[0][1]}"))
        await stop.wait()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as busy:
        words = f"{host}:{port} cannot be used ({busy.strerror}). Check PSIRF_HOST and PSIRF_PORT."
        raise click.ClickException(words) from None
