//! Counters and their page: `/metrics` in the OpenMetrics text format, or in Prometheus' own older one (`super::exposition`).

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::{encode, encode_registry};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::exposition::Form;

/// The registry of the process; clones share it. Names begin with `gatelodge_`.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    /// What has names of its own, which all programs have alike.
    common: Arc<Mutex<Registry>>,
    doors: Doors,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

impl Metrics {
    /// A registry that holds the doors' metrics.
    #[must_use]
    pub fn new() -> Metrics {
        let mut registry = Registry::with_prefix("gatelodge");
        let doors = Doors::register(&mut registry);
        Metrics {
            registry: Arc::new(Mutex::new(registry)),
            common: Arc::default(),
            doors,
        }
    }

    /// Registers more: `metrics.register(|registry| registry.register("name", "Help", counter.clone()))`.
    pub fn register<R>(&self, add: impl FnOnce(&mut Registry) -> R) -> R {
        add(&mut self.registry.lock().expect("registering does not panic"))
    }

    /// Registers what has the same name in all programs, such as `process_start_time_seconds`.
    pub fn register_common<R>(&self, add: impl FnOnce(&mut Registry) -> R) -> R {
        add(&mut self.common.lock().expect("registering does not panic"))
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.common.lock().expect("registering does not panic"))?;
        encode(&mut text, &self.registry.lock().expect("registering does not panic"))?;
        Ok(text)
    }

    /// The counters of the door `name`.
    #[must_use]
    pub fn door(&self, name: &'static str) -> DoorMetrics {
        self.doors.of(name)
    }

    /// Serves `/metrics`.
    pub fn router(&self) -> Router {
        Router::new().route("/metrics", get(page)).with_state(self.clone())
    }
}

async fn page(State(metrics): State<Metrics>, headers: HeaderMap) -> Response {
    // What is gathered may read the book.
    let text = super::blocking(move || metrics.text()).await;
    let Ok(Ok(text)) = text else {
        tracing::error!("the metrics could not be written");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let form = Form::wanted(&headers);
    let kinds = [(CONTENT_TYPE, form.content_type()), (VARY, "accept")];
    (kinds, form.of(text)).into_response()
}

/// Why a connection came to nothing, or was ended by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionEnd {
    AddressFull,
    HandshakeTimeout,
    HandshakeFailed,
    CertificateRefused,
    ClientGone,
    DoorClosed,
    HeaderTimeout,
    IdleTimeout,
    WriteTimeout,
    Revoked,
    ChallengeAnswered,
    ProxyHeader,
}

impl EncodeLabelValue for ConnectionEnd {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        let label = match self {
            ConnectionEnd::AddressFull => "address_full",
            ConnectionEnd::HandshakeTimeout => "handshake_timeout",
            ConnectionEnd::HandshakeFailed => "handshake_failed",
            ConnectionEnd::CertificateRefused => "certificate_refused",
            ConnectionEnd::ClientGone => "client_gone",
            ConnectionEnd::DoorClosed => "door_closed",
            ConnectionEnd::HeaderTimeout => "header_timeout",
            ConnectionEnd::IdleTimeout => "idle_timeout",
            ConnectionEnd::WriteTimeout => "write_timeout",
            ConnectionEnd::Revoked => "revoked",
            ConnectionEnd::ChallengeAnswered => "acme_challenge_answered",
            ConnectionEnd::ProxyHeader => "proxy_header",
        };
        label.encode(encoder)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DoorLabel {
    door: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    door: &'static str,
    reason: ConnectionEnd,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    door: &'static str,
    class: &'static str,
}

#[derive(Clone)]
struct Doors {
    open: Family<DoorLabel, Gauge>,
    unsent: Family<DoorLabel, Gauge>,
    connections: Family<DoorLabel, Counter>,
    refusals: Family<RefusalLabels, Counter>,
    requests: Family<StatusLabels, Counter>,
    durations: Family<DoorLabel, Histogram, fn() -> Histogram>,
}

fn duration_buckets() -> Histogram {
    Histogram::new([
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
    ])
}

impl Doors {
    fn register(registry: &mut Registry) -> Doors {
        let doors = Doors {
            open: Family::default(),
            unsent: Family::default(),
            connections: Family::default(),
            refusals: Family::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(duration_buckets),
        };
        registry.register("door_connections_open", "Connections open now", doors.open.clone());
        registry.register(
            "door_unsent_bytes",
            "Bytes of answers that wait for peers to take them",
            doors.unsent.clone(),
        );
        registry.register("door_connections", "Connections accepted", doors.connections.clone());
        registry.register(
            "door_refusals",
            "Connections refused or ended by the door, by reason",
            doors.refusals.clone(),
        );
        registry.register(
            "door_requests",
            "Requests answered, by class of status",
            doors.requests.clone(),
        );
        registry.register(
            "door_request_duration_seconds",
            "Time from a request's head to its answer's head",
            doors.durations.clone(),
        );
        doors
    }

    fn of(&self, door: &'static str) -> DoorMetrics {
        let class = |class| self.requests.get_or_create_owned(&StatusLabels { door, class });
        DoorMetrics {
            door,
            open: self.open.get_or_create_owned(&DoorLabel { door }),
            unsent: self.unsent.get_or_create_owned(&DoorLabel { door }),
            connections: self.connections.get_or_create_owned(&DoorLabel { door }),
            refusals: self.refusals.clone(),
            requests: ["1xx", "2xx", "3xx", "4xx", "5xx"].map(class),
            duration: self.durations.get_or_create_owned(&DoorLabel { door }),
        }
    }
}

/// The counters of one door, found once so that a request only adds.
#[derive(Clone)]
pub struct DoorMetrics {
    door: &'static str,
    pub(crate) open: Gauge,
    pub(crate) unsent: Gauge,
    pub(crate) connections: Counter,
    refusals: Family<RefusalLabels, Counter>,
    requests: [Counter; 5],
    duration: Histogram,
}

impl DoorMetrics {
    /// Counts one answer.
    pub(crate) fn answered(&self, status: axum::http::StatusCode, took: std::time::Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.requests[class].inc();
        self.duration.observe(took.as_secs_f64());
    }

    /// Counts one connection that was refused or ended by the door.
    pub(crate) fn refused(&self, reason: ConnectionEnd) {
        let door = self.door;
        self.refusals.get_or_create(&RefusalLabels { door, reason }).inc();
    }

    /// How many connections were refused or ended for `reason`.
    #[must_use]
    pub fn refusals(&self, reason: ConnectionEnd) -> u64 {
        let door = self.door;
        self.refusals.get_or_create(&RefusalLabels { door, reason }).get()
    }

    /// How many connections are open.
    #[must_use]
    pub fn open(&self) -> u64 {
        u64::try_from(self.open.get()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    #[tokio::test]
    async fn the_page_is_openmetrics_and_shows_what_doors_and_rooms_count() {
        let metrics = Metrics::new();
        let rooms = Counter::<u64>::default();
        metrics.register(|registry| registry.register("spaces_changed", "Changes of a count", rooms.clone()));
        rooms.inc();
        let door = metrics.door("https");
        door.answered(axum::http::StatusCode::NOT_FOUND, std::time::Duration::from_millis(3));
        door.refused(ConnectionEnd::HandshakeTimeout);
        let request = Request::get("/metrics")
            .header("accept", "application/openmetrics-text")
            .body(Body::empty())
            .unwrap();
        let response = metrics.router().oneshot(request).await.unwrap();
        let text = response.into_body().collect().await.unwrap().to_bytes();
        let text = std::str::from_utf8(&text).unwrap();
        for line in [
            "gatelodge_door_requests_total{door=\"https\",class=\"4xx\"} 1",
            "gatelodge_door_refusals_total{door=\"https\",reason=\"handshake_timeout\"} 1",
            "gatelodge_door_request_duration_seconds_bucket{le=\"0.005\",door=\"https\"} 1",
            "gatelodge_spaces_changed_total 1",
        ] {
            assert!(text.contains(line), "{line} is missing in:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
