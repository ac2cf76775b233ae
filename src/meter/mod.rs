//! The meter room: Emlite electricity meters over EMOP (`spec/emop.md`).
//!
//! [`emop`] is the protocol, pure; [`smip`], [`mediator::messages`] and [`arguments`] are what other
//! programs and people write, pure as well.

pub mod arguments;
pub mod emop;
pub mod link;
pub mod mediator;
pub mod probe;
pub mod session;
pub mod simulator;
pub mod smip;
