//! What other systems left behind, as bytes: each format read line by line or piece by piece, in bounded memory,
//! with the place of whatever is wrong (MOVE §1). Nothing here opens a file or knows the box.
#![doc = ""]
#![doc = include_str!("README.md")]

pub mod counted;
pub mod fields;
pub mod letsencrypt;
pub mod lines;
pub mod openssl_index;
pub mod probe;
pub mod rdb;
pub mod registry;
