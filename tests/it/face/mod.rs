//! Every page of the demo as each role finds it, by following links from its first page: how wide, how long, how it is judged
//! by axe, and by whoever has no mouse, no colours, no script, large letters or paper.
//!
//! Pages are found and not listed, so that a new one is looked at from its first day.

mod alike;
mod installed;
mod otherwise;
mod rules;
mod tour;
mod words;
