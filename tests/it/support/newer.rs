//! What newer ACME servers offer than Debian's Pebble does, by their public references: kinds of certificates
//! (draft-ietf-acme-profiles) and the time of renewal (RFC 9773). It stands before a Pebble that does all the rest.
//!
//! Its folder says how it behaves: `windows.json` has the windows of the certificate that is asked for first and of all
//! later ones; with `replaced` there, every certificate was replaced already. `asked.jsonl` is what it was asked.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::https::Answer;

/// The kinds of certificates it has.
pub const PROFILES: [&str; 2] = ["classic", "shortlived"];

pub struct Newer {
    folder: PathBuf,
}

impl Newer {
    pub fn new(folder: &Path) -> Newer {
        Newer {
            folder: folder.to_owned(),
        }
    }

    /// Adds to a directory what is new.
    pub fn directory(&self, answer: &mut Answer, host: &str) {
        let mut directory: Value = serde_json::from_slice(&answer.body).unwrap();
        directory["renewalInfo"] = json!(format!("https://{host}/renewal-info"));
        for profile in PROFILES {
            directory["meta"]["profiles"][profile] = json!(format!("https://{host}/about/{profile}"));
        }
        answer.body = directory.to_string().into_bytes();
    }

    /// When the certificate of this name should be renewed.
    pub fn renewal_info(&self, id: &str) -> Answer {
        let known = asked(&self.folder, "renewal");
        let first = known.first().is_none_or(|first| first["id"] == id);
        self.note(&json!({ "renewal": true, "id": id }));
        let windows = std::fs::read(self.folder.join("windows.json")).unwrap();
        let windows: Value = serde_json::from_slice(&windows).unwrap();
        let [start, end] = [0, 1].map(|at| &windows[if first { "first" } else { "later" }][at]);
        let info =
            json!({ "suggestedWindow": { "start": start, "end": end }, "explanationURL": "https://a.example/why" });
        answer(200, "application/json", &info, &[("retry-after", "3600")])
    }

    /// Looks at what is ordered; a certificate that was replaced already is not replaced again (RFC 9773 section 5).
    pub fn order(&self, payload: &Value) -> Option<Answer> {
        self.note(&json!({ "order": true, "profile": payload["profile"], "replaces": payload["replaces"] }));
        let is_replaced = self.folder.join("replaced").exists() && payload["replaces"].is_string();
        let problem = json!({ "type": "urn:ietf:params:acme:error:alreadyReplaced", "detail": "it was" });
        is_replaced.then(|| answer(409, "application/problem+json", &problem, &[]))
    }

    fn note(&self, line: &Value) {
        let file = self.folder.join("asked.jsonl");
        let mut file = std::fs::File::options().create(true).append(true).open(file).unwrap();
        writeln!(file, "{line}").unwrap();
    }
}

/// What it was asked: `renewal` or `order`.
pub fn asked(folder: &Path, what: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("asked.jsonl")).unwrap_or_default();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line[what] == true).collect()
}

fn answer(status: u16, kind: &str, body: &Value, more: &[(&str, &str)]) -> Answer {
    let header = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Answer {
        status,
        headers: [("content-type", kind)].iter().chain(more).map(header).collect(),
        body: body.to_string().into_bytes(),
    }
}
