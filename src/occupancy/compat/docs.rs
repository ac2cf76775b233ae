//! The old API in OpenAPI: one item a route, and a test that each is a route.

#![expect(
    dead_code,
    reason = "utoipa reads the attributes; the functions themselves are never called"
)]

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

/// The document of the old API.
#[derive(OpenApi)]
#[openapi(
    paths(create, create_named, read, increment, decrement, set_maximum),
    components(schemas(Space, Counts, Fault)),
    tags((name = "occupancy", description = "The Occupancy API that existing clients speak"))
)]
pub struct Docs;

/// A counted place.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "space_id": "7fcccca5-5ee3-4c82-a0fc-4d1df69a882d", "space_name": "Hall",
    "occupancy": {"current": 3, "maximum": 50},
    "created": "2026-01-02T03:04:05.000000Z", "last_updated": "2026-01-02T03:04:05.000000Z"
}))]
struct Space {
    /// A random UUID.
    space_id: String,
    /// The name it was given, or null.
    space_name: Option<String>,
    /// Its count and maximum.
    occupancy: Counts,
    /// When it was created, UTC, six decimals.
    created: String,
    /// When its count or maximum was last changed.
    last_updated: String,
}

/// A count and its maximum.
#[derive(Serialize, Deserialize, ToSchema)]
struct Counts {
    /// People inside.
    #[schema(maximum = 100_000)]
    current: u32,
    /// People allowed inside.
    #[schema(minimum = 1, maximum = 100_000)]
    maximum: u32,
}

/// What went wrong.
#[derive(Serialize, Deserialize, ToSchema)]
struct Fault {
    /// In words.
    error: String,
}

/// Create a space without a name.
#[utoipa::path(put, path = "/space/new/occupancy/current/{current}/max/{maximum}", tag = "occupancy",
    params(("current" = u32, Path, description = "People inside", example = 0), ("maximum" = u32, Path, description = "People allowed inside", example = 50)),
    responses((status = 200, description = "The space", body = Space), (status = 400, description = "A number is out of bounds", body = Fault),
        (status = 429, description = "Too many new spaces from this address", body = Fault), (status = 503, description = "Busy", body = Fault), (status = 507, description = "The disk is full", body = Fault)))]
fn create() {}

/// Create a space with a name.
#[utoipa::path(put, path = "/space/new/occupancy/current/{current}/max/{maximum}/name/{name}", tag = "occupancy",
    params(("current" = u32, Path, description = "People inside", example = 0), ("maximum" = u32, Path, description = "People allowed inside", example = 50), ("name" = String, Path, description = "Its name, percent-encoded UTF-8", example = "Hall")),
    responses((status = 200, description = "The space", body = Space), (status = 400, description = "A number or the name is out of bounds", body = Fault),
        (status = 429, description = "Too many new spaces from this address", body = Fault), (status = 503, description = "Busy", body = Fault), (status = 507, description = "The disk is full", body = Fault)))]
fn create_named() {}

/// Read a space.
#[utoipa::path(get, path = "/space/{id}", tag = "occupancy",
    params(("id" = String, Path, description = "Its UUID", example = "7fcccca5-5ee3-4c82-a0fc-4d1df69a882d")),
    responses((status = 200, description = "The space", body = Space, headers(("ETag" = String, description = "Its version"))), (status = 304, description = "Unchanged"),
        (status = 400, description = "Not a UUID", body = Fault), (status = 404, description = "No such space", body = Fault)))]
fn read() {}

/// One person more; at the maximum nothing changes and the answer is the same.
#[utoipa::path(put, path = "/space/{id}/increment", tag = "occupancy",
    params(("id" = String, Path, description = "Its UUID", example = "7fcccca5-5ee3-4c82-a0fc-4d1df69a882d")),
    responses((status = 200, description = "The space after it", body = Space), (status = 400, description = "Not a UUID", body = Fault),
        (status = 404, description = "No such space", body = Fault), (status = 503, description = "Busy", body = Fault), (status = 507, description = "The disk is full", body = Fault)))]
fn increment() {}

/// One person less; at zero nothing changes and the answer is the same.
#[utoipa::path(put, path = "/space/{id}/decrement", tag = "occupancy",
    params(("id" = String, Path, description = "Its UUID", example = "7fcccca5-5ee3-4c82-a0fc-4d1df69a882d")),
    responses((status = 200, description = "The space after it", body = Space), (status = 400, description = "Not a UUID", body = Fault),
        (status = 404, description = "No such space", body = Fault), (status = 503, description = "Busy", body = Fault), (status = 507, description = "The disk is full", body = Fault)))]
fn decrement() {}

/// Change the maximum; a count above it comes down to it.
#[utoipa::path(put, path = "/space/{id}/max/{maximum}", tag = "occupancy",
    params(("id" = String, Path, description = "Its UUID", example = "7fcccca5-5ee3-4c82-a0fc-4d1df69a882d"), ("maximum" = u32, Path, description = "People allowed inside, 1 to 100000", example = 40)),
    responses((status = 200, description = "The space after it", body = Space), (status = 400, description = "Not a UUID, or out of bounds", body = Fault),
        (status = 404, description = "No such space", body = Fault), (status = 503, description = "Busy", body = Fault), (status = 507, description = "The disk is full", body = Fault)))]
fn set_maximum() {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::occupancy::compat::Target;

    #[test]
    fn every_documented_path_is_a_route_with_its_method() {
        let document = Docs::openapi();
        assert_eq!(document.paths.paths.len(), 6);
        for (path, item) in document.paths.paths {
            let filled = path
                .replace("{current}", "0")
                .replace("{maximum}", "5")
                .replace("{name}", "Hall")
                .replace("{id}", "x");
            let target = Target::of(&filled);
            assert_ne!(target, Target::Unknown, "{path}");
            assert_eq!(item.get.is_some(), target.methods().starts_with("GET"), "{path}");
            assert_eq!(item.put.is_some(), target.methods().starts_with("PUT"), "{path}");
        }
    }
}
