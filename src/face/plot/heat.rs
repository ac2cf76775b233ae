//! P2 and P7: values as the darkness of cells, a row for each day or weekday, a column for each half-hour or hour. Nights,
//! holidays and leaks are seen at a glance. Pure.
//!
//! The cells are drawn once for both sizes, as runs of one darkness: a row of 48 cells with a quiet night is a few.

use std::fmt::Write;

use super::canvas::{Anchor, Area, Canvas, Place, Plain};
use super::scale::{finite, numbers};
use super::sheet::{Plot, Sheet};

/// Kinds of darkness at most, the lightest included; fewer where cells change so often that the picture would be large.
const KINDS: usize = 5;
/// So long may the cells be, in bytes.
const CELLS: usize = 8_000;

/// A cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    Value(f64),
    /// There is none, though there should be.
    Gap,
    /// It has not been yet, or cannot be.
    Blank,
}

/// A row of cells.
#[derive(Clone, Debug)]
pub struct HeatRow {
    /// What stands beside it, where there is room.
    pub name: String,
    /// What it says when it is pointed at.
    pub title: String,
    pub cells: Vec<Cell>,
}

/// Rows of cells.
#[derive(Clone, Copy, Debug)]
pub struct Heat<'p> {
    pub rows: &'p [HeatRow],
    /// Cells of a row.
    pub columns: usize,
    /// Names below columns, at their left edges.
    pub ticks: &'p [(usize, &'p str)],
    /// The unit of the values.
    pub unit: &'p str,
    /// What stands in tables where there is a gap.
    pub gap: &'p str,
}

impl Heat<'_> {
    fn highest(&self) -> f64 {
        let cells = self.rows.iter().flat_map(|row| &row.cells);
        let values = cells.filter_map(|cell| match cell {
            Cell::Value(value) => Some(finite(*value)),
            _ => None,
        });
        values.fold(0.0, f64::max)
    }

    /// The cells of each kind as runs, and how many kinds there are; those of no kind at last, which are gaps.
    fn runs(&self) -> Vec<String> {
        let mut kinds = KINDS;
        loop {
            let paths = self.runs_of(kinds);
            if kinds == 2 || paths.iter().map(String::len).sum::<usize>() <= CELLS {
                return paths;
            }
            kinds -= 1;
        }
    }

    fn runs_of(&self, kinds: usize) -> Vec<String> {
        let highest = self.highest().max(f64::MIN_POSITIVE);
        let kind = |cell: Option<&Cell>| match cell {
            None | Some(Cell::Blank) => None,
            Some(Cell::Gap) => Some(kinds),
            // The lightest is the ground.
            Some(Cell::Value(value)) => {
                let share = (finite(*value) / highest).clamp(0.0, 1.0);
                Some(((share * kinds as f64).floor() as usize).min(kinds - 1))
            }
        };
        // All that has a value is of the lightest first, and the darker ones lie over it: of what changes from cell to cell
        // that is the shorter half.
        let drawn = |here: usize, cell: Option<&Cell>| match kind(cell) {
            Some(one) if here == 0 => one < kinds,
            one => one == Some(here),
        };
        let paths = (0..=kinds).map(|here| {
            let mut path = String::new();
            for (y, row) in self.rows.iter().enumerate() {
                let mut end = None;
                let mut x = 0;
                while x < self.columns {
                    let begins = x;
                    let is_here = drawn(here, row.cells.get(x));
                    while x < self.columns && drawn(here, row.cells.get(x)) == is_here {
                        x += 1;
                    }
                    if !is_here {
                        continue;
                    }
                    let _ = match end {
                        None => write!(path, "M{begins} {y}h{}", x - begins),
                        Some(end) => write!(path, "m{} 0h{}", begins - end, x - begins),
                    };
                    end = Some(x);
                }
            }
            path
        });
        paths.collect()
    }

    /// Names that stand beside rows so that none lies over another.
    fn named(&self, canvas: &Canvas<'_>, high: f64) -> usize {
        (canvas.size.font() * 1.15 / high.max(0.1)).ceil().max(1.0) as usize
    }

    /// What the darkness means, above the picture.
    fn key(&self, canvas: &mut Canvas<'_>, kinds: usize) {
        let highest = self.highest();
        let written = numbers(&[0.0, highest]);
        let top = format!("{} {}", written.last().map_or("", String::as_str), self.unit);
        let right = canvas.size.width() - 4.0;
        let wide = canvas.size.wide(&top);
        let begins = right - wide - 6.0 - 14.0 * kinds as f64;
        canvas.text((begins - 6.0, 15.0), Anchor::End, "0");
        for kind in 0..kinds {
            let x = begins + 14.0 * kind as f64;
            canvas.add(&format!(
                "<path class=\"h{kind} of{kinds} key\" d=\"M{} 5h14v11h-14z\"/>",
                Place(x)
            ));
        }
        canvas.text((right, 15.0), Anchor::End, &top);
    }
}

impl Plot for Heat<'_> {
    fn class(&self) -> &'static str {
        "heat"
    }

    fn shared(&self, sheet: &Sheet<'_>) -> String {
        let name = sheet.id;
        let (wide, high) = (self.columns.max(1), self.rows.len().max(1));
        let paths = self.runs();
        let kinds = paths.len() - 1;
        // Stripes that stay stripes when cells are stretched.
        let mut svg = format!(
            "<pattern id=\"{name}-dash\" width=\".4\" height=\"1\" patternUnits=\"userSpaceOnUse\"><path class=\"dash\" d=\"M0 0h.2v1h-.2z\"/></pattern>\
             <symbol id=\"{name}-cells\" viewBox=\"0 0 {wide} {high}\" preserveAspectRatio=\"none\"><g transform=\"translate(0 .5)\">"
        );
        for (kind, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
            let _ = match kind == kinds {
                true => write!(svg, "<path class=\"none\" stroke=\"url(#{name}-dash)\" d=\"{path}\"/>"),
                false => write!(svg, "<path class=\"h{kind} of{kinds}\" d=\"{path}\"/>"),
            };
        }
        svg.push_str("<g class=\"felt\">");
        for (y, row) in self.rows.iter().enumerate().filter(|(_, row)| !row.title.is_empty()) {
            let _ = write!(
                svg,
                "<path d=\"M0 {y}h{wide}\"><title>{}</title></path>",
                Plain(&row.title)
            );
        }
        svg.push_str("</g></g></symbol>");
        svg
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let names: Vec<String> = self.rows.iter().map(|row| row.name.clone()).collect();
        canvas.names(&names);
        let Area {
            left,
            right,
            top,
            bottom,
        } = canvas.area;
        let high = (bottom - top) / self.rows.len().max(1) as f64;
        let step = self.named(canvas, high);
        for (place, name) in names.iter().enumerate().step_by(step) {
            canvas.name(top + (place as f64 + 0.5) * high, name);
        }
        canvas.add(&format!(
            "<use href=\"#{}-cells\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            canvas.id,
            Place(left),
            Place(top),
            Place(right - left),
            Place(bottom - top)
        ));
        let wide = (right - left) / self.columns.max(1) as f64;
        let mut free = f64::NEG_INFINITY;
        for (column, name) in self.ticks.iter().filter(|(column, _)| *column <= self.columns) {
            let x = left + wide * *column as f64;
            let half = canvas.size.wide(name) / 2.0;
            // Where it would stick out it would be moved over its neighbour.
            if x - half >= free && x + half <= canvas.size.width() {
                canvas.below(x, name);
                free = x + half + 6.0;
            }
        }
        self.key(canvas, self.runs().len() - 1);
    }

    /// The row's name, then what it says of each of its cells.
    fn rows(&self, _sheet: &Sheet<'_>) -> Vec<Vec<String>> {
        let rows = self.rows.iter().map(|row| {
            let cells = row.cells.iter().map(|cell| match cell {
                Cell::Value(value) => format!("{:.2}", finite(*value)),
                Cell::Gap => self.gap.to_owned(),
                Cell::Blank => String::new(),
            });
            std::iter::once(row.name.clone()).chain(cells).collect()
        });
        rows.collect()
    }
}
