//! Reads a picture as a browser would, and says where something stands outside of it.

use crate::face::plot::Size;

/// So much of a mark may stand over the edge: what numbers are rounded by.
const ROUNDED: f64 = 0.11;

/// Panics when a mark or a letter of a picture stands outside of its frame.
pub fn stands_inside(svg: &str, (size, height): (Size, f64)) {
    let within = |x: f64, y: f64, what: &str| {
        assert!(
            (-ROUNDED..=size.width() + ROUNDED).contains(&x) && (-ROUNDED..=height + ROUNDED).contains(&y),
            "{x} {y} of {what} is not within {} × {height}: {svg}",
            size.width()
        );
    };
    for (at, _) in svg.match_indices('<') {
        let tag = &svg[at..svg[at..].find('>').map_or(svg.len(), |end| at + end)];
        let number = |name: &str| attribute(tag, name).and_then(|text| text.parse::<f64>().ok());
        if tag.starts_with("<path") {
            for (x, y) in points(attribute(tag, "d").unwrap_or_default()) {
                within(x, y, tag);
            }
        } else if tag.starts_with("<use") {
            let (x, y) = (number("x").unwrap(), number("y").unwrap());
            within(x, y, tag);
            within(x + number("width").unwrap(), y + number("height").unwrap(), tag);
        } else if tag.starts_with("<circle") {
            within(number("cx").unwrap(), number("cy").unwrap(), tag);
        } else if tag.starts_with("<text") {
            let content = svg[at..].split('>').nth(1).unwrap().split('<').next().unwrap();
            let wide = length(content) as f64 * size.font() * 0.55;
            if let Some(moved) = attribute(tag, "transform") {
                let moved = moved.trim_start_matches("translate(").split(')').next().unwrap();
                let (x, y) = moved.split_once(' ').unwrap();
                let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                within(x, y, tag);
                within(x, y - wide, content);
                continue;
            }
            let (x, y) = (number("x").unwrap(), number("y").unwrap());
            let (from, to) = match attribute(tag, "text-anchor") {
                Some("middle") => (x - wide / 2.0, x + wide / 2.0),
                Some("end") => (x - wide, x),
                _ => (x, x + wide),
            };
            within(from, y, content);
            within(to, y - size.font() * 0.7, content);
        }
    }
}

/// Letters, of which an escaped one is one.
fn length(text: &str) -> usize {
    let escapes = text.matches("&#").count();
    let inside: usize = text
        .split("&#")
        .skip(1)
        .map(|rest| rest.find(';').unwrap_or(0) + 2)
        .sum();
    text.chars().count() - inside - escapes + escapes
}

pub fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

/// The corners of a path of `M L H V m l h v z`.
pub fn points(path: &str) -> Vec<(f64, f64)> {
    let (mut x, mut y, mut found) = (0.0, 0.0, Vec::new());
    let mut begin = (0.0, 0.0);
    let mut rest = path;
    while let Some(command) = rest.chars().next() {
        rest = &rest[1..];
        let end = rest
            .find(|letter: char| letter.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let numbers: Vec<f64> = rest[..end]
            .split_whitespace()
            .map(|text| text.parse().unwrap())
            .collect();
        rest = &rest[end..];
        match (command, numbers.as_slice()) {
            ('M' | 'L', [to_x, to_y]) => (x, y) = (*to_x, *to_y),
            ('m' | 'l', [by_x, by_y]) => (x, y) = (x + by_x, y + by_y),
            ('H', [to]) => x = *to,
            ('h', [by]) => x += by,
            ('V', [to]) => y = *to,
            ('v', [by]) => y += by,
            ('z', []) => (x, y) = begin,
            other => panic!("{other:?} in {path}"),
        }
        if matches!(command, 'M' | 'm') {
            begin = (x, y);
        }
        found.push((x, y));
    }
    found
}
