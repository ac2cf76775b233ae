//! Webhooks as people and programs see them: never the secret, never more of the address than its host.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::ledger::{Delivery, State};

/// A target, and how it goes with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetShown {
    /// Its name.
    pub name: String,
    /// Scheme, host and port of its address.
    pub to: String,
    /// Deliveries that were not taken yet: the one that is tried, and all that come after it.
    pub waiting: u64,
    /// Deliveries that were taken, among those remembered.
    pub delivered: u64,
    /// Deliveries that were given up, among those remembered.
    pub dead: u64,
    /// Until when it is left alone, because it said so (`Retry-After`, or 410: that it is no more).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub not_before: Option<Timestamp>,
    /// The newest delivery.
    pub last: Option<DeliveryShown>,
}

/// Whether a target takes what it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetState {
    /// Its name.
    pub name: String,
    /// Until when it is left alone, because it said so.
    pub not_before: Option<Timestamp>,
    /// What it answered to the newest delivery that was tried, when it did not take it.
    pub failing: Option<String>,
}

/// A delivery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryShown {
    /// To which target.
    pub target: String,
    /// What the target knows it by.
    pub id: String,
    /// What it is about, such as `space.full`.
    pub topic: String,
    /// When that happened.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// `waiting`, `delivered`, `dead` or `again`.
    #[schema(value_type = String)]
    pub state: State,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was tried last.
    #[schema(value_type = Option<String>)]
    pub tried: Option<Timestamp>,
    /// What the target answered last, or why it did not.
    pub outcome: String,
    /// What is sent; null when it is about a meter and the token lacks `meters:read`.
    pub body: Value,
}

impl TargetShown {
    /// As somebody may know it who sees spaces, and meters or not.
    pub(super) fn shown_to(mut self, sees_meters: bool) -> TargetShown {
        self.last = self.last.map(|last| last.shown_to(sees_meters));
        self
    }
}

impl DeliveryShown {
    /// As somebody may know it who sees spaces, and meters or not: the words of a meter's alarm name who lives there.
    pub(super) fn shown_to(mut self, sees_meters: bool) -> DeliveryShown {
        let source = self.body.pointer("/data/alarm/source").and_then(Value::as_str);
        if !sees_meters && source.is_some_and(|source| source.starts_with("meter:")) {
            self.body = Value::Null;
        }
        self
    }

    pub(super) fn of(target: &str, delivery: Delivery) -> DeliveryShown {
        DeliveryShown {
            target: target.to_owned(),
            id: delivery.id,
            topic: delivery.topic,
            at: delivery.at,
            state: delivery.state,
            attempts: delivery.attempts,
            tried: delivery.tried,
            outcome: delivery.outcome,
            body: serde_json::from_str(&delivery.body).unwrap_or_default(),
        }
    }
}
