//! P3: a few bars with their values above them: days of two weeks, months of a year. Pure.

use std::fmt::Write;

use super::canvas::{Anchor, Canvas, Place, Plain, Size, block};
use super::scale::levels;
use super::sheet::{Plot, Sheet};

/// Of the room of a bar, how much is the bar.
const SHARE: f64 = 0.72;

/// A bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Below it: short.
    pub name: String,
    /// How high it is; `None`: not known.
    pub value: Option<f64>,
    /// Above it; what is not known says why.
    pub label: String,
    /// What it says when it is pointed at, and in tables, where its name is longer.
    pub title: String,
    /// Whether it stands for what the page shows.
    pub here: bool,
    /// Whether a part of it is missing.
    pub partial: bool,
    /// Where it leads.
    pub address: Option<String>,
}

/// Bars side by side.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'p> {
    pub bars: &'p [Bar],
    pub unit: &'p str,
}

impl Labelled<'_> {
    fn one(&self, canvas: &mut Canvas<'_>, bar: &Bar, (x, wide): (f64, f64), y: f64) {
        let (from, to) = (x + wide * (1.0 - SHARE) / 2.0, x + wide * f64::midpoint(1.0, SHARE));
        let (top, bottom) = (canvas.area.top, canvas.area.bottom);
        if let Some(address) = &bar.address {
            canvas.add(&format!("<a href=\"{}\">", Plain(address)));
        }
        canvas.add("<g>");
        if !bar.title.is_empty() {
            canvas.add(&format!("<title>{}</title>", Plain(&bar.title)));
        }
        let hatching = canvas.hatching();
        // The whole column leads there: a small bar is hard to hit.
        let mut marks = format!("<path class=\"room\" d=\"{}\"/>", block((x, top), (x + wide, bottom)));
        let here = if bar.here { " here" } else { "" };
        let _ = match bar.value {
            Some(_) => write!(
                marks,
                "<path class=\"bar{here}\" d=\"{}\"/>",
                block((from, bottom), (to, y))
            ),
            None => Ok(()),
        };
        if bar.value.is_none() || bar.partial {
            let begins = if bar.value.is_none() { top } else { y };
            let _ = write!(
                marks,
                "<path class=\"gap\" fill=\"{hatching}\" d=\"{}\"/>",
                block((from, begins), (to, bottom))
            );
        }
        canvas.add(&marks);
        self.label(canvas, bar, f64::midpoint(from, to), wide, y);
        canvas.add("</g>");
        if bar.address.is_some() {
            canvas.add("</a>");
        }
    }

    /// Above the bar; turned where bars are narrow.
    fn label(&self, canvas: &mut Canvas<'_>, bar: &Bar, middle: f64, wide: f64, y: f64) {
        if bar.value.is_none() {
            return;
        }
        if canvas.size.wide(&bar.label) <= wide {
            canvas.text((middle, y - 4.0), Anchor::Middle, &bar.label);
            return;
        }
        // It begins above the bar, and where there is no room above, it ends at the top.
        let long = canvas.size.wide(&bar.label);
        let begins = (y - 4.0).max(long + 2.0);
        let x = middle + canvas.size.font() * 0.35;
        canvas.add(&format!(
            "<text class=\"turned\" transform=\"translate({} {})rotate(-90)\">{}</text>",
            Place(x),
            Place(begins),
            Plain(&bar.label)
        ));
    }
}

impl Plot for Labelled<'_> {
    fn class(&self) -> &'static str {
        "labelled"
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let values = self.bars.iter().filter_map(|bar| bar.value);
        let highest = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
        // Room above the highest for its label.
        let most = if canvas.size == Size::Wide { 4 } else { 3 };
        let long = self
            .bars
            .iter()
            .map(|bar| canvas.size.wide(&bar.label))
            .fold(0.0, f64::max);
        canvas.area.top += 14.0;
        let wide_before = (canvas.area.right - 60.0) / self.bars.len().max(1) as f64;
        if long > wide_before {
            canvas.area.top = (long + 6.0).max(canvas.area.top).min(canvas.area.bottom / 2.0);
        }
        let scale = canvas.levels(&levels(0.0, highest.max(0.01), most), self.unit);
        let wide = (canvas.area.right - canvas.area.left) / self.bars.len().max(1) as f64;
        let longest = self
            .bars
            .iter()
            .map(|bar| canvas.size.wide(&bar.name))
            .fold(0.0, f64::max);
        let step = ((longest + 3.0) / wide).ceil().max(1.0) as usize;
        let last = self.bars.len().saturating_sub(1);
        for (place, bar) in self.bars.iter().enumerate() {
            let x = canvas.area.left + wide * place as f64;
            self.one(canvas, bar, (x, wide), scale.at(bar.value.unwrap_or(0.0)));
            // The last is the one that is looked for.
            if (last - place).is_multiple_of(step) {
                canvas.below(x + wide / 2.0, &bar.name);
            }
        }
    }

    /// The title up to a colon, or the name; and the label.
    fn rows(&self, _sheet: &Sheet<'_>) -> Vec<Vec<String>> {
        let rows = self.bars.iter().map(|bar| {
            let name = bar.title.split(": ").next().filter(|name| !name.is_empty());
            vec![name.unwrap_or(&bar.name).to_owned(), bar.label.clone()]
        });
        rows.collect()
    }
}
