//! Writing: the queue to the pen, the pen, and what a change is to it.

pub(in crate::store) mod change;
pub(in crate::store) mod patience;
pub(in crate::store) mod pen;
pub(in crate::store) mod queue;
pub(in crate::store) mod reserve;
