//! Values that all rooms speak: no I/O, no async, no clock.
#![warn(missing_docs)]

mod alarm;
mod alarm_text;
mod backoff;
mod believed;
mod energy;
mod event;
mod faults;
pub mod given;
mod interval;
mod lane;
mod latest;
mod meter;
mod operation;
mod qr;
mod quantity;
mod rating;
mod readable;
mod seq;
pub mod series;
mod space;
mod stretches;
mod text_form;
mod topup;
pub mod units;

pub use alarm::{Alarm, AlarmKey, AlarmNews, Severity, Source, SourceError};
pub use alarm_text::{AlarmValues, PLACES, Wording, alarm_codes, alarm_text, filled};
pub use backoff::Backoff;
pub use energy::{Element, Measure, MeterId, MeterIdError, Quality, Reading, Register, WattHours};
pub use event::{Event, Removal};
pub use faults::{Fault, Faults};
pub use interval::{HALF_HOUR, Interval, boundary_from, intervals};
pub use lane::Lane;
pub use latest::{Doubt, Held, Latest, Total, number};
pub use meter::{Counts, Datasource, Duty, HalfHoursAsked, Health, Identity, Meter, MeterNews, MeterState};
pub use operation::{Operation, OperationState};
pub use qr::{QR_QUIET, qr_svg};
pub use quantity::Quantity;
pub use rating::Rating;
pub use readable::is_readable;
pub use seq::{ChangeId, ChangeIdError, Epoch, Seq};
pub use space::{Level, Occupancy, Space, SpaceId, SpaceIdError, SpaceOrigin, Thresholds};
pub use stretches::{HalfHour, Stretches};
pub(crate) use text_form::text_form;
pub use topup::TopupState;

/// The largest count and the largest maximum a space can hold (OCC §2.3, V6).
pub const OCCUPANCY_LIMIT: u32 = 100_000;
