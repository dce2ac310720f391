"""Passes on what arrives at [::1], to where the server listens.

Browsers that are sent to `localhost` try ::1 first, and granian binds one address. So this
hands connections on, byte by byte; on a developer's machine that costs nothing that matters.
"""

import asyncio
import socket
from contextlib import suppress


async def relay(listener: socket.socket, address: str, port: int) -> None:
    """Pass connections on until cancelled.

    Args:
        listener: Bound and listening.
        address, port: Where the server is.
    """

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection(address, port)
        except OSError:  # the server is being started again
            writer.close()
            return
        try:
            await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))
        except OSError:
            pass  # one side hung up on the other
        finally:
            there_writer.close()
            writer.close()

    server = await asyncio.start_server(pass_on, sock=listener)
    await server.serve_forever()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(65536):
        sink.write(chunk)
        await sink.drain()
    with suppress(OSError):
        # Said, not left to closing: a worker forked meanwhile holds a copy of this socket.
        sink.write_eof()
