//! Everything that is tested from outside, through real sockets, files and programs.

mod book;
mod gate;
mod pki;
