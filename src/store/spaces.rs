//! Spaces: rows that the occupancy room writes and others read.
