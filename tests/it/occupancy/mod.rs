//! The occupancy room through its door.

mod bad_input;
mod disk_full;
mod golden;
mod v1;
