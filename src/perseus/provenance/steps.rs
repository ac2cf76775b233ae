//! The three steps of our records: by whose leave, from where, to whom (PER §7.4).

use data_encoding::{BASE64URL, BASE64URL_NOPAD};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::accounts::random;

/// The scheme's names that steps have, from where its registry is.
#[derive(Clone, Debug)]
pub struct Names {
    /// The scheme's URL.
    pub scheme: String,
}

/// A person's leave.
#[derive(Clone, Debug)]
pub struct Permission {
    /// When it was given.
    pub granted: Timestamp,
    /// The person, as the application alone knows them.
    pub account: String,
    /// The licence, as records spell it.
    pub licence: String,
    pub expires: Timestamp,
}

/// How much of what was asked for is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Completeness {
    /// All of it.
    Complete,
    /// Half-hours are missing.
    Missing,
    /// All of it, and some was worked out.
    Substituted,
}

/// A meter.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The step's id, see [`step_id`].
    pub id: String,
    /// Who keeps it.
    pub origin: String,
    /// Under which licence.
    pub licence: String,
    /// The part of time that was read.
    pub period: (Timestamp, Timestamp),
    pub completeness: Completeness,
    /// The last word of how it was processed.
    pub processing: String,
}

/// What was asked for, as the application asked.
#[derive(Clone, Debug)]
pub struct Parameters {
    pub measure: &'static str,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// To whom.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The application's URL.
    pub to: String,
    pub standard: String,
    /// The licence, as records spell it.
    pub licence: String,
    /// Where the data was fetched.
    pub service: String,
    pub parameters: Parameters,
    /// The name of the exchange.
    pub transaction: String,
}

/// Three steps, each with a name of its own.
#[derive(Clone, Debug)]
pub struct Steps {
    /// The id of the origin step.
    pub origin: String,
    list: [Value; 3],
}

/// A moment as periods and parameters have it: to the minute.
fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%MZ").to_string()
}

/// A name for a step: 15 random octets, so that nobody makes the same again.
#[must_use]
pub fn step_id() -> String {
    BASE64URL_NOPAD.encode(&random::<15>())
}

impl Steps {
    /// The steps of one answer, at `now`.
    #[must_use]
    pub fn new(names: &Names, permission: &Permission, origin: &Origin, transfer: &Transfer, now: Timestamp) -> Steps {
        let scheme = &names.scheme;
        let (leave, from, to) = (step_id(), origin.id.clone(), step_id());
        let begin = |id: &str, at: Timestamp, kind: &str| {
            let mut step = Map::new();
            step.insert("id".to_owned(), json!(id));
            step.insert("timestamp".to_owned(), json!(format!("{at:.0}")));
            step.insert("type".to_owned(), json!(kind));
            step.insert("scheme".to_owned(), json!(scheme));
            step
        };
        let with = |mut step: Map<String, Value>, more: Value| {
            if let Value::Object(more) = more {
                step.extend(more);
            }
            Value::Object(step)
        };
        let missing = match origin.completeness {
            Completeness::Complete => "Complete",
            Completeness::Missing => "Missing",
            Completeness::Substituted => "Substituted",
        };
        let list = [
            with(
                begin(&leave, permission.granted, "permission"),
                json!({
                    "account": permission.account,
                    "allows": { "licences": [permission.licence] },
                    "expires": format!("{:.0}", permission.expires),
                }),
            ),
            with(
                begin(&from, now, "origin"),
                json!({
                    "sourceType": format!("{scheme}/source-type/Meter"),
                    "origin": origin.origin,
                    "originLicence": origin.licence,
                    "external": true,
                    "permissions": [leave],
                    "perseus:scheme": {
                        "meteringPeriod": { "from": minute(origin.period.0), "to": minute(origin.period.1) },
                    },
                    "perseus:assurance": {
                        "dataSource": format!("{scheme}/assurance/data-source/SmartMeter"),
                        "missingData": format!("{scheme}/assurance/missing-data/{missing}"),
                        "processing": format!("{scheme}/assurance/processing/{}", origin.processing),
                    },
                }),
            ),
            with(
                begin(&to, now, "transfer"),
                json!({
                    "of": from,
                    "to": transfer.to,
                    "standard": transfer.standard,
                    "licence": transfer.licence,
                    "service": transfer.service,
                    "path": "/readings",
                    "parameters": {
                        "measure": transfer.parameters.measure,
                        "from": minute(transfer.parameters.from),
                        "to": minute(transfer.parameters.to),
                    },
                    "permissions": [leave],
                    "transaction": transfer.transaction,
                }),
            ),
        ];
        Steps { origin: from, list }
    }

    /// Each as it stands in a record: JSON, base64url with padding.
    pub(super) fn encoded(&self) -> Vec<String> {
        let text = |step: &Value| BASE64URL.encode(step.to_string().as_bytes());
        self.list.iter().map(text).collect()
    }
}
