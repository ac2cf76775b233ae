"""The calls of the scheme's existing client, in its order and with exactly its parameters, and the person's browser between
them as a scraper of forms. Argument: what `demo --json` printed. Prints what came of it as JSON."""
import base64
import hashlib
import html.parser
import http.client
import json
import secrets
import ssl
import sys
import urllib.parse

demo = json.loads(sys.argv[1])
perseus = demo["perseus"]
client = perseus["clients"][0]
CALLBACK = perseus["redirect_uri"]


def context(certificate):
    made = ssl.create_default_context(cafile=demo["ca_file"])
    if certificate:
        made.load_cert_chain(client["certificate_file"], client["key_file"])
    return made


def call(method, url, form=None, headers=None, certificate=True):
    parts = urllib.parse.urlsplit(url)
    line = http.client.HTTPSConnection(parts.hostname, parts.port, context=context(certificate), timeout=30)
    body = None if form is None else urllib.parse.urlencode(form)
    headers = dict(headers or {})
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    line.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, headers)
    answer = line.getresponse()
    return answer.status, dict((name.lower(), value) for name, value in answer.getheaders()), answer.read().decode(), answer


def ok(answer):
    status, _, text, _ = answer
    assert 200 <= status < 300, (status, text)
    return json.loads(text)


class Form(html.parser.HTMLParser):
    """The last form of a page: its address, and its fields as they stand."""

    def __init__(self):
        super().__init__()
        self.action, self.fields = None, {}

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action, self.fields = attributes["action"], {}
        if tag == "input" and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes["value"]


class Browser:
    def __init__(self):
        self.cookies = {}

    def go(self, method, url, form=None):
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        status, headers, text, answer = call(method, url, form, headers, certificate=False)
        for cookie in answer.msg.get_all("set-cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        if status in (302, 303):
            where = urllib.parse.urljoin(url, headers["location"])
            return where if where.startswith(CALLBACK) else self.go("GET", where)
        assert status == 200, (status, text)
        page = Form()
        page.feed(text)
        return urllib.parse.urljoin(url, page.action), page.fields


# 1: without a certificate, top-level values alone.
server = ok(call("GET", perseus["issuer"] + "/.well-known/oauth-authorization-server", None, {"Accept": "application/json"}, False))
# 2: the scope joined by a literal plus sign, and no state.
verifier = secrets.token_urlsafe(48)
challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
pushed = ok(call("POST", server["pushed_authorization_request_endpoint"], {
    "client_id": client["client_id"], "redirect_uri": CALLBACK, "response_type": "code",
    "scope": perseus["licence"] + "+offline_access", "code_challenge": challenge, "code_challenge_method": "S256",
}))
# 3 and 4: the person.
browser = Browser()
query = urllib.parse.urlencode({"client_id": client["client_id"], "request_uri": pushed["request_uri"]})
action, fields = browser.go("GET", server["authorization_endpoint"] + "?" + query)
login = demo["logins"]["resident"]
action, fields = browser.go("POST", action, {**fields, "username": login["username"], "password": login["password"]})
back = browser.go("POST", action, {**fields, "decision": "allow"})
code = urllib.parse.parse_qs(urllib.parse.urlsplit(back).query)["code"][0]
# 5
tokens = ok(call("POST", server["token_endpoint"], {
    "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "client_id": client["client_id"],
    "code_verifier": verifier,
}))


# 6 and 7: the first source, its first measure, the id unescaped.
def day(access):
    headers = {"Authorization": "Bearer " + access, "Accept": "application/json"}
    source = ok(call("GET", perseus["resource_url"] + "/datasources/", None, headers))["data"][0]
    path = f"/datasources/{source['id']}/{source['availableMeasures'][0]}?from=2024-12-05&to=2024-12-06"
    return source, ok(call("GET", perseus["resource_url"] + path, None, headers)), headers


source, data, headers = day(tokens["access_token"])
# 9: a fixed path.
permission = ok(call("POST", perseus["mtls_url"] + "/api/v1/permissions", {"token": tokens["refresh_token"]}))
# 10
again = ok(call("POST", server["token_endpoint"], {
    "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": client["client_id"],
}))
_, second, headers = day(again["access_token"])
days = {}
for measure in source["availableMeasures"]:
    path = f"/datasources/{source['id']}/{measure}?from=2024-12-01&to=2025-01-01"
    days[measure] = len(ok(call("GET", perseus["resource_url"] + path, None, headers))["data"])
# 11: what it is told when the permission is withdrawn, here by itself.
ok(call("POST", server["revocation_endpoint"], {"token": tokens["refresh_token"]}))
json.dump({
    "refresh": tokens["refresh_token"], "source": source, "rows": len(data["data"]), "same": data["data"] == second["data"], "half_hours": days,
    "outcode": data["location"]["ukPostcodeOutcode"], "account": permission["permission"]["account"],
    "provenance": data["provenance"],
}, sys.stdout)
