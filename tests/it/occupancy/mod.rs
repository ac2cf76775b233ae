//! The occupancy room through its door.

mod bad_input;
pub mod client;
mod clock;
mod crowd;
mod disk_full;
mod golden;
mod limits;
mod sockets;
mod v1;
mod webhooks;
mod year;
