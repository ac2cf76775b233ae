//! Values that all rooms speak: no I/O, no async, no clock.

mod event;
mod meter;
mod seq;
mod space;
pub mod units;

pub use event::{Event, Lane, Removal};
pub use meter::{
    Datasource, Duty, Health, Latest, Meter, MeterId, MeterIdError, MeterNews, MeterState, Quality, Quantity,
};
pub use seq::{Epoch, Seq};
pub use space::{Level, Occupancy, Space, SpaceId, SpaceIdError, SpaceOrigin, Thresholds};

/// The largest count and the largest maximum a space can hold (`spec/occupancy.md` 2.3, V6).
pub const OCCUPANCY_LIMIT: u32 = 100_000;
