#![doc = include_str!("README.md")]

mod archive;
mod contents;
mod download;
mod erasure;
mod pages;
mod restored;
mod room;
mod rows;
mod running;
mod taking;
mod under_way;

pub use erasure::ForgetError;
pub use pages::router;
pub use room::{Account, Deps, Elsewhere, PersonalData};
pub use rows::AskedBy;
pub use taking::ArchiveShown;
pub use under_way::ErasureShown;
