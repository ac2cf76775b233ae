//! What is kept of a meter's latest answers, and in which units.

use serde::{Deserialize, Serialize};

/// What is kept of a meter's latest answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it; their units are in `unit`")]
pub enum Quantity {
    ImportA,
    ExportA,
    ReactiveImportA,
    ReactiveExportA,
    ImportB,
    ExportB,
    ReactiveImportB,
    ReactiveExportB,
    ApparentImport,
    ApparentExport,
    Balance,
    Csq,
    Power,
    Voltage,
    VoltageL1,
    VoltageL2,
    VoltageL3,
    ClockDrift,
    TariffsActive,
    TariffsFuture,
    PrepayEnabled,
    DaylightSavings,
    Hardware,
    MeterSerial,
    FirmwareVersion,
    Backlight,
    LoadSwitch,
}

impl Quantity {
    /// Whether it is a running total, which only rises.
    #[must_use]
    pub fn is_register(self) -> bool {
        matches!(self.unit(), Some("Wh" | "varh" | "VAh"))
    }

    /// The register of the other element: both together are the meter's.
    #[must_use]
    pub fn other_element(self) -> Option<Quantity> {
        Some(match self {
            Quantity::ImportA => Quantity::ImportB,
            Quantity::ImportB => Quantity::ImportA,
            Quantity::ExportA => Quantity::ExportB,
            Quantity::ExportB => Quantity::ExportA,
            Quantity::ReactiveImportA => Quantity::ReactiveImportB,
            Quantity::ReactiveImportB => Quantity::ReactiveImportA,
            Quantity::ReactiveExportA => Quantity::ReactiveExportB,
            Quantity::ReactiveExportB => Quantity::ReactiveExportA,
            _ => return None,
        })
    }

    /// Whether it is only true for the moment: of a meter that is silent nobody knows it.
    #[must_use]
    pub fn is_momentary(self) -> bool {
        matches!(
            self,
            Quantity::Power
                | Quantity::Voltage
                | Quantity::VoltageL1
                | Quantity::VoltageL2
                | Quantity::VoltageL3
                | Quantity::Csq
        )
    }

    /// The quantity's unit; `None` where it has none.
    #[must_use]
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Quantity::ImportA | Quantity::ExportA | Quantity::ImportB | Quantity::ExportB => Some("Wh"),
            Quantity::ReactiveImportA
            | Quantity::ReactiveExportA
            | Quantity::ReactiveImportB
            | Quantity::ReactiveExportB => Some("varh"),
            Quantity::ApparentImport | Quantity::ApparentExport => Some("VAh"),
            Quantity::Balance => Some("GBP"),
            Quantity::Power => Some("W"),
            Quantity::Voltage | Quantity::VoltageL1 | Quantity::VoltageL2 | Quantity::VoltageL3 => Some("V"),
            Quantity::ClockDrift => Some("s"),
            Quantity::Csq
            | Quantity::TariffsActive
            | Quantity::TariffsFuture
            | Quantity::PrepayEnabled
            | Quantity::DaylightSavings
            | Quantity::Hardware
            | Quantity::MeterSerial
            | Quantity::FirmwareVersion
            | Quantity::Backlight
            | Quantity::LoadSwitch => None,
        }
    }
}
