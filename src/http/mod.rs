//! What every door's router shares, and no more: the layer around each request, problem answers,
//! limits, embedded files, health and metrics. No room and no account is known here.

mod ahead;
pub mod assets;
pub mod authority;
mod bearer;
mod body;
mod byte_rate;
mod claims;
pub mod client;
mod event_stream;
mod exposition;
mod fixed;
pub mod health;
pub(crate) mod leftover;
mod limiter;
mod linger;
mod longest;
pub mod metrics;
pub mod network;
mod peer;
pub mod problem;
mod proxies;
mod rate;
mod request_id;
mod retry_after;
pub mod serve;
pub mod swap;

pub use ahead::{Ahead, Site};
pub use bearer::bearer;
pub(crate) use body::LEAST_PACE;
pub use body::PatientBody;
pub use byte_rate::{ByteRate, ByteRateError};
pub use event_stream::{HEARTBEAT, event_stream};
pub use fixed::Fixed;
pub(crate) use fixed::{Crowded, Shared};
pub(crate) use leftover::closing;
pub use limiter::{Limiter, RateLimits};
pub(crate) use linger::{Lingering, LingeringListener};
pub use longest::{LONGEST_BODY, longest_body};
pub(crate) use peer::counted;
pub use peer::{Peer, Reached, truncated};
pub use problem::Problem;
pub use proxies::{Network, NetworkError, Proxies};
pub use rate::{Rate, RateError};
pub use request_id::RequestId;
pub use retry_after::retry_after;
