//! What people read: every text by its name, in every language, in one table a language (`web/texts/`).
//!
//! The tables are Fluent's (projectfluent.org, syntax 1.0): a text has named places for values, and forms for counts as
//! the language has them (Unicode CLDR: English has two, Welsh six). English is whole; what another language has not is
//! shown in English and says so to screen readers (WCAG 2.2, 3.1.2). Pure.

mod language;
mod said;
mod table;
mod value;

pub use language::{Language, UnknownLanguage};
pub use said::Said;
pub use table::unchecked;
pub use value::Value;

use jiff::civil;

/// The texts of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts {
    pub language: Language,
}

impl Texts {
    /// The texts of `language`.
    #[must_use]
    pub fn of(language: Language) -> Texts {
        Texts { language }
    }

    /// Whether there is a text of that name.
    #[must_use]
    pub fn knows(name: &str) -> bool {
        table::has(name)
    }

    /// A text without places.
    #[must_use]
    pub fn say(self, name: &str) -> Said {
        self.say_with(name, &[])
    }

    /// A text with one place.
    #[must_use]
    pub fn say1(self, name: &str, place: &'static str, value: impl Into<Value>) -> Said {
        self.say_with(name, &[(place, value.into())])
    }

    /// A text with two places.
    #[must_use]
    pub fn say2(
        self,
        name: &str,
        one: (&'static str, impl Into<Value>),
        two: (&'static str, impl Into<Value>),
    ) -> Said {
        self.say_with(name, &[(one.0, one.1.into()), (two.0, two.1.into())])
    }

    /// A text with any number of places.
    #[must_use]
    pub fn say_with(self, name: &str, places: &[(&'static str, Value)]) -> Said {
        if let Some(text) = table::find(self.language, name, places) {
            return Said::new(text, None);
        }
        // A name that no table has is ours to mend: a test looks at every name that stands in the code and the pages.
        let text = table::find(Language::English, name, places).unwrap_or_else(|| name.to_owned());
        self.in_english(&text)
    }

    /// A text of no table that is English whatever the page is in: words for programs, and of those who wrote no other.
    #[must_use]
    pub fn in_english(self, text: &str) -> Said {
        Said::new(
            text.to_owned(),
            (self.language != Language::English).then_some(Language::English),
        )
    }

    /// The day of the week, the day and the month: `Sun 29 Nov`.
    #[must_use]
    pub fn day(self, date: civil::Date) -> String {
        let weekday = format!("weekday-{}", date.weekday().to_monday_one_offset());
        format!("{} {}", self.say(&weekday).text(), self.day_of_month(date))
    }

    /// The day and the month: `29 Nov`.
    #[must_use]
    pub fn day_of_month(self, date: civil::Date) -> String {
        let month = format!("month-{}", date.month());
        format!("{} {}", date.day(), self.say(&month).text())
    }

    /// The day, the month and the year: `29 Nov 2026`.
    #[must_use]
    pub fn date(self, date: civil::Date) -> String {
        format!("{} {}", self.day_of_month(date), date.year())
    }

    /// How long ago something was, in the largest unit that says something.
    #[must_use]
    pub fn ago(self, seconds: i64) -> Said {
        match seconds {
            ..60 => self.say("ago-now"),
            60..3_600 => self.say1("ago-minutes", "count", seconds / 60),
            3_600..86_400 => self.say1("ago-hours", "count", seconds / 3_600),
            _ => self.say1("ago-days", "count", seconds / 86_400),
        }
    }

    /// How long until something, in the largest unit that says something.
    #[must_use]
    pub fn ahead(self, seconds: i64) -> Said {
        match seconds {
            ..60 => self.say("ahead-now"),
            60..3_600 => self.say1("ahead-minutes", "count", seconds / 60),
            3_600..86_400 => self.say1("ahead-hours", "count", seconds / 3_600),
            _ => self.say1("ahead-days", "count", seconds / 86_400),
        }
    }
}

/// Marks a text's name in code that says it elsewhere, so that the test of names finds it.
#[must_use]
pub const fn named(name: &'static str) -> &'static str {
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_the_forms_of_the_language() {
        let (english, welsh) = (Texts::of(Language::English), Texts::of(Language::Welsh));
        let said = |texts: Texts, seconds| texts.ago(seconds).text().to_owned();
        assert_eq!(said(english, 59), "just now");
        assert_eq!(said(english, 60), "1 minute ago");
        assert_eq!(said(english, 7_200), "2 hours ago");
        // Welsh counts with the singular, and changes its first letter after two.
        assert_eq!(said(welsh, 86_400), "1 diwrnod yn ôl");
        assert_eq!(said(welsh, 2 * 86_400), "2 ddiwrnod yn ôl");
        assert_eq!(said(welsh, 5 * 86_400), "5 diwrnod yn ôl");
    }

    #[test]
    fn what_a_language_has_not_is_said_in_english_and_marked_as_such() {
        let welsh = Texts::of(Language::Welsh);
        assert_eq!(
            welsh.say("test-only-english").to_string(),
            "<span lang=\"en\">Only &#60;here&#62;</span>"
        );
        assert_eq!(
            welsh.in_english("a & b").to_string(),
            "<span lang=\"en\">a &#38; b</span>"
        );
        assert_eq!(
            Texts::of(Language::English).say("test-only-english").to_string(),
            "Only &#60;here&#62;"
        );
    }

    #[test]
    fn values_are_text_and_never_markup() {
        let said = Texts::of(Language::English).say1("test-place", "name", "<b>Hall</b> \u{2068}");
        assert_eq!(said.to_string(), "In &#60;b&#62;Hall&#60;/b&#62; \u{2068}");
    }

    #[test]
    fn days_are_named_in_the_language() {
        let day = civil::date(2026, 11, 29);
        assert_eq!(Texts::of(Language::English).day(day), "Sun 29 Nov");
        assert_eq!(Texts::of(Language::Welsh).day(day), "Sul 29 Tach");
        assert_eq!(Texts::of(Language::English).date(day), "29 Nov 2026");
        assert_eq!(Texts::of(Language::Welsh).date(day), "29 Tach 2026");
    }
}
