//! A licence, and the words that people agree to (PER §4.3).

use data_encoding::HEXLOWER;

use super::config::{self, Client};
use crate::files;
use crate::pki::sha256;

/// What stands for what differs from application to application and box to box.
const PLACEHOLDERS: [&str; 4] = ["[CAP]", "[EDP]", "[EDP privacy policy link]", "[CAP process]"];

/// The words of a licence, with places in them to be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    text: String,
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
        let text = files::read(&section.text_file).map_err(|error| LicenceError::Unreadable(error.to_string()))?;
        Licence::of(&text, &section.text_file.display().to_string())
    }

    fn of(text: &str, file: &str) -> Result<Licence, LicenceError> {
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
        Ok(Licence {
            text: text.trim().to_owned(),
        })
    }

    /// The words for one application.
    #[must_use]
    pub fn words(&self, filled: Filled<'_>) -> String {
        let values = [
            &filled.client.name,
            filled.name,
            filled.privacy_url,
            &filled.client.process,
        ];
        // One walk, so that no name can bring a place of its own.
        let (mut words, mut rest) = (String::new(), self.text.as_str());
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
        let licence = Licence::of("[CAP] asks [EDP] ([EDP privacy policy link]): it [CAP process].\n", "f").unwrap();
        assert_eq!(
            licence.words(filled),
            "Saver [EDP] asks Lodge (https://lodge.example/p): it saves."
        );
        for (wrong, place) in [("[CAP] and [FSP]", "[FSP]"), ("a [", "["), ("[cap]", "[cap]")] {
            let error = Licence::of(wrong, "f").unwrap_err();
            assert!(
                matches!(&error, LicenceError::Place { place: one, .. } if one == place),
                "{error}"
            );
        }
        assert!(Licence::of(" \n", "f").is_err());
    }
}
