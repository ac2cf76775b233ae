//! Plots of the pages: SVG made here, so that they need no script. Pure: no I/O, no clock, and no words of their own; what
//! is said comes from whoever draws, in the language of whoever looks.
//!
//! A plot is a value ([`Plot`]) that a [`Sheet`] puts into a page, in two sizes of which the style sheet shows one. Each
//! says the same again as a table, and stays below 15 kB.

mod beats;
mod canvas;
mod ends;
mod half_hours;
mod heat;
mod labelled;
mod people;
mod range;
mod scale;
mod sheet;
mod stacked;
#[cfg(test)]
mod tests;

pub use beats::{Beat, Beats, Strip};
pub use canvas::{Anchor, Area, Canvas, Place, Plain, Size, Times, block, felt};
pub use ends::{Ending, EndingWords, Endings};
pub use half_hours::{HalfHourWords, HalfHours, Tint};
pub use heat::{Cell, Heat, HeatRow};
pub use labelled::{Bar, Labelled};
pub use people::{People, PeopleWords, Quarter};
pub use range::{Range, Stretch};
pub use scale::{Scale, levels, numbers};
pub use sheet::{Plot, Sheet, Twin};
pub use stacked::{Stack, Stacked};
