//! Every form with every word on where it came from, over both versions of HTTP: only our own pages are believed.

use std::process::Command;

use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio_rustls::TlsConnector;

use super::fixture::Building;
use crate::accounts::{Browser, add, signed_in};
use crate::support::TestBox;
use crate::support::https::config;

/// What a browser says of where a form came from (`{here}` is our own origin), and whether it is believed.
const WORDS: [(&[(&str, &str)], bool); 14] = [
    (&[], true),
    (&[("origin", "{here}")], true),
    (&[("origin", "{here}"), ("sec-fetch-site", "same-origin")], true),
    (&[("sec-fetch-site", "none")], true),
    (&[("origin", "null"), ("sec-fetch-site", "same-origin")], true),
    (&[("origin", "null")], false),
    (&[("origin", "null"), ("sec-fetch-site", "none")], false),
    (&[("origin", "null"), ("sec-fetch-site", "cross-site")], false),
    (&[("origin", "https://evil.example")], false),
    (
        &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
        false,
    ),
    (&[("origin", "https://localhost")], false),
    (&[("origin", "http://{host}")], false),
    (&[("origin", "{here}"), ("sec-fetch-site", "cross-site")], false),
    (&[("sec-fetch-site", "same-site")], false),
];

/// A page with a form, where it is sent, its fields, and what comes of it when it is taken.
struct Sheet {
    page: String,
    action: String,
    fields: &'static [(&'static str, &'static str)],
    taken: u16,
}

fn sheets(building: &Building, code: &str) -> Vec<Sheet> {
    let sheet = |page: &str, action: &str, fields, taken| Sheet {
        page: page.to_owned(),
        action: action.to_owned(),
        fields,
        taken,
    };
    let door = format!("/spaces/{}/door", building.hall);
    let welcome = format!("/welcome/{code}");
    vec![
        sheet(&welcome, &welcome, &[("password", "short"), ("again", "short")], 400),
        sheet(
            "/login",
            "/login",
            &[("username", "anna"), ("password", "correct-horse")],
            303,
        ),
        sheet(&door, &door, &[("by", "1")], 303),
        sheet("/spaces", "/box/relay", &[("peer", "77")], 303),
        sheet("/spaces", "/box/webhooks", &[("target", "nobody"), ("id", "x")], 404),
        sheet("/spaces", "/logout", &[], 303),
    ]
}

fn said(words: &[(&str, &str)], port: u16) -> Vec<(String, String)> {
    let host = format!("localhost:{port}");
    let fill = |value: &str| {
        value
            .replace("{here}", &format!("https://{host}"))
            .replace("{host}", &host)
    };
    words
        .iter()
        .map(|(name, value)| ((*name).to_owned(), fill(value)))
        .collect()
}

/// Whoever may send every form, anew for each, since one of them ends the session.
fn sender(running: &TestBox, page: &str) -> Browser {
    let mut browser = Browser::new(running);
    if page != "/login" && !page.starts_with("/welcome/") {
        let fields = [("username", "admin"), ("password", "correct-horse")];
        assert_eq!(browser.submit("/login", "/login", &fields).status, 303);
    }
    browser
}

#[test]
fn every_form_is_taken_from_our_own_pages_and_from_nowhere_else() {
    let building = Building::new();
    let running = &building.running;
    drop(signed_in(running, "admin"));
    add(running, "anna", "viewer");
    let added = running.json(&["user", "add", "newcomer", "--role", "viewer"]);
    let port = running.door("https").port();
    let host = format!("localhost:{port}");
    for sheet in sheets(&building, added["code"].as_str().unwrap()) {
        for (words, taken) in WORDS {
            let mut browser = sender(running, &sheet.page);
            browser.says = said(words, port);
            browser.says.push(("host".to_owned(), host.clone()));
            let answer = browser.submit(&sheet.page, &sheet.action, sheet.fields);
            let wanted = if taken { sheet.taken } else { 403 };
            assert_eq!(
                answer.status,
                wanted,
                "HTTP/1.1 {} {words:?}: {}",
                sheet.action,
                answer.text()
            );

            let mut browser = sender(running, &sheet.page);
            let page = browser.get(&sheet.page).text();
            let status = over_2(running, &browser, (&sheet, &page), &said(words, port));
            assert_eq!(status, format!("2 {wanted}"), "HTTP/2 {} {words:?}", sheet.action);
        }
        // The value alone opens nothing that is not ours, and without it nothing is ours.
        for token in ["", "x"] {
            let mut browser = sender(running, &sheet.page);
            browser.get(&sheet.page);
            let fields = [sheet.fields, &[("csrf_token", token)]].concat();
            assert_eq!(
                browser.post(&sheet.action, &fields).status,
                403,
                "{} {token:?}",
                sheet.action
            );
            assert_eq!(
                browser.post(&sheet.action, sheet.fields).status,
                403,
                "{} without",
                sheet.action
            );
        }
    }
}

/// Sends a form by curl over HTTP/2; the version and the status.
fn over_2(running: &TestBox, browser: &Browser, (sheet, page): (&Sheet, &str), words: &[(String, String)]) -> String {
    let token = page
        .split("name=\"csrf_token\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let mut command = Command::new("curl");
    command.args([
        "-s",
        "--http2",
        "-o",
        "/dev/null",
        "-w",
        "%{http_version} %{http_code}",
        "--cacert",
    ]);
    command
        .arg(running.ca_file())
        .arg("-H")
        .arg(format!("cookie: {}", browser.cookies()));
    for (name, value) in words {
        command.arg("-H").arg(format!("{name}: {value}"));
    }
    for (name, value) in sheet.fields.iter().chain(&[("csrf_token", token)]) {
        command.arg("--data-urlencode").arg(format!("{name}={value}"));
    }
    let url = format!("https://localhost:{}{}", running.door("https").port(), sheet.action);
    let output = command
        .arg(url)
        .output()
        .unwrap_or_else(|error| panic!("curl: {error}; apt-get install curl"));
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// RFC 9113 §8.3.1: a `Host` beside `:authority` that names another is malformed, on every door that speaks HTTP/2.
#[tokio::test(flavor = "multi_thread")]
async fn over_http_2_another_host_beside_the_authority_is_malformed() {
    let running = TestBox::start();
    let mut tls = config(&running.ca_file(), None);
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let address = running.door("https");
    let line = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let line = TlsConnector::from(std::sync::Arc::new(tls))
        .connect(name, line)
        .await
        .unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(line))
        .await
        .unwrap();
    tokio::spawn(connection);
    let authority = format!("localhost:{}", address.port());
    for (host, status) in [
        (None, 200),
        (Some(authority.as_str()), 200),
        (Some("localhost"), 400),
        (Some("evil.example"), 400),
    ] {
        let mut request = hyper::Request::get(format!("https://{authority}/healthz"));
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let request = request.body(http_body_util::Empty::<bytes::Bytes>::new()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), status, "{host:?}");
    }
}
