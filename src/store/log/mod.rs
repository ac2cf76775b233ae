//! The log: frames and records, pure; segments, appended to and thinned; what of it is kept in memory.

pub(in crate::store) mod appender;
pub(in crate::store) mod frame;
pub(in crate::store) mod latest;
pub(in crate::store) mod record;
pub(in crate::store) mod replay;
pub(in crate::store) mod segment;
pub(in crate::store) mod segments;
pub(in crate::store) mod spare_file;
pub(in crate::store) mod thinning;
