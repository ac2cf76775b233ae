//! What commands do.

use crate::meter::emop::ProfileLog;
use crate::meter::emop::tariff::Which;

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    EnvShow,
    EnvSet,
    Version,
    List,
    Info,
    ClockDrift,
    SerialToName,
    /// An object whose value is printed as it is.
    Value(&'static str),
    /// An object in W or var, printed in thousands.
    Kilo(&'static str),
    /// An object printed with a fraction, as older programs do.
    Fraction(&'static str),
    Hardware,
    Backlight,
    /// All registers of a meter.
    Read,
    /// The registers of one element.
    Element(&'static str),
    Totals,
    Voltages,
    /// An object that stays bytes.
    Bytes(&'static str),
    ClockWrite,
    BacklightWrite,
    LoadSwitchWrite,
    FlagWrite(&'static str),
    PrepayWrite,
    ProfileLog(ProfileLog),
    EventLog,
    Intervals,
    ObjectRead,
    ObjectWrite,
    TokenSend,
    TariffRead(Which),
    TariffWrite,
}

impl Action {
    /// Whether it is done to a meter, whose serial it therefore takes.
    pub(super) fn is_about_a_meter(self) -> bool {
        !matches!(self, Action::EnvShow | Action::EnvSet | Action::Version | Action::List)
    }
}
