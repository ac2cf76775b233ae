//! Two weeks in a word's space: a bar a day, no axes. Pure.

use std::fmt::Write;

/// A day's width and the whole height, in the picture's own units.
const DAY: usize = 5;
const HEIGHT: f64 = 18.0;

/// The picture, called `title`, which is escaped here.
#[must_use]
pub(super) fn spark(energies: &[Option<u64>], title: &str) -> String {
    let most = energies.iter().flatten().copied().max().unwrap_or(0).max(1);
    let width = energies.len() * DAY;
    let mut svg = format!(
        "<svg class=\"spark\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" height=\"{HEIGHT}\" role=\"img\"><title>{}</title>",
        askama::filters::escape(title, askama::filters::Html).map_or_else(|_| String::new(), |safe| safe.to_string())
    );
    for (place, energy) in energies.iter().enumerate() {
        let x = place * DAY;
        let _ = match energy {
            Some(energy) => {
                let height = (*energy as f64 / most as f64 * (HEIGHT - 2.0)).max(1.0);
                let y = HEIGHT - height;
                write!(svg, "<rect x=\"{x}\" y=\"{y:.1}\" width=\"4\" height=\"{height:.1}\"/>")
            }
            None => write!(
                svg,
                "<rect class=\"none\" x=\"{x}\" y=\"{}\" width=\"4\" height=\"1\"/>",
                HEIGHT - 1.0
            ),
        };
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_without_a_reading_are_seen_and_titles_are_no_markup() {
        let svg = spark(&[Some(0), None, Some(10)], "a<b");
        assert_eq!(svg.matches("<rect").count(), 3);
        assert_eq!(svg.matches("class=\"none\"").count(), 1);
        assert!(svg.contains("<title>a&#60;b</title>"), "{svg}");
    }

    proptest! {
        #[test]
        fn every_bar_stands_inside(energies in proptest::collection::vec(proptest::option::of(0u64..u64::MAX / 2), 0..20)) {
            let svg = spark(&energies, "");
            for y in svg.split(" y=\"").skip(1) {
                let y: f64 = y.split('"').next().unwrap().parse().unwrap();
                prop_assert!((0.0..=HEIGHT).contains(&y));
            }
        }
    }
}
