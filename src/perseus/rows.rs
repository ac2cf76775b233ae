//! Permissions, grants and codes as the book has them (PER §4.1).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::redirect_uri::RedirectUri;
use super::scope::Scope;
use crate::texts::Language;

fn english() -> String {
    Language::English.tag().to_owned()
}

/// What a person allowed one application under one licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionRow {
    /// 32 hex digits.
    pub id: String,
    /// The name of the page that proves it; whoever knows it may read that page.
    pub evidence: String,
    /// Whose data it is, and since when the box knows them: another person may get the name later.
    pub person: String,
    pub person_since: Timestamp,
    /// The person, by the name that this application alone knows them by.
    pub account: String,
    /// The application's URL.
    pub client: String,
    /// The licence's URL.
    pub licence: String,
    /// When it was first given.
    pub granted: Timestamp,
    /// When it was last given.
    pub renewed: Timestamp,
    /// The first instant at which it is over.
    pub expires: Timestamp,
    /// The first instant of what it lets out.
    pub data_from: Timestamp,
    /// SHA-256 of the words that were agreed to last, hex.
    pub text: String,
    /// The tag of the language that those words are in; rows of earlier builds have none, and were English.
    #[serde(default = "english")]
    pub language: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revoked>,
}

/// A permission that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    pub at: Timestamp,
    pub by: Revoker,
}

/// Who took a permission back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revoker {
    /// The person.
    Person,
    /// The application.
    Application,
    /// Whoever runs the box.
    Operator,
}

impl Revoker {
    /// In words, for pages.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Revoker::Person => "the person",
            Revoker::Application => "the application",
            Revoker::Operator => "whoever runs this box",
        }
    }
}

impl PermissionRow {
    /// When it ended, or will.
    #[must_use]
    pub fn ended(&self) -> Timestamp {
        self.revoked
            .as_ref()
            .map_or(self.expires, |revoked| revoked.at.min(self.expires))
    }

    /// Whether it stands at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && now < self.expires
    }
}

/// A code that was given and may be redeemed once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRow {
    pub permission: String,
    /// The application's URL.
    pub client: String,
    pub redirect_uri: RedirectUri,
    /// As it was pushed.
    pub challenge: String,
    pub scope: Scope,
    pub made: Timestamp,
    /// When it was redeemed, rightly or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Timestamp>,
    /// The grant that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
}

/// What came of one code: a refresh token, and the access tokens that are made with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantRow {
    /// 32 hex digits.
    pub id: String,
    pub permission: String,
    /// The application's URL.
    pub client: String,
    pub scope: Scope,
    pub issued: Timestamp,
    /// Why it ended, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<(Timestamp, GrantEnd)>,
}

/// Why a grant ended before its permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantEnd {
    /// The person allowed the same again, and a newer one took its place.
    Renewed,
    /// Its code came a second time (RFC 9700 §2.1.1).
    CodeReplayed,
}

/// Something that happened to a permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    pub at: Timestamp,
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happened {
    /// It was given, or given again.
    Granted {
        /// The data sources.
        sources: Vec<String>,
        expires: Timestamp,
        /// SHA-256 of the words that were agreed to, hex.
        text: String,
        /// The tag of the language that they are in.
        #[serde(default = "english")]
        language: String,
        /// By which browser, as it calls itself.
        agent: String,
        /// When the password was last asked for.
        proved: Timestamp,
        /// Whether it was a renewal.
        again: bool,
    },
    /// Its code was redeemed.
    Redeemed,
    /// A code came twice: what came of it ended.
    CodeReplayed,
    /// It was taken back.
    Revoked { by: Revoker },
    /// After a restore it was made no more than had been agreed to later: what is left of it.
    NarrowedAgain { sources: Vec<String>, expires: Timestamp },
}
