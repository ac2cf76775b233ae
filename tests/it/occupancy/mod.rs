//! The occupancy room through its door.

mod bad_input;
pub mod client;
mod clock;
mod corrections;
mod crowd;
mod disk_full;
mod door;
mod doormen;
mod golden;
mod kiosks;
mod limits;
mod sockets;
mod v1;
mod webhooks;
mod year;
