//! A licence, and the words that people agree to (PER §4.3).

use std::path::Path;

use data_encoding::HEXLOWER;

use super::config::{self, Client};
use crate::files;
use crate::pki::sha256;
use crate::texts::{Language, UnknownLanguage};

/// What stands for what differs from application to application and box to box.
const PLACEHOLDERS: [&str; 4] = ["[CAP]", "[EDP]", "[EDP privacy policy link]", "[CAP process]"];

/// The words of a licence, with places in them to be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// In English, in which it always is.
    text: String,
    /// In other languages.
    translations: Vec<(Language, String)>,
}

/// A licence has no words that people could agree to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LicenceError {
    /// The file cannot be read.
    #[error("the words of a licence cannot be read: {0}")]
    Unreadable(String),
    /// There is nothing in it, or too much.
    #[error("{0} holds no words that people could agree to, or more than 64 KiB")]
    Length(String),
    /// A place that nothing is known for.
    #[error("{file} has {place} in it, which nothing is known for")]
    Place {
        file: String,
        /// With its brackets.
        place: String,
    },
    /// It is translated into what no page is written in.
    #[error("the words of a licence are translated into `{0}`: {UnknownLanguage}")]
    Language(String),
    /// It is in English without that.
    #[error("the words of a licence in English are those of text_file, and no translation")]
    English,
}

/// What the places are filled with.
#[derive(Clone, Copy, Debug)]
pub struct Filled<'a> {
    pub client: &'a Client,
    /// Who provides the data.
    pub name: &'a str,
    pub privacy_url: &'a str,
}

impl Licence {
    /// Reads the words of a licence.
    ///
    /// # Errors
    ///
    /// When there are none, or a place in them is not known.
    pub fn read(section: &config::Licence) -> Result<Licence, LicenceError> {
        let of = |file: &Path| {
            let text = files::read(file).map_err(|error| LicenceError::Unreadable(error.to_string()))?;
            Licence::checked(&text, &file.display().to_string())
        };
        let mut translations = Vec::new();
        for (tag, file) in &section.translations {
            match tag.parse() {
                Ok(Language::English) => return Err(LicenceError::English),
                Ok(language) => translations.push((language, of(file)?)),
                Err(UnknownLanguage) => return Err(LicenceError::Language(tag.clone())),
            }
        }
        let text = of(&section.text_file)?;
        Ok(Licence { text, translations })
    }

    /// The text of a file, when people could agree to it.
    fn checked(text: &str, file: &str) -> Result<String, LicenceError> {
        if text.trim().is_empty() || text.len() > 64 << 10 {
            return Err(LicenceError::Length(file.to_owned()));
        }
        for (at, _) in text.match_indices('[') {
            let known = PLACEHOLDERS.iter().any(|place| text[at..].starts_with(place));
            if !known {
                let end = text[at..].find(']').map_or(text.len(), |end| at + end + 1);
                return Err(LicenceError::Place {
                    file: file.to_owned(),
                    place: text[at..end].chars().take(60).collect(),
                });
            }
        }
        Ok(text.trim().to_owned())
    }

    /// The words for one application, and the language that they are in: the reader's, where it is translated into that.
    #[must_use]
    pub fn words(&self, filled: Filled<'_>, reads: Language) -> (Language, String) {
        let translated = self.translations.iter().find(|(language, _)| *language == reads);
        match translated {
            Some((language, text)) => (*language, filled.into(text)),
            None => (Language::English, filled.into(&self.text)),
        }
    }
}

impl Filled<'_> {
    /// A text with its places filled.
    fn into(self, text: &str) -> String {
        let values = [&self.client.name, self.name, self.privacy_url, &self.client.process];
        // One walk, so that no name can bring a place of its own.
        let (mut words, mut rest) = (String::new(), text);
        while let Some(at) = rest.find('[') {
            words += &rest[..at];
            rest = &rest[at..];
            let found = PLACEHOLDERS
                .iter()
                .zip(values)
                .find(|(place, _)| rest.starts_with(**place));
            let (place, value) = found.map_or(("[", "["), |(place, value)| (*place, value));
            words += value;
            rest = &rest[place.len()..];
        }
        words + rest
    }
}

/// What words are known by: SHA-256, hex.
#[must_use]
pub fn fingerprint(words: &str) -> String {
    HEXLOWER.encode(&sha256(words.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled_once_and_with_nothing_that_is_filled_again() {
        let client = Client {
            name: "Saver [EDP]".into(),
            process: "saves".into(),
            ..Client::default()
        };
        let filled = Filled {
            client: &client,
            name: "Lodge",
            privacy_url: "https://lodge.example/p",
        };
        let text = Licence::checked("[CAP] asks [EDP] ([EDP privacy policy link]): it [CAP process].\n", "f");
        let licence = Licence {
            text: text.unwrap(),
            translations: vec![(Language::Welsh, "Mae [CAP] yn gofyn.".to_owned())],
        };
        let english = "Saver [EDP] asks Lodge (https://lodge.example/p): it saves.".to_owned();
        assert_eq!(
            licence.words(filled, Language::English),
            (Language::English, english.clone())
        );
        assert_eq!(
            licence.words(filled, Language::Welsh),
            (Language::Welsh, "Mae Saver [EDP] yn gofyn.".to_owned())
        );
        let only_english = Licence {
            translations: Vec::new(),
            ..licence
        };
        assert_eq!(
            only_english.words(filled, Language::Welsh),
            (Language::English, english)
        );
        for (wrong, place) in [("[CAP] and [FSP]", "[FSP]"), ("a [", "["), ("[cap]", "[cap]")] {
            let error = Licence::checked(wrong, "f").unwrap_err();
            assert!(
                matches!(&error, LicenceError::Place { place: one, .. } if one == place),
                "{error}"
            );
        }
        assert!(Licence::checked(" \n", "f").is_err());
    }
}
