//! The relay, as its peers meet it: Python programs over mutual TLS.

mod bridge;
mod compressed;
mod cut;
mod fixture;
mod limits;
mod load;
mod meeting;
mod operator;
mod trust;
