//! Texts that people read and decide by: nothing in them turns a line round, and nothing is there that nobody sees. Pure.

/// The longest such text, in characters.
const LONGEST: usize = 200;

/// Whether people can read a text as it is: one line of at most 200 characters, with a letter or digit that is seen, no
/// control (Unicode general categories Cc, Zl, Zp), nothing that turns it round (UAX #9 §2), and nothing that is ignored
/// when it is shown but what scripts and pictures need to be joined (Unicode Default_Ignorable_Code_Point).
#[must_use]
pub fn is_readable(text: &str) -> bool {
    text.chars().count() <= LONGEST && text.chars().any(is_seen) && text.chars().all(|c| !is_trap(c))
}

/// Letters and digits; not those that fill a place and show nothing.
fn is_seen(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}')
}

fn is_trap(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            // The zero width joiner and non-joiner are left: Persian, Hindi and families of emoji are written with them.
            | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read_and_what_deceives_them_is_not() {
        for right in [
            "Acme Saver",
            "Énergie d'Été",
            "شركة الطاقة",
            "می\u{200C}خواهم",
            "क्\u{200D}ष",
            "Team 👨\u{200D}👩\u{200D}👧 7",
            "❤\u{FE0F} a",
            "東京",
        ] {
            assert!(is_readable(right), "{right}");
        }
        for wrong in [
            "",
            " ",
            "\u{3164}",
            "\u{2800}",
            "\u{115F}",
            "\u{FE0F}",
            "a\u{202E}b",
            "a\u{200B}b",
            "a\u{AD}b",
            "a\nb",
            "a\u{2028}b",
            "a\u{E0041}",
            "a\u{FFF9}",
            "a\u{1D173}",
            "a\u{FFA0}",
            "a\u{180E}",
            "a\u{34F}",
        ] {
            assert!(!is_readable(wrong), "{}", wrong.escape_unicode());
        }
        assert!(is_readable(&"a".repeat(200)) && !is_readable(&"a".repeat(201)));
    }
}
