//! `import …`: what other systems left behind comes in, in pieces that the command line reads out of their files. Each
//! piece is answered item by item, and saying one again changes nothing (MOVE §1.2).

mod authorities;
mod meters;
mod piece;
mod readings;
mod served;
mod spaces;

use axum::Router;
use axum::routing::post;

use super::AdminState;

pub use authorities::{NewAuthority, NewCertificate};
pub use meters::NewMeter;
pub use piece::{Came, Outcome};
pub use readings::{ReadingsFile, ReadingsRow};
pub use served::NewServed;

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/import/authority", post(authorities::adopt))
        .route("/import/certificates", post(authorities::enter))
        .route("/import/meters", post(meters::take))
        .route("/import/readings", post(readings::take))
        .route("/import/served", post(served::take))
        .route("/import/spaces", post(spaces::take))
}
