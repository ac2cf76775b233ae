"""Signs a message as https://www.standardwebhooks.com has it, by Python's own hmac: id, seconds and secret as arguments,
the body on standard input."""

import base64
import hashlib
import hmac
import sys

message, seconds, secret = sys.argv[1:4]
key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
said = f"{message}.{seconds}.".encode() + sys.stdin.buffer.read()
print("v1," + base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode(), end="")
