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
    /// Deliveries that were not taken yet.
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
    /// What is sent.
    pub body: Value,
}

impl DeliveryShown {
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
