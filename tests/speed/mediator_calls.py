"""How long one read of a meter takes: through the mediator over mutual TLS, and on the meter's own TCP link.

    mediator_calls.py MEDIATOR CA CERTIFICATE KEY METER SERIAL ROUNDS SECONDS

Runs under a Python with the `grpcio` package. Rounds of one and of the other take turns, 200 calls a second each.
Prints JSON: for each round the 99th percentile in milliseconds.
"""

import gc
import json
import socket
import sys
import time

import grpc

PER_SECOND = 200
# Read the serial: the object 600100 as field 2 of the request, and the whole as a frame.
OBJECT = bytes.fromhex("1080828003")
FRAME = bytes.fromhex("7e11000000000021ae42050160010000c02f")


def main():
    mediator, ca, certificate, key, meter, serial, rounds, seconds = sys.argv[1:]
    files = (open(file, "rb").read() for file in (ca, key, certificate))
    options = [("grpc.ssl_target_name_override", "cepro-mediators")]
    channel = grpc.secure_channel(mediator, grpc.ssl_channel_credentials(*files), options)
    read = channel.unary_unary("/simt_emlite.mediator.grpc.EmliteMediatorService/readElement",
                               request_serializer=bytes, response_deserializer=bytes)
    request = bytes([0x0A, len(serial)]) + serial.encode() + OBJECT
    host, port = meter.rsplit(":", 1)

    def through():
        assert serial.encode() in read(request, timeout=10)

    def direct():
        with socket.create_connection((host, int(port)), timeout=10) as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.sendall(FRAME)
            reply = b""
            while len(reply) < 2 or len(reply) <= reply[1]:
                piece = link.recv(512)
                assert piece, "the meter closed"
                reply += piece
            assert serial.encode() in reply

    gc.disable()
    for call in (through, direct):
        paced(call, 1)  # warm
    found = {"through": [], "direct": []}
    for _ in range(int(rounds)):
        found["through"].append(paced(through, int(seconds)))
        found["direct"].append(paced(direct, int(seconds)))
    print(json.dumps(found))


def paced(call, seconds):
    """Calls at the given pace for so long; answers the 99th percentile in milliseconds."""
    took = []
    began = time.perf_counter()
    for number in range(PER_SECOND * seconds):
        wait = began + number / PER_SECOND - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        asked = time.perf_counter()
        call()
        took.append((time.perf_counter() - asked) * 1000)
    took.sort()
    return took[len(took) * 99 // 100]


main()
