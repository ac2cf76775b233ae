//! The whole way with programs that are not ours: openid-client for the application, chromium for the person, and a callback
//! that leads on to a third host.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use serde_json::{Value, json};

use super::fixture::{Consented, LICENCE, PASSWORD, SAVER, SOURCE};
use crate::support::chromium::Page;

/// Answers one request after the other by what `answer` makes of its path.
fn serve(listener: TcpListener, answer: impl Fn(&str) -> String + Send + 'static) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut read = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            if read.read_line(&mut line).is_err() {
                continue;
            }
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            let mut header = String::new();
            while read.read_line(&mut header).is_ok_and(|count| count > 2) {
                header.clear();
            }
            let _ = stream.write_all(answer(&path).as_bytes());
        }
    });
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// An application's callback, which leads its people on to another host; where they came back to is told.
fn callback(listener: TcpListener, onward: u16) -> mpsc::Receiver<String> {
    let (tell, told) = mpsc::channel();
    serve(listener, move |path| {
        if path.starts_with("/callback") {
            let _ = tell.send(path.to_owned());
        }
        format!(
            "HTTP/1.1 303 See Other\r\nlocation: http://localhost:{onward}/welcome\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
    });
    told
}

#[test]
fn an_outside_client_and_a_browser_walk_the_whole_way() {
    let (landing, onward) = listener();
    serve(landing, |_| {
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 14\r\nconnection: close\r\n\r\n<h1>There</h1>"
            .to_owned()
    });
    let (application, port) = listener();
    let redirect = format!("http://localhost:{port}/callback");
    let back = callback(application, onward);
    let consented = Consented::start_with("", "");
    let file = consented.running.config_file();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("http://localhost:3000/callback", &redirect)).unwrap();
    consented.running.signal(rustix::process::Signal::HUP);
    crate::support::eventually("the address is known", || {
        (consented.push(Some("saver"), &[("redirect_uri", &redirect)]).status == 201).then_some(())
    });

    let (chain, key) = consented.files("saver");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = root.join("target/openid/node_modules");
    let scope = format!("{LICENCE} offline_access");
    let mut node = Command::new("node")
        .arg(root.join("tests/it/perseus/openid_client.js"))
        .args([consented.issuer.as_str(), SAVER])
        .args([&chain, &key, &consented.running.ca_file()])
        .args([redirect.as_str(), &scope])
        .env("NODE_PATH", &modules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node runs: apt-get install npm");
    let mut said = BufReader::new(node.stdout.take().unwrap());
    let mut address = String::new();
    said.read_line(&mut address).unwrap();
    let fault = |node: &mut std::process::Child| {
        let mut text = String::new();
        node.stderr.as_mut().unwrap().read_to_string(&mut text).unwrap();
        text
    };
    if address.is_empty() {
        panic!(
            "openid-client: {} (tests/run installs it into target/openid)",
            fault(&mut node)
        );
    }
    let path = address.trim().strip_prefix(&consented.issuer).unwrap().to_owned();

    let mut page = Page::new(consented.https_port, &consented.running.ca_file());
    page.look(360, "light");
    page.go(&path);
    page.type_into("input[name=username]", "resident");
    page.type_into("input[name=password]", PASSWORD);
    page.leaving(|page| page.click("main button"));
    page.until("the page asks", "document.body.textContent.includes('It will get')");
    assert_eq!(
        page.eval("document.documentElement.scrollWidth <= innerWidth"),
        json!(true),
        "no sideways scroll"
    );
    let sizes = page.eval(
        "[...document.querySelectorAll('button[name=decision]')].map(one => [Math.round(one.getBoundingClientRect().width), \
         Math.round(one.getBoundingClientRect().height)].join())",
    );
    assert_eq!(sizes[0], sizes[1], "two buttons of one size");
    if let Some(folder) = std::env::var_os("GATELODGE_TEST_PICTURES") {
        std::fs::create_dir_all(&folder).unwrap();
        for width in [360, 1280] {
            page.look(width, "light");
            std::fs::write(Path::new(&folder).join(format!("consent-{width}.png")), page.picture()).unwrap();
        }
    }
    page.leaving(|page| page.click("button[value=allow]"));
    page.until(
        "the third host is reached",
        "document.body.textContent.includes('There')",
    );
    let back = back.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    let mut told = node.stdin.take().unwrap();
    writeln!(told, "http://localhost:{port}{back}").unwrap();
    drop(told);
    let mut answer = String::new();
    said.read_line(&mut answer).unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {}", fault(&mut node)));
    assert_eq!(
        answer,
        json!({
            "type": "Bearer", "bound": true, "refreshed": true, "after": 401, "refused": "invalid_grant",
            "data": { "data": [{
                "id": SOURCE, "type": "electricity", "location": { "ukPostcodeOutcode": "SW8" },
                "availableMeasures": ["import", "export"],
            }] },
        })
    );
}

#[test]
fn a_person_is_told_what_they_sign_in_for_and_every_page_fits() {
    let consented = Consented::start();
    consented.tokens("saver", "resident");
    let mut page = Page::new(consented.https_port, &consented.running.ca_file());
    page.look(360, "light");
    page.go(&consented.pushed("saver", &[]));
    page.until(
        "it says what for",
        "document.body.textContent.includes('asks to see half-hours')",
    );
    page.type_into("input[name=username]", "resident");
    page.type_into("input[name=password]", PASSWORD);
    page.leaving(|page| page.click("main button"));
    page.until("the page asks", "document.body.textContent.includes('It will get')");
    page.leaving(|page| page.click("form.who button"));
    page.until("signed out", "location.pathname === '/login'");

    let mut browser = consented.browser();
    browser.sign_in("/login", "resident");
    let list = browser.get("/permissions").text();
    let stop = list.split('"').find(|part| part.ends_with("/stop")).unwrap().to_owned();
    let evidence = list
        .split('"')
        .find(|part| part.starts_with("/evidence/"))
        .unwrap()
        .to_owned();
    page.go("/login");
    page.type_into("input[name=username]", "resident");
    page.type_into("input[name=password]", PASSWORD);
    page.leaving(|page| page.click("main button"));
    for width in [360, 1280] {
        for (name, path) in [
            ("list", "/permissions"),
            ("stop", stop.as_str()),
            ("evidence", evidence.as_str()),
            ("fault", "/api/v1/authorize"),
        ] {
            page.look(width, "light");
            page.go(path);
            assert_eq!(
                page.eval("document.documentElement.scrollWidth <= innerWidth"),
                json!(true),
                "{path} at {width}"
            );
            if let Some(folder) = std::env::var_os("GATELODGE_TEST_PICTURES") {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(Path::new(&folder).join(format!("{name}-{width}.png")), page.picture()).unwrap();
            }
        }
    }
}
