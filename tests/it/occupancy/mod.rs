//! The occupancy room through its door.

mod golden;
