//! A plot as it stands in a page: in two sizes, with its table and its spreadsheet beside it. Pure.

use std::fmt::Write;

use jiff::tz::TimeZone;

use super::canvas::{Canvas, Plain, Size};
use crate::texts::Texts;

/// Something that can be drawn.
pub trait Plot {
    /// The class that style sheets know its kind by.
    fn class(&self) -> &'static str;

    /// Draws it.
    fn draw(&self, canvas: &mut Canvas<'_>);

    /// The same as rows of a table, a cell for each head that the caller gives it.
    fn rows(&self, sheet: &Sheet<'_>) -> Vec<Vec<String>>;

    /// How high it is in one size. Those with a row for each of many things grow with them.
    fn height(&self, size: Size) -> f64 {
        size.height()
    }

    /// What both sizes draw by `<use>`: symbols whose names begin with that of the sheet.
    fn shared(&self, _sheet: &Sheet<'_>) -> String {
        String::new()
    }
}

/// What a page knows of a plot.
#[derive(Clone, Copy, Debug)]
pub struct Sheet<'p> {
    /// Its name in the page: letters, digits and hyphens, and no other plot's.
    pub id: &'p str,
    /// What it shows, for whoever does not see it.
    pub title: &'p str,
    /// What is to be seen in it; may be empty.
    pub told: &'p str,
    /// Names of days and months.
    pub t: Texts,
    /// Whose clocks it goes by.
    pub timezone: &'p TimeZone,
}

/// The table beside a plot.
#[derive(Clone, Copy, Debug)]
pub struct Twin<'p> {
    /// What opens it.
    pub summary: &'p str,
    pub heads: &'p [&'p str],
    /// Where the same is for a spreadsheet, and what leads there.
    pub csv: Option<(&'p str, &'p str)>,
}

impl Sheet<'_> {
    /// Both sizes, of which the style sheet shows one.
    #[must_use]
    pub fn drawn(&self, plot: &dyn Plot) -> String {
        let shared = plot.shared(self);
        let mut html = format!(
            "<div class=\"plots\"><svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\"><pattern id=\"{}-gap\" \
             width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path class=\"hatch\" d=\"M-1 1L1 -1M0 6L6 0M5 7L7 5\"/>\
             </pattern>{shared}</svg>",
            self.id
        );
        for size in Size::BOTH {
            html.push_str(&self.one(plot, size));
        }
        html.push_str("</div>");
        html
    }

    /// One size.
    pub(super) fn one(&self, plot: &dyn Plot, size: Size) -> String {
        let (wide, high) = (size.width(), plot.height(size));
        let mut canvas = Canvas::new((size, high), self.id, (self.t, self.timezone));
        plot.draw(&mut canvas);
        let drawn = canvas.finish();
        // What holds links is no picture, whose parts nobody is told of (WAI-ARIA 1.2, children presentational).
        let role = if drawn.contains("<a ") { "group" } else { "img" };
        let mut svg = format!(
            "<svg class=\"plot {} {}\" viewBox=\"0 0 {wide} {high}\" role=\"{role}\" aria-label=\"{}\">",
            plot.class(),
            size.class(),
            Plain(self.title)
        );
        if !self.told.is_empty() {
            let _ = write!(svg, "<desc>{}</desc>", Plain(self.told));
        }
        svg.push_str(&drawn);
        svg.push_str("</svg>");
        svg
    }

    /// Both sizes, and below them the table that says the same.
    #[must_use]
    pub fn with_table(&self, plot: &dyn Plot, twin: &Twin<'_>) -> String {
        let mut html = self.drawn(plot);
        html.push_str(&self.table(plot, twin));
        html
    }

    /// The table alone, which opens when it is asked to.
    #[must_use]
    pub fn table(&self, plot: &dyn Plot, twin: &Twin<'_>) -> String {
        let mut html = format!(
            "<details class=\"twin\"><summary>{}</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table><thead><tr>",
            Plain(twin.summary),
            Plain(self.title)
        );
        for head in twin.heads {
            let _ = write!(html, "<th>{}</th>", Plain(head));
        }
        html.push_str("</tr></thead><tbody>");
        for row in plot.rows(self) {
            html.push_str("<tr>");
            for cell in row {
                let _ = write!(html, "<td>{}</td>", Plain(&cell));
            }
            html.push_str("</tr>");
        }
        html.push_str("</tbody></table></div>");
        if let Some((address, words)) = twin.csv {
            let _ = write!(html, "<p><a href=\"{}\">{}</a></p>", Plain(address), Plain(words));
        }
        html.push_str("</details>");
        html
    }
}
