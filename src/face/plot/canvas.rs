//! What plots are drawn on: one picture of one size, with its axes and their words. Pure.

use std::fmt::{self, Display, Formatter, Write};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::scale::Scale;
use crate::texts::Texts;

/// Seconds between two places where an hour can begin, in any time zone.
const STEP: i64 = 1_800;
/// What is longer than this has days below it instead of hours.
const DAYS_FROM: SignedDuration = SignedDuration::from_hours(36);
/// How wide a letter is at most on average, of its height. Digits of all system fonts are narrower.
const LETTER: f64 = 0.58;
/// Names at the left take no more of the picture than this.
const NAMES: f64 = 0.4;

/// One of the two sizes that every plot is drawn in: style sheets choose which is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// For desks and paper.
    Wide,
    /// For phones, with letters of 12 px there.
    Narrow,
}

impl Size {
    pub const BOTH: [Size; 2] = [Size::Wide, Size::Narrow];

    #[must_use]
    pub fn width(self) -> f64 {
        match self {
            Size::Wide => 720.0,
            Size::Narrow => 340.0,
        }
    }

    #[must_use]
    pub fn height(self) -> f64 {
        match self {
            Size::Wide => 260.0,
            Size::Narrow => 220.0,
        }
    }

    /// How high letters are, as the style sheet has it.
    #[must_use]
    pub fn font(self) -> f64 {
        match self {
            Size::Wide => 14.25,
            Size::Narrow => 14.5,
        }
    }

    /// The class that style sheets know it by.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Size::Wide => "at-desks",
            Size::Narrow => "on-phones",
        }
    }

    /// How wide a text is at most.
    #[must_use]
    pub fn wide(self, text: &str) -> f64 {
        text.chars().count() as f64 * self.font() * LETTER
    }
}

/// Which end of a text stands where it is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// A number as pictures have it: tenths are enough.
pub struct Place(pub f64);

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round() as i64;
        match tenths % 10 {
            0 => write!(f, "{}", tenths / 10),
            _ => write!(f, "{:.1}", tenths as f64 / 10.0),
        }
    }
}

/// A text inside markup.
pub struct Plain<'p>(pub &'p str);

impl Display for Plain<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' | '<' | '>' | '"' | '\'' => write!(f, "&#{};", u32::from(letter))?,
                _ => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// The part of a picture where values stand; names stand around it.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// A stretch of time along a picture.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub from: Timestamp,
    pub to: Timestamp,
    scale: Scale,
}

impl Times {
    /// Where a moment stands; those outside stand at the edges.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> f64 {
        self.scale.at(at.as_second() as f64)
    }
}

/// One picture in one size.
pub struct Canvas<'p> {
    pub size: Size,
    /// Names of days and months.
    pub t: Texts,
    /// Whose clocks stand below.
    pub timezone: &'p TimeZone,
    pub area: Area,
    /// The name of the plot, of which those of its patterns are made.
    pub id: &'p str,
    svg: String,
}

impl<'p> Canvas<'p> {
    /// An empty picture that is `height` high.
    #[must_use]
    pub fn new((size, height): (Size, f64), id: &'p str, (t, timezone): (Texts, &'p TimeZone)) -> Canvas<'p> {
        Canvas {
            area: Area {
                left: 8.0,
                right: size.width() - 8.0,
                top: 26.0,
                bottom: height - 28.0,
            },
            size,
            t,
            timezone,
            id,
            svg: String::new(),
        }
    }

    /// What was drawn.
    #[must_use]
    pub fn finish(self) -> String {
        self.svg
    }

    /// Adds markup that is made of numbers, class names and escaped texts alone.
    pub fn add(&mut self, markup: &str) {
        self.svg.push_str(markup);
    }

    /// The pattern that says "nothing is known here", as the value of `fill` or `stroke`.
    #[must_use]
    pub fn hatching(&self) -> String {
        format!("url(#{}-gap)", self.id)
    }

    /// Makes room for names at the left.
    pub fn names(&mut self, names: &[String]) {
        let widest = names.iter().map(|name| self.size.wide(name)).fold(0.0, f64::max);
        self.area.left = (widest + 10.0).min(self.size.width() * NAMES);
    }

    /// A name at the left at a height, cut where there is no room for all of it.
    pub fn name(&mut self, y: f64, name: &str) {
        let room = self.area.left - 6.0;
        let name = cut(self.size, name, room);
        let (x, y) = (self.area.left - 6.0, y + self.size.font() * 0.35);
        self.text((x, y), Anchor::End, &name);
    }

    /// Lines across at values, with their names; above them the unit. Gives the scale.
    pub fn levels(&mut self, levels: &[f64], unit: &str) -> Scale {
        let names = super::scale::numbers(levels);
        self.names(&names);
        let (low, high) = (
            levels.first().copied().unwrap_or(0.0),
            levels.last().copied().unwrap_or(1.0),
        );
        let scale = Scale::new((low, high), (self.area.bottom, self.area.top));
        let mut lines = String::new();
        for (level, name) in levels.iter().zip(&names) {
            let y = scale.at(*level);
            let _ = write!(
                lines,
                "M{} {}H{}",
                Place(self.area.left),
                Place(y),
                Place(self.area.right)
            );
            self.name(y, name);
        }
        let _ = write!(self.svg, "<path class=\"axis\" d=\"{lines}\"/>");
        let above = (0.0, self.size.font());
        self.text(above, Anchor::Start, unit);
        scale
    }

    /// A line across at one value that means something, and its name over its right end.
    pub fn limit(&mut self, y: f64, name: &str) {
        let (left, right) = (self.area.left, self.area.right);
        let _ = write!(
            self.svg,
            "<path class=\"limit\" d=\"M{} {}H{}\"/>",
            Place(left),
            Place(y),
            Place(right)
        );
        self.text((right, y - 4.0), Anchor::End, name);
    }

    /// A text that stands wholly inside the picture, moved there if it must be.
    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = &cut(self.size, text, self.size.width());
        let wide = self.size.wide(text);
        let (before, after, how) = match anchor {
            Anchor::Start => (0.0, wide, ""),
            Anchor::Middle => (wide / 2.0, wide / 2.0, " text-anchor=\"middle\""),
            Anchor::End => (wide, 0.0, " text-anchor=\"end\""),
        };
        let x = x.max(before).min(self.size.width() - after);
        let y = y.max(self.size.font());
        let _ = write!(
            self.svg,
            "<text x=\"{}\" y=\"{}\"{how}>{}</text>",
            Place(x),
            Place(y),
            Plain(text)
        );
    }

    /// A name below a place.
    pub fn below(&mut self, x: f64, name: &str) {
        self.text((x, self.area.bottom + 20.0), Anchor::Middle, name);
    }

    /// A stretch of time from the left to the right, with hours or days below it.
    pub fn times(&mut self, from: Timestamp, to: Timestamp) -> Times {
        let ends = (from.as_second() as f64, to.as_second() as f64);
        let times = Times {
            from,
            to,
            scale: Scale::new(ends, (self.area.left, self.area.right)),
        };
        let marks = match to.duration_since(from) > DAYS_FROM {
            true => self.days(&times),
            false => self.hours(&times),
        };
        let mut lines = String::new();
        for (x, name) in marks {
            let _ = write!(
                lines,
                "M{} {}V{}",
                Place(x),
                Place(self.area.top),
                Place(self.area.bottom)
            );
            self.below(x, &name);
        }
        if !lines.is_empty() {
            let _ = write!(self.svg, "<path class=\"axis\" d=\"{lines}\"/>");
        }
        times
    }

    fn hours(&self, times: &Times) -> Vec<(f64, String)> {
        let every = match self.size {
            Size::Wide => 4,
            Size::Narrow => 6,
        };
        let first = times.from.as_second().div_euclid(STEP) * STEP;
        let steps = (first..times.to.as_second()).step_by(STEP as usize);
        let moments = steps.filter_map(|second| Timestamp::from_second(second).ok());
        let hours = moments.map(|at| (at, at.to_zoned(self.timezone.clone())));
        let marked = hours.filter(|(at, hour)| *at > times.from && hour.minute() == 0 && hour.hour() % every == 0);
        marked
            .map(|(at, hour)| (times.at(at), hour.strftime("%H:%M").to_string()))
            .collect()
    }

    fn days(&self, times: &Times) -> Vec<(f64, String)> {
        let date = |at: Timestamp| at.to_zoned(self.timezone.clone()).date();
        let (first, last) = (date(times.from), date(times.to));
        let named = |day: Date| self.t.day_of_month(day);
        let widest = self.size.wide(&named(last)).max(self.size.wide(&named(first))) + 12.0;
        let room = ((self.area.right - self.area.left) / widest).max(1.0);
        let days = times.to.duration_since(times.from).as_secs() as f64 / 86_400.0;
        let step = (days / room).ceil().max(1.0) as usize;
        let mut marks = Vec::new();
        for day in first.series(1.day()).skip(1).step_by(step) {
            let Ok(midnight) = day.to_zoned(self.timezone.clone()) else {
                break;
            };
            let x = times.at(midnight.timestamp());
            // At the edge its name would stick out, or lie over the one before.
            if day > last || x > self.area.right - widest / 2.0 {
                break;
            }
            if x >= widest / 2.0 {
                marks.push((x, named(day)));
            }
        }
        marks
    }

    /// Columns that say something when they are pointed at: nothing is drawn, the whole height is felt.
    pub fn felt(&mut self, wide: f64, columns: impl Iterator<Item = (f64, String)>) {
        let (top, bottom) = (self.area.top, self.area.bottom);
        let _ = write!(self.svg, "<g class=\"felt\" stroke-width=\"{}\">", Place(wide.max(0.1)));
        for (x, title) in columns {
            let _ = write!(
                self.svg,
                "<path d=\"M{} {}V{}\"><title>{}</title></path>",
                Place(x),
                Place(top),
                Place(bottom),
                Plain(&title)
            );
        }
        self.svg.push_str("</g>");
    }

    /// The columns of [`felt`] over the whole area.
    pub fn feel(&mut self) {
        let Area {
            left,
            right,
            top,
            bottom,
        } = self.area;
        let _ = write!(
            self.svg,
            "<use href=\"#{}-felt\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            self.id,
            Place(left),
            Place(top),
            Place(right - left),
            Place(bottom - top)
        );
    }

    /// What the kinds of marks mean, above the picture at the right: the class of each, and its name.
    pub fn legend(&mut self, kinds: &[(&str, &str)]) {
        let mut x = self.size.width() - 4.0;
        for (class, name) in kinds.iter().rev() {
            let wide = self.size.wide(name);
            let begins = x - wide - 16.0;
            // What has no room is said by the titles and by the table.
            if begins < 0.0 {
                return;
            }
            let fill = match *class {
                "gap" => format!(" fill=\"{}\"", self.hatching()),
                _ => String::new(),
            };
            let _ = write!(
                self.svg,
                "<path class=\"{class}\"{fill} d=\"M{} 5h10v10h-10z\"/>",
                Place(begins)
            );
            self.text((begins + 14.0, 15.0), Anchor::Start, name);
            x = begins - 8.0;
        }
    }
}

/// A text that is no wider than `room`.
fn cut(size: Size, text: &str, room: f64) -> String {
    if size.wide(text) <= room {
        return text.to_owned();
    }
    let letters = (room / (size.font() * LETTER)).floor().max(2.0) as usize - 1;
    let begins: String = text.chars().take(letters).collect();
    format!("{}…", begins.trim_end())
}

/// A box from one corner to the other, as a part of a path.
#[must_use]
pub fn block((x, y): (f64, f64), (to_x, to_y): (f64, f64)) -> String {
    format!(
        "M{} {}H{}V{}H{}z",
        Place(x),
        Place(y),
        Place(to_x),
        Place(to_y),
        Place(x)
    )
}

/// Columns of one width that say something when they are pointed at, as a symbol that both sizes use: `columns` of them
/// have room, each stands at its place among them. Nothing is drawn.
#[must_use]
pub fn felt(id: &str, columns: f64, told: impl Iterator<Item = (f64, String)>) -> String {
    let wide = Place(columns.max(1.0));
    let mut svg =
        format!("<symbol id=\"{id}-felt\" viewBox=\"0 0 {wide} 1\" preserveAspectRatio=\"none\"><g class=\"felt\">");
    for (place, title) in told {
        let middle = Place((place + 0.5).clamp(0.5, columns.max(1.0) - 0.5));
        let _ = write!(svg, "<path d=\"M{middle} 0v1\"><title>{}</title></path>", Plain(&title));
    }
    svg.push_str("</g></symbol>");
    svg
}
