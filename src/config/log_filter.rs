//! Which lines are logged, as `tracing` filters are written, and which filters say nothing. Pure.

use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// What the box's own lines are of.
const OURS: &str = "gatelodge";

/// What is wrong with a filter, and what would be right: it must be one, and let errors of the box itself through.
#[must_use]
pub fn fault(filter: &str) -> Option<(String, &'static str)> {
    const RIGHT: &str = "such as info, or info,gatelodge=debug";
    if filter.parse::<EnvFilter>().is_err() {
        return Some((format!("{filter:?} is not a filter"), RIGHT));
    }
    let mut speaks = false;
    for part in filter.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (target, level) = match part.split_once('=') {
            Some((target, level)) => (target, level.parse().ok()),
            None if LevelFilter::from_str(part).is_ok() => ("", part.parse().ok()),
            None => (part, Some(LevelFilter::TRACE)),
        };
        // A word alone is taken for a part of the program, and a mistyped level says nothing at all then.
        let names_a_part = part.contains(['=', '[']) || target.contains("::") || target == OURS;
        if !target.is_empty() && !names_a_part {
            return Some((format!("{part:?} is neither a level nor a part of the program"), RIGHT));
        }
        let is_ours = target.is_empty() || target == OURS;
        speaks |= is_ours && level.is_some_and(|level: LevelFilter| level != LevelFilter::OFF);
    }
    (!speaks).then(|| {
        (
            format!("{filter:?} lets nothing of the box through, not even errors"),
            RIGHT,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_lets_errors_of_the_box_through_or_is_none() {
        for right in [
            "info",
            "WARN",
            "error",
            "3",
            "info,gatelodge=debug",
            "warn,gatelodge::config=trace",
            "gatelodge",
            "off,gatelodge=info",
            "info,hyper=off",
            "info,[request]=debug",
        ] {
            assert_eq!(fault(right), None, "{right}");
        }
        for wrong in [
            "",
            ",",
            "loud",
            "off",
            "hyper=debug",
            "info,loud",
            "gatelodge=loud",
            "info=what=this",
            "gatelodge=off",
        ] {
            assert!(fault(wrong).is_some(), "{wrong}");
        }
    }
}
