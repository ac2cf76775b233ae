//! A walk over all pages that somebody is led to.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use serde_json::Value;

use super::alike::shape;
use crate::support::chromium::Page;
use crate::support::demo::Demo;

/// Whoever looks; `nobody` has not signed in.
pub const ROLES: [&str; 6] = ["nobody", "admin", "installer", "viewer", "doorman", "resident"];

/// More pages than this are a fault: addresses that make new ones for ever.
const MOST: usize = 90;

/// What is handed out to be kept, and what is no page.
const FILES: [&str; 9] = [
    ".csv",
    ".pem",
    ".json",
    ".txt",
    ".zip",
    ".crl",
    ".webmanifest",
    "/archive",
    "/metrics",
];

/// The links of a page that lead on within this box.
const LINKS: &str = "[...document.querySelectorAll('a[href]')]
    .filter(link => !link.hasAttribute('download') && link.origin === location.origin)
    .map(link => link.pathname + link.search)";

/// A demo that is older than its first minute, and a browser at it.
pub struct Tour {
    _demo: Demo,
    pub page: Page,
    /// Whether pages are looked at that are the same for everybody.
    reads_docs: bool,
    _folder: tempfile::TempDir,
}

impl Tour {
    /// Of somebody of this role.
    pub fn of(role: &str) -> Tour {
        Tour::with(role, &[])
    }

    /// The same by a browser with more words on its command line.
    pub fn with(role: &str, more: &[&str]) -> Tour {
        let folder = tempfile::tempdir().unwrap();
        let demo = Demo::start(&folder.path().join("demo"));
        let ca_file = demo.found["ca_file"].as_str().unwrap();
        let mut page = Page::with(demo.https_port(), Path::new(ca_file), more);
        if let Some(login) = demo.found["logins"].get(role) {
            page.go("/login");
            page.type_into("input[name=username]", login["username"].as_str().unwrap());
            page.type_into("input[name=password]", login["password"].as_str().unwrap());
            page.leaving(|page| page.click("main button"));
        }
        Tour {
            _demo: demo,
            page,
            reads_docs: role == "nobody",
            _folder: folder,
        }
    }

    /// Goes to every page that links lead to, one of each kind, and has `look` look at it.
    pub fn every_page(&mut self, mut look: impl FnMut(&mut Page, &str)) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut ahead = VecDeque::from(["/", "/login", "/docs", "/me", "/my", "/nothing-here"].map(str::to_owned));
        while let Some(path) = ahead.pop_front() {
            // Whoever is signed in is led on from there; and the tour is made in one language.
            let is_read_before = path.starts_with("/docs/") && !self.reads_docs;
            if path.starts_with("/language/") || is_read_before {
                continue;
            }
            if FILES.iter().any(|file| path.split('?').next().unwrap().ends_with(file)) || !seen.insert(shape(&path)) {
                continue;
            }
            assert!(seen.len() <= MOST, "too many kinds of pages: {seen:?}");
            self.page.go(&path);
            let at = self.page.eval("location.pathname + location.search");
            let at = at.as_str().unwrap().to_owned();
            // It led on to a page that is looked at by its own address.
            if shape(&at) != shape(&path) {
                ahead.push_front(at);
                continue;
            }
            let Value::Array(links) = self.page.eval(LINKS) else {
                panic!("{path} has no links");
            };
            ahead.extend(links.iter().map(|link| link.as_str().unwrap().to_owned()));
            look(&mut self.page, &path);
        }
        seen
    }
}
