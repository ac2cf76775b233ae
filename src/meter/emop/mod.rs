//! EMOP, the protocol of Emlite electricity meters (EMOP §1): bytes to values and
//! back. No I/O, no clock.
//!
//! A [`frame`] carries a data field, a data field is a [`message`], a message about an object carries a
//! payload, and a payload is a [`value`]. What could not be confirmed stands in [`inferred`].

mod ack;
pub mod blank;
pub mod catalogue;
pub mod crc;
pub mod dialect;
pub mod event_log;
pub mod frame;
pub mod identity;
pub mod inferred;
pub mod intervals;
pub mod message;
pub mod money;
pub mod object;
pub mod profile_log;
pub mod setting;
pub mod stream;
pub mod tariff;
pub mod time;
pub mod token;
pub mod value;

pub use ack::Ack;
pub use dialect::{Dialect, ProhibitedError, Request};
pub use frame::{Address, Control, Frame, FrameError};
pub use inferred::Inferred;
pub use message::{Message, ProfileLog};
pub use money::Money;
pub use object::ObjectId;
pub use stream::StreamDecoder;
pub use time::MeterTime;
pub use token::Token;
pub use value::Value;
