"""A platform's authority as a device meets it (RFC 7030): HTTPS by Python's own modules, certificates by openssl.

`est.py FOLDER CHAIN KEY DEVICE`: FOLDER has `otp` (what is taken once) and `manners.json`; what was asked is written to
`asked.jsonl` there. The port is said on standard output.
"""

import base64
import datetime
import http.server
import json
import pathlib
import ssl
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(sys.argv[1])
CHAIN, KEY, DEVICE = sys.argv[2:5]


def openssl(*args, data=None):
    done = subprocess.run(["openssl", *args], input=data, capture_output=True)
    if done.returncode:
        raise ValueError(done.stderr.decode())
    return done.stdout


def certify(csr, manners):
    """A leaf for a request, from one of our two authorities."""
    authority = FOLDER / manners.get("authority", "ca")
    now = datetime.datetime.now(datetime.timezone.utc)
    end = now + datetime.timedelta(seconds=manners.get("seconds", 86_400 * 90))
    stamp = "%Y%m%d%H%M%SZ"
    subject = manners.get("subject", DEVICE)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        (work / "index").write_text("")
        (work / "request.der").write_bytes(csr)
        openssl("req", "-inform", "DER", "-in", f"{work}/request.der", "-out", f"{work}/request.pem", "-verify")
        (work / "config").write_text(
            f"[ca]\ndefault_ca=a\n[a]\ndatabase={work}/index\nnew_certs_dir={work}\nrand_serial=yes\n"
            f"default_md=sha256\npolicy=p\nx509_extensions=e\nunique_subject=no\n[p]\ncommonName=supplied\n"
            "[e]\nbasicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n"
        )
        openssl(
            "ca", "-batch", "-config", f"{work}/config", "-in", f"{work}/request.pem", "-out", f"{work}/leaf.pem",
            "-cert", f"{authority}.pem", "-keyfile", f"{authority}.key", "-notext", "-subj", f"/CN={subject}",
            "-startdate", now.strftime(stamp), "-enddate", end.strftime(stamp),
        )
        if manners.get("form") == "pem":
            return (work / "leaf.pem").read_bytes()
        form = manners.get("form", "base64")
        der = openssl(
            "crl2pkcs7", "-nocrl", "-outform", "DER",
            "-certfile", f"{authority}.pem", "-certfile", f"{work}/leaf.pem",
        )
        return der if form == "der" else base64.encodebytes(der)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        manners = json.loads((FOLDER / "manners.json").read_text())
        shown = self.connection.getpeercert()
        names = [value for part in (shown or {}).get("subject", []) for key, value in part if key == "commonName"]
        authorization = self.headers.get("authorization", "")
        with (FOLDER / "asked.jsonl").open("a") as asked:
            line = {
                "path": self.path, "authorization": authorization, "shown": names,
                "type": self.headers["content-type"], "encoding": self.headers["content-transfer-encoding"],
            }
            asked.write(json.dumps(line) + "\n")
        if "status" in manners:
            return self.answer(manners["status"], manners.get("text", "").encode())
        if self.path == "/.well-known/est/simpleenroll":
            otp = (FOLDER / "otp").read_text()
            wanted = "Basic " + base64.b64encode(f"{DEVICE}:{otp}".encode()).decode()
            if not otp or authorization != wanted:
                said = base64.b64decode(authorization.removeprefix("Basic ")).decode()
                return self.answer(401, json.dumps({"message": f"Wrong one-time password in {said}"}).encode())
            (FOLDER / "otp").write_text("")
        elif self.path == "/.well-known/est/simplereenroll":
            if "status_of_renewals" in manners:
                return self.answer(manners["status_of_renewals"], b"Not now")
            token = manners.get("token")
            if (token and authorization != f"Bearer {token}") or (not token and names != [DEVICE]):
                return self.answer(401, b"Who are you?")
        else:
            return self.answer(404, b"")
        try:
            self.answer(200, certify(base64.b64decode(body, validate=True), manners))
        except ValueError as error:
            self.answer(400, str(error).encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/pkcs7-mime" if status == 200 else "text/plain")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CHAIN, KEY)
# A certificate that is shown must be ours; a stranger shows none.
context.verify_mode = ssl.CERT_OPTIONAL
context.load_verify_locations(FOLDER / "ca.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
