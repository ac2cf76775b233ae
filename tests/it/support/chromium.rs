//! Debian's chromium without a screen, driven by its DevTools protocol: a page that is clicked and looked at.
//!
//! The browser believes the box's certificate by its key, resolves no name but localhost, and has a profile of its
//! own. What it asks for and what its console says is kept: [`Page::faults`] judges it.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::eventually;
use super::https::{Https, config};

/// A browser with one page, and what happened in it.
pub struct Page {
    browser: Child,
    _profile: TempDir,
    socket: WebSocket<TcpStream>,
    session: Option<String>,
    commands: u64,
    events: Vec<Value>,
    origin: String,
}

impl Page {
    /// A fresh browser for the box whose https door has `port`.
    pub fn new(port: u16, ca_file: &Path) -> Page {
        Page::with(port, ca_file, &[])
    }

    /// The same with more words on its command line.
    pub fn with(port: u16, ca_file: &Path, more: &[&str]) -> Page {
        let profile = tempfile::Builder::new().prefix("gc").tempdir().unwrap();
        let known = format!("--ignore-certificate-errors-spki-list={}", key_of(port, ca_file));
        let mut command = Command::new("chromium");
        command.args(["--headless=new", "--no-sandbox", "--no-first-run", "--disable-gpu"]);
        command.args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ]);
        command.args([
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
            "--hide-scrollbars",
        ]);
        command.args(more);
        command.args([&known, "--remote-debugging-port=0", "about:blank"]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let browser = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}; apt-get install chromium"));
        let place = profile.path().join("DevToolsActivePort");
        let (debug_port, path) = eventually("chromium listens", || {
            let text = std::fs::read_to_string(&place).ok()?;
            let (port, path) = text.split_once('\n')?;
            Some((port.parse::<u16>().ok()?, path.trim().to_owned()))
        });
        let stream = TcpStream::connect(("127.0.0.1", debug_port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (socket, _) = tungstenite::client(format!("ws://127.0.0.1:{debug_port}{path}"), stream).unwrap();
        let mut page = Page {
            browser,
            _profile: profile,
            socket,
            session: None,
            commands: 0,
            events: Vec::new(),
            origin: format!("https://localhost:{port}"),
        };
        page.attach();
        page
    }

    fn attach(&mut self) {
        let target = self.command("Target.createTarget", json!({ "url": "about:blank" }));
        let parameters = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.command("Target.attachToTarget", parameters);
        self.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Network", "Log"] {
            self.command(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Sends a command and waits for its answer; what happens meanwhile is kept.
    pub fn command(&mut self, method: &str, params: Value) -> Value {
        self.commands += 1;
        let number = self.commands;
        let mut command = json!({ "id": number, "method": method, "params": params });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(command.to_string())).unwrap();
        loop {
            let said = self.hear();
            if said["id"] == number {
                assert!(said["error"].is_null(), "{method}: {said}");
                return said["result"].clone();
            }
        }
    }

    /// The next thing the browser says; events are kept.
    fn hear(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().unwrap() {
                let said: Value = serde_json::from_str(&text).unwrap();
                if said["id"].is_null() {
                    self.events.push(said.clone());
                }
                return said;
            }
        }
    }

    /// Goes to a path of the box, and waits until the page is there.
    pub fn go(&mut self, path: &str) {
        let url = format!("{}{path}", self.origin);
        self.leaving(|page| {
            let answer = page.command("Page.navigate", json!({ "url": url }));
            assert!(answer["errorText"].is_null(), "{path}: {answer}");
        });
    }

    /// Does something that leads to another page, and waits until that is there.
    pub fn leaving(&mut self, act: impl FnOnce(&mut Page)) {
        let loaded = |page: &Page| {
            let events = page.events.iter();
            events.filter(|event| event["method"] == "Page.loadEventFired").count()
        };
        let before = loaded(self);
        act(self);
        while loaded(self) == before {
            self.hear();
        }
    }

    /// What a script says in the page.
    pub fn eval(&mut self, script: &str) -> Value {
        let parameters = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let answer = self.command("Runtime.evaluate", parameters);
        assert!(answer["exceptionDetails"].is_null(), "{script}: {answer}");
        answer["result"]["value"].clone()
    }

    /// The text of the first element that `selector` finds, once it is there.
    pub fn text(&mut self, selector: &str) -> String {
        let found = self.eval(&format!("document.querySelector({selector:?})?.textContent ?? null"));
        found
            .as_str()
            .unwrap_or_else(|| panic!("nothing is {selector}"))
            .to_owned()
    }

    /// How many elements `selector` finds.
    pub fn count(&mut self, selector: &str) -> u64 {
        self.eval(&format!("document.querySelectorAll({selector:?}).length"))
            .as_u64()
            .unwrap()
    }

    /// Waits until a script says true.
    pub fn until(&mut self, what: &str, script: &str) {
        eventually(what, || (self.eval(script) == Value::Bool(true)).then_some(()));
    }

    /// Presses the left button in the middle of an element.
    pub fn click(&mut self, selector: &str) {
        // Of what goes over several lines, the middle of the first: between two lines there is nothing to hit.
        let middle = format!(
            "(() => {{ const box = document.querySelector({selector:?}); box.scrollIntoView(); \
             const at = box.getClientRects()[0] ?? box.getBoundingClientRect(); return [at.x + at.width / 2, at.y + at.height / 2]; }})()"
        );
        let at = self.eval(&middle);
        for kind in ["mousePressed", "mouseReleased"] {
            let press = json!({ "type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1 });
            self.command("Input.dispatchMouseEvent", press);
        }
    }

    /// Types into an element.
    pub fn type_into(&mut self, selector: &str, text: &str) {
        self.eval(&format!("document.querySelector({selector:?}).focus()"));
        self.command("Input.insertText", json!({ "text": text }));
    }

    /// Whether pages may run scripts.
    pub fn scripts(&mut self, allowed: bool) {
        self.command("Emulation.setScriptExecutionDisabled", json!({ "value": !allowed }));
    }

    /// Shows pages `width` pixels wide, as a phone does below 600, in the colours of a scheme.
    pub fn look(&mut self, width: u32, scheme: &str) {
        let phone = width < 600;
        let height = if phone { 844 } else { 900 };
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": if phone { 2 } else { 1 }, "mobile": phone });
        self.command("Emulation.setDeviceMetricsOverride", size);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.command("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// A picture of the whole page, PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let parameters = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.command("Page.captureScreenshot", parameters);
        BASE64.decode(picture["data"].as_str().unwrap().as_bytes()).unwrap()
    }

    /// What no page of ours may do: ask another host for something, break its own policy, throw, complain.
    pub fn faults(&mut self) -> Vec<String> {
        // A round trip, so that what happened before is heard.
        self.eval("0");
        let own = format!("{}/", self.origin);
        let found = self.events.iter().filter_map(|event| {
            let params = &event["params"];
            match event["method"].as_str()? {
                "Network.requestWillBeSent" => {
                    let url = params["request"]["url"].as_str()?;
                    // The browser draws its own signs on dates so; pictures of ours that came in so break the policy.
                    let its_own = url == "about:blank" || url.starts_with("data:image/svg+xml;");
                    let ours = url.starts_with(&own) || its_own;
                    (!ours).then(|| format!("asked for {url}"))
                }
                "Network.webSocketCreated" => Some(format!("opened {}", params["url"])),
                // What the browser only remarks upon (an input that already had the focus) is nobody's fault.
                "Log.entryAdded" if matches!(params["entry"]["level"].as_str(), Some("verbose" | "info")) => None,
                "Log.entryAdded" => Some(format!("logged {}", params["entry"]["text"])),
                "Runtime.exceptionThrown" => Some(format!("threw {}", params["exceptionDetails"])),
                "Runtime.consoleAPICalled" => Some(format!("said {}", params["args"])),
                _ => None,
            }
        });
        found.collect()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}

/// The hash of the key that the https door shows, as chromium wants it.
fn key_of(port: u16, ca_file: &Path) -> String {
    let mut https = Https::connect(([127, 0, 0, 1], port).into(), config(ca_file, None)).unwrap();
    assert_eq!(https.ask("GET", "/healthz", &[]).status, 200);
    let shown = https.certificate();
    let (_, certificate) = X509Certificate::from_der(&shown).unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.public_key().raw);
    BASE64.encode(hash.as_ref())
}
