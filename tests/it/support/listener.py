"""A program that listens to a space with the `websockets` package, as somebody else would write it.

    listener.py URL CA_FILE TOKEN [LAST_ID]

Prints one line of JSON for each message, and {"heartbeat": true} for each ping. It runs on one thread: the package's
other client reads and writes one TLS connection on two, which OpenSSL does not allow (now and then the request never
leaves, or the program is killed by its own heap).
"""

import asyncio
import json
import ssl
import sys

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode


class Listening(ClientConnection):
    def process_event(self, event):
        if getattr(event, "opcode", None) is Opcode.PING:
            print(json.dumps({"heartbeat": True}), flush=True)
        super().process_event(event)


async def listen(url, ca_file, token, *last):
    headers = {"Authorization": f"Bearer {token}"} | {"Last-Event-ID": seen for seen in last}
    trust = ssl.create_default_context(cafile=ca_file)
    async with connect(
        url, ssl=trust, additional_headers=headers, ping_interval=None, create_connection=Listening
    ) as connection:
        try:
            async for message in connection:
                print(json.dumps(json.loads(message)), flush=True)
        except ConnectionClosed:
            pass


asyncio.run(listen(*sys.argv[1:]))
