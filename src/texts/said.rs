//! A text with its values in place, as a page shows it.

use std::fmt::{self, Display, Formatter, Write};

use super::Language;

/// A text, and the language it is in where that is not the page's. Written into a page, it is escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    text: String,
    other: Option<Language>,
}

/// It escapes itself.
impl askama::filters::HtmlSafe for Said {}

impl Said {
    pub(super) fn new(text: String, other: Option<Language>) -> Said {
        Said { text, other }
    }

    /// A text of no table, whose language nobody knows: what people or meters wrote.
    #[must_use]
    pub fn as_it_is(text: &str) -> Said {
        Said::new(text.to_owned(), None)
    }

    /// The bare text: for attributes, titles and what is no page.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Display for Said {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(language) = self.other {
            write!(f, "<span lang=\"{}\">", language.tag())?;
        }
        for letter in self.text.chars() {
            match letter {
                '&' | '<' | '>' | '"' | '\'' => write!(f, "&#{};", u32::from(letter))?,
                _ => f.write_char(letter)?,
            }
        }
        match self.other {
            Some(_) => f.write_str("</span>"),
            None => Ok(()),
        }
    }
}
