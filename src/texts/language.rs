//! The languages that pages are written in.

use std::str::FromStr;

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    #[default]
    English,
    Welsh,
}

/// No page is written in that language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no page is written in it: \"en\" and \"cy\" are there")]
pub struct UnknownLanguage;

impl Language {
    /// All of them.
    pub const ALL: [Language; 2] = [Language::English, Language::Welsh];

    /// Its tag (RFC 5646).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Welsh => "cy",
        }
    }

    /// What those who speak it call it.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Welsh => "Cymraeg",
        }
    }

    /// The one of `offered` that a browser wants most (`Accept-Language`, RFC 9110 §12.5.4; RFC 4647 §3.4), else the first.
    #[must_use]
    pub fn wanted(accepted: &str, offered: &[Language]) -> Language {
        let mut best: Option<(f32, Language)> = None;
        for range in accepted.split(',').take(32) {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q=")?.parse().ok())
                .unwrap_or(1.0);
            let primary = tag.split('-').next().unwrap_or_default();
            let found = offered.iter().find(|one| one.tag().eq_ignore_ascii_case(primary));
            let Some(found) = found.filter(|_| weight > 0.0) else {
                continue;
            };
            if best.is_none_or(|(most, _)| weight > most) {
                best = Some((weight, *found));
            }
        }
        best.map(|(_, language)| language)
            .or(offered.first().copied())
            .unwrap_or_default()
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(tag: &str) -> Result<Language, UnknownLanguage> {
        let found = Language::ALL.into_iter().find(|language| language.tag() == tag);
        found.ok_or(UnknownLanguage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_browser_gets_what_it_wants_most_of_what_there_is() {
        let both = [Language::English, Language::Welsh];
        for (accepted, language) in [
            ("", Language::English),
            ("de", Language::English),
            ("cy-GB,en;q=0.8", Language::Welsh),
            ("en-GB,cy;q=0.8", Language::English),
            ("en;q=0.2, CY;q=0.3", Language::Welsh),
            ("cy;q=0", Language::English),
        ] {
            assert_eq!(Language::wanted(accepted, &both), language, "{accepted}");
        }
        assert_eq!(Language::wanted("en", &[Language::Welsh]), Language::Welsh);
    }

    proptest! {
        #[test]
        fn anything_that_a_browser_says_leads_to_what_is_offered(accepted in ".{0,80}") {
            prop_assert_eq!(Language::wanted(&accepted, &[Language::Welsh]), Language::Welsh);
        }
    }
}
