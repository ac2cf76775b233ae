//! Opening: survey what is there, mend it, fill the table, start the threads. `verify` is the first half of it.

pub(in crate::store) mod found;
pub(in crate::store) mod kept;
pub(in crate::store) mod loss;
pub(in crate::store) mod opening;
pub(in crate::store) mod retention;
pub(in crate::store) mod running;
pub(in crate::store) mod salvage;
pub(in crate::store) mod survey;
pub(in crate::store) mod verify;
