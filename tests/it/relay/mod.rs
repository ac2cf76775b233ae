//! The relay, as its peers meet it: Python programs over mutual TLS.

mod desk;
mod meeting;
mod stage;
mod trust;
