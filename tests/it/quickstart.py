"""Answers the questions of a quickstart on a terminal, as a person types them: one a line of `answers`, each when
something is asked. Prints what was seen; ends as the command did. usage: quickstart.py ANSWERS COMMAND..."""

import json
import os
import pty
import select
import sys

answers = json.loads(sys.argv[1])
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
seen = b""
waiting = 0
while True:
    # Whoever is silent for so long waits for an answer.
    ready, _, _ = select.select([terminal], [], [], 2.0)
    if ready:
        try:
            read = os.read(terminal, 65536)
        except OSError:
            break
        if not read:
            break
        seen += read
        waiting = 0
        continue
    asked = [one for one in answers if one[0].encode() in seen]
    if asked:
        answers.remove(asked[0])
        os.write(terminal, asked[0][1].encode() + b"\n")
        continue
    waiting += 1
    if waiting > 60:
        os.kill(child, 9)
        break
_, status = os.waitpid(child, 0)
sys.stdout.write(seen.decode(errors="replace").replace("\r\n", "\n"))
sys.stdout.write("left over: %r\n" % answers)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
