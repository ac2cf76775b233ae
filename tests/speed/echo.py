"""Two peers written with Python's `websockets`, to be timed through a relay and against each other directly.

    echo.py serve BUNDLE                  waits for the other one directly; prints its port
    echo.py meet URL CA_FILE BUNDLE       waits for the other one at a relay
    echo.py ask URL CA_FILE BUNDLE WINDOW SECONDS HELLO

The one that asks keeps WINDOW messages of 1 KiB under way and prints round trips a second and the 99th percentile of
their delays in milliseconds. HELLO is `hello` where a relay wants one, else `-`.
"""

import asyncio
import json
import ssl
import sys
import time
from collections import deque

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

HELLO = json.dumps({"message": {"messageId": 0, "messageType": "CONN:HELLO", "requiresResponse": False}})
PLAIN = {"compression": None, "ping_interval": None}


def trust(ca_file, bundle):
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.load_verify_locations(ca_file)
    trust.check_hostname = False
    trust.load_cert_chain(bundle)
    return trust


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def direct(bundle):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle)
    async with serve(echo, "127.0.0.1", 0, ssl=context, **PLAIN) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.sleep(3600)


async def meet(url, ca_file, bundle):
    async with connect(url, ssl=trust(ca_file, bundle), **PLAIN) as connection:
        await connection.send(HELLO)
        print("waiting", flush=True)
        await connection.recv()
        await echo(connection)


async def ask(url, ca_file, bundle, window, seconds, hello):
    async with connect(url, ssl=trust(ca_file, bundle), **PLAIN) as connection:
        if hello == "hello":
            await connection.send(HELLO)
            await connection.recv()
        message, sent, delays = "x" * 1024, deque(), []
        began = time.perf_counter()
        until = began + float(seconds)
        for _ in range(int(window)):
            sent.append(time.perf_counter())
            await connection.send(message)
        while (now := time.perf_counter()) < until:
            await connection.recv()
            delays.append(time.perf_counter() - sent.popleft())
            sent.append(time.perf_counter())
            await connection.send(message)
        delays.sort()
        print(json.dumps([len(delays) / (now - began), 1000 * delays[len(delays) * 99 // 100]]))


role, *rest = sys.argv[1:]
asyncio.run({"serve": direct, "meet": meet, "ask": ask}[role](*rest))
