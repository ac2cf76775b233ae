"""A program that listens to a space with the `websockets` package, as somebody else would write it.

    listener.py URL CA_FILE TOKEN [LAST_ID]

Prints one line of JSON for each message, and {"heartbeat": true} for each ping.
"""

import json
import ssl
import sys

from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode
from websockets.sync.client import ClientConnection, connect


class Listening(ClientConnection):
    def process_event(self, event):
        if getattr(event, "opcode", None) is Opcode.PING:
            print(json.dumps({"heartbeat": True}), flush=True)
        super().process_event(event)


url, ca_file, token, *last = sys.argv[1:]
headers = {"Authorization": f"Bearer {token}"} | {"Last-Event-ID": seen for seen in last}
trust = ssl.create_default_context(cafile=ca_file)
with connect(
    url, ssl=trust, additional_headers=headers, ping_interval=None, create_connection=Listening
) as connection:
    try:
        for message in connection:
            print(json.dumps(json.loads(message)), flush=True)
    except ConnectionClosed:
        pass
