//! The light of the display and the load switch: numbers with names (EMOP §4.5; the numbers are inferred).

use super::inferred::{BacklightValues, LoadSwitchValues};

/// A setting's number, and the names it goes by: none when it is in no document, two when what it means
/// depends on whether the meter has one phase or three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    number: u8,
    names: Vec<&'static str>,
}

/// A name of no setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no setting; there are {}", known.join(", "))]
pub struct SettingError {
    name: String,
    known: Vec<&'static str>,
}

impl Setting {
    /// The light setting with this number.
    #[must_use]
    pub fn backlight(number: u8, values: &BacklightValues) -> Setting {
        numbered(number, &backlights(values))
    }

    /// The load switch setting with this number.
    #[must_use]
    pub fn load_switch(number: u8, values: &LoadSwitchValues) -> Setting {
        numbered(number, &load_switches(values))
    }

    /// The light setting with this name.
    pub fn backlight_named(name: &str, values: &BacklightValues) -> Result<Setting, SettingError> {
        named(name, &backlights(values))
    }

    /// The load switch setting with this name.
    pub fn load_switch_named(name: &str, values: &LoadSwitchValues) -> Result<Setting, SettingError> {
        named(name, &load_switches(values))
    }

    /// The setting's number on the wire.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The setting's name: with two, the one that ends as `ending` says (`_sp` or `_3p`).
    #[must_use]
    pub fn name(&self, ending: &str) -> Option<&'static str> {
        let fits = self.names.iter().find(|name| name.ends_with(ending));
        fits.or(self.names.first()).copied()
    }
}

fn numbered(number: u8, known: &[(&'static str, u8)]) -> Setting {
    let names = known
        .iter()
        .filter(|(_, value)| *value == number)
        .map(|(name, _)| *name);
    Setting {
        number,
        names: names.collect(),
    }
}

fn named(name: &str, known: &[(&'static str, u8)]) -> Result<Setting, SettingError> {
    match known.iter().find(|(known, _)| *known == name) {
        Some((_, number)) => Ok(numbered(*number, known)),
        None => Err(SettingError {
            name: name.to_owned(),
            known: known.iter().map(|(name, _)| *name).collect(),
        }),
    }
}

fn backlights(values: &BacklightValues) -> [(&'static str, u8); 6] {
    [
        ("normal_sp", values.normal_sp),
        ("always_on_sp", values.always_on_sp),
        ("always_off_sp", values.always_off_sp),
        ("always_off_3p", values.always_off_3p),
        ("30_seconds_turn_off_3p", values.thirty_seconds_turn_off_3p),
        ("always_on_3p", values.always_on_3p),
    ]
}

fn load_switches(values: &LoadSwitchValues) -> [(&'static str, u8); 4] {
    [
        ("normal_button_always", values.normal_button_always),
        ("no_button_prepay_mode", values.no_button_prepay_mode),
        ("no_button_credit_mode", values.no_button_credit_mode),
        ("never_button_required", values.never_button_required),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_number_has_the_name_of_the_meters_kind() {
        let values = BacklightValues::default();
        let shared = Setting::backlight(0, &values);
        assert_eq!(
            (shared.name("_sp"), shared.name("_3p")),
            (Some("normal_sp"), Some("always_off_3p"))
        );
        assert_eq!(
            Setting::backlight(77, &values).name("_sp"),
            None,
            "an unknown number stays a number"
        );
        assert_eq!(Setting::backlight(77, &values).number(), 77);
        let error = Setting::load_switch_named("on", &LoadSwitchValues::default()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`on` is no setting; there are normal_button_always,"),
            "{error}"
        );
    }
}
