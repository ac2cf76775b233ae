//! What an application asks for: one licence, and that it may come again (RFC 6749 §3.3; PER §2.2). Pure.

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;

/// May come again when the person is away (OpenID Connect Core §11).
pub const OFFLINE: &str = "offline_access";

/// A scope that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The licence's URL.
    pub licence: String,
    /// Whether it asked to come again. It may in any case.
    pub offline: bool,
}

impl Scope {
    /// Reads a scope: its words, or, with `plus`, what an existing application sends as one word with plus signs in it.
    ///
    /// # Errors
    ///
    /// [`Refusal::Scope`].
    pub fn read(text: &str, licences: &[&str], plus: bool) -> Result<Scope, Refusal> {
        let (mut licence, mut offline) = (None, false);
        for word in words(text, licences, plus) {
            match word {
                OFFLINE => offline = true,
                other if licences.contains(&other) && licence.is_none_or(|one| one == other) => licence = Some(other),
                _ => return Err(Refusal::Scope),
            }
        }
        let licence = licence.ok_or(Refusal::Scope)?.to_owned();
        Ok(Scope { licence, offline })
    }

    /// Whether a scope on refresh asks for no more than this, in either spelling (RFC 6749 §6).
    #[must_use]
    pub fn covers(&self, text: &str, plus: bool) -> bool {
        let licences = [self.licence.as_str()];
        let words = words(text, &licences, plus);
        !words.is_empty()
            && words
                .into_iter()
                .all(|word| word == self.licence || word == OFFLINE && self.offline)
    }
}

fn words<'a>(text: &'a str, licences: &[&str], plus: bool) -> Vec<&'a str> {
    let known = |word: &str| word == OFFLINE || licences.contains(&word);
    let spaced = text.split(' ').filter(|word| !word.is_empty());
    spaced
        .flat_map(|word| match plus && !known(word) && word.split('+').all(known) {
            true => word.split('+').collect(),
            false => vec![word],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "https://registry.example/license/energy/2024-12-05";
    const B: &str = "https://registry.example/license/b";

    #[test]
    fn exactly_one_licence_is_asked_for() {
        let read = |text: &str, plus| Scope::read(text, &[A, B], plus);
        let scope = |offline| {
            Ok(Scope {
                licence: A.to_owned(),
                offline,
            })
        };
        assert_eq!(read(A, true), scope(false));
        assert_eq!(read(&format!(" {A}  offline_access"), true), scope(true));
        assert_eq!(read(&format!("offline_access {A}"), false), scope(true));
        assert_eq!(read(&format!("{A}+offline_access"), true), scope(true));
        for (text, plus) in [
            ("", true),
            ("openid profile", true),
            ("offline_access", true),
            (&format!("{A} {B}"), true),
            (&format!("{A}+{B}"), true),
            (&format!("{A} openid"), true),
            (&format!("{A}+openid"), true),
            (&format!("{A}+offline_access"), false),
        ] {
            assert_eq!(read(text, plus), Err(Refusal::Scope), "{text}");
        }
    }

    #[test]
    fn a_refresh_asks_for_no_more_than_was_pushed() {
        let granted = Scope::read(&format!("{A} offline_access"), &[A, B], true).unwrap();
        for text in [
            A,
            "offline_access",
            &format!("{A} offline_access"),
            &format!("{A}+offline_access"),
        ] {
            assert!(granted.covers(text, true), "{text}");
        }
        for text in ["", B, &format!("{A} {B}"), "openid"] {
            assert!(!granted.covers(text, true), "{text}");
        }
        let once = Scope::read(A, &[A], true).unwrap();
        assert!(!once.covers("offline_access", true));
    }
}
