//! P9: what ends when, over the next days: certificates, each with when it is renewed. Pure.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use super::canvas::{Anchor, Canvas, Place, Plain, Size, block};
use super::sheet::{Plot, Sheet};

/// How high a line is with the space below it.
const LINE: f64 = 34.0;
const BAR: f64 = 10.0;

/// What ends.
#[derive(Clone, Debug)]
pub struct Ending {
    pub name: String,
    /// What it says when it is pointed at, and in tables.
    pub title: String,
    pub renewal: Option<Timestamp>,
    pub end: Timestamp,
}

/// Things that end, a line each.
#[derive(Clone, Copy, Debug)]
pub struct Endings<'p> {
    pub now: Timestamp,
    /// How far ahead it goes.
    pub days: u16,
    pub lines: &'p [Ending],
    pub words: EndingWords<'p>,
}

/// What is said of them.
#[derive(Clone, Copy, Debug)]
pub struct EndingWords<'p> {
    /// Above the left edge.
    pub now: &'p str,
    /// What has ended already.
    pub over: &'p str,
    /// The marks.
    pub renewal: &'p str,
    pub end: &'p str,
}

impl Endings<'_> {
    fn until(&self) -> Timestamp {
        let days = SignedDuration::from_hours(24 * i64::from(self.days.max(1)));
        self.now.saturating_add(days).unwrap_or(Timestamp::MAX)
    }
}

impl Plot for Endings<'_> {
    fn class(&self) -> &'static str {
        "endings"
    }

    fn height(&self, size: Size) -> f64 {
        (62.0 + LINE * self.lines.len() as f64).max(size.height() / 2.0)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let until = self.until();
        let times = canvas.times(self.now, until);
        for (place, line) in self.lines.iter().enumerate() {
            let y = canvas.area.top + LINE * place as f64 + 18.0;
            let name = match line.end <= self.now {
                true => format!("{}: {}", line.name, self.words.over),
                false => line.name.clone(),
            };
            canvas.text((canvas.area.left, y - 3.0), Anchor::Start, &name);
            let (x, to) = (times.at(self.now), times.at(line.end));
            let mut marks = format!("<g><title>{}</title>", Plain(&line.title));
            let ends = if line.end > until { "bar on" } else { "bar" };
            let _ = write!(
                marks,
                "<path class=\"track\" d=\"{}\"/>",
                block((x, y), (canvas.area.right, y + BAR))
            );
            let _ = write!(marks, "<path class=\"{ends}\" d=\"{}\"/>", block((x, y), (to, y + BAR)));
            if line.end <= until {
                let edge = to.max(x + 3.0);
                let _ = write!(
                    marks,
                    "<path class=\"end\" d=\"{}\"/>",
                    block((edge - 3.0, y - 2.0), (edge, y + BAR + 2.0))
                );
            }
            if let Some(renewal) = line.renewal.filter(|at| *at >= self.now && *at <= until) {
                let at = times.at(renewal);
                let (half, middle) = (5.0, y + BAR / 2.0);
                let at = at.clamp(x + half, canvas.area.right - half);
                let _ = write!(
                    marks,
                    "<path class=\"renewal\" d=\"M{} {}l5 5l-5 5l-5 -5z\"/>",
                    Place(at),
                    Place(middle - half)
                );
            }
            marks.push_str("</g>");
            canvas.add(&marks);
        }
        let above = (canvas.area.left, canvas.size.font());
        canvas.text(above, Anchor::Start, self.words.now);
        canvas.legend(&[("renewal", self.words.renewal), ("end", self.words.end)]);
    }

    /// The name, the day of the renewal, the day of the end.
    fn rows(&self, sheet: &Sheet<'_>) -> Vec<Vec<String>> {
        let day = |at: Timestamp| {
            let date = at.to_zoned(sheet.timezone.clone()).date();
            format!("{} {}", sheet.t.day_of_month(date), date.year())
        };
        let rows = self.lines.iter().map(|line| {
            vec![
                line.name.clone(),
                line.renewal.map_or_else(String::new, day),
                day(line.end),
            ]
        });
        rows.collect()
    }
}
