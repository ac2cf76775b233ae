//! Who may know what, for how long, and who may set what: rules over every role, scope, route, form and key.

mod afar;
mod faults;
mod fixture;
mod forms;
mod matrix;
mod signing_in;
mod spaces;
pub mod streams;
mod tenants;
