//! Lamps: the state of each room in a word, at the foot of every page.

/// One lamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lamp {
    /// Of what.
    pub name: String,
    /// Its colour.
    pub light: Light,
    /// The same in words, since not everybody sees colours.
    pub words: String,
}

/// The colour of a lamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// All is well.
    Good,
    /// It works, but somebody should look.
    Warn,
    /// It does not work.
    Bad,
}

impl Light {
    /// Its class in the style sheet.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Light::Good => "good",
            Light::Warn => "warn",
            Light::Bad => "bad",
        }
    }
}
