//! What people set on the page of the setup, and what of it is in force.

/// Something that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// What people call the building (`site.name`).
    Name(String),
    /// Its time zone (`site.timezone`).
    Timezone(String),
    /// The name or address under which people reach the box (`site.hostname`).
    Hostname(String),
    /// The meter room is open (`[meters]`).
    Meters,
}

impl Setting {
    /// The key of the configuration.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Setting::Name(_) => "site.name",
            Setting::Timezone(_) => "site.timezone",
            Setting::Hostname(_) => "site.hostname",
            Setting::Meters => "meters",
        }
    }
}
