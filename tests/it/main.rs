//! The one test binary: every promise that takes more than one file to keep.

mod book;
