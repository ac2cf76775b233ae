//! People and tokens managed by pages and by `/v1`; everybody's own page; the way to the cloud tried by a button.

mod again;
mod by_page;
mod by_program;
mod cloud;
mod others;
mod own;
mod pictures;

use serde_json::Value;

use crate::accounts::{Browser, signed_in};
use crate::support::{Answer, TestBox};

/// Somebody who asks the API by their session.
pub struct Programmer {
    cookies: String,
    csrf: String,
}

impl Programmer {
    /// Of a session, with the value of a form of the page at `page`.
    pub fn of(browser: &mut Browser, page: &str) -> Programmer {
        let html = browser.get(page).text();
        let csrf = html.split("name=\"csrf_token\" value=\"").nth(1).unwrap();
        Programmer {
            csrf: csrf.split('"').next().unwrap().to_owned(),
            cookies: browser.cookies(),
        }
    }

    pub fn new(running: &TestBox, role: &str) -> Programmer {
        Programmer::of(&mut signed_in(running, role), "/me")
    }

    pub fn ask(&self, running: &TestBox, (method, path): (&str, &str), body: &Value) -> Answer {
        self.ask_with(running, (method, path), body, &[("x-csrf-token", &self.csrf)])
    }

    /// Without anything but the session and these headers.
    pub fn ask_with(
        &self,
        running: &TestBox,
        (method, path): (&str, &str),
        body: &Value,
        more: &[(&str, &str)],
    ) -> Answer {
        let mut headers = vec![("cookie", self.cookies.as_str())];
        headers.extend(more);
        let body = match body {
            Value::Null => String::new(),
            body => {
                headers.push(("content-type", "application/json"));
                body.to_string()
            }
        };
        running
            .https()
            .try_ask(method, path, &headers, body.as_bytes())
            .unwrap()
    }
}

/// Everybody's names, as the command line has them.
fn names(running: &TestBox) -> Vec<String> {
    let people = running.json(&["user", "list"]);
    let all = people.as_array().unwrap().iter();
    all.map(|person| person["name"].as_str().unwrap().to_owned()).collect()
}

/// The path of the first link on a page that begins like this.
fn path_of(html: &str, begins: &str) -> String {
    let at = html.find(begins).unwrap_or_else(|| panic!("{begins} is not in {html}"));
    html[at..].split('"').next().unwrap().to_owned()
}
