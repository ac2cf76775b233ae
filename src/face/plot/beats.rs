//! P5: a strip for each of many things, of the moments at which it should have been heard of. Pure.

use std::fmt::Write;

use super::canvas::{Canvas, Place, Plain, Size, block};
use super::sheet::{Plot, Sheet};

/// How high a strip is with the space below it.
const STRIP: f64 = 20.0;
const BEAT: f64 = 14.0;

/// How one moment went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beat {
    /// It was heard of in time.
    Read,
    /// It was heard of later.
    Late,
    /// It is being fetched, or not due yet.
    Waits,
    /// It was not heard of.
    Gap,
}

impl Beat {
    const ALL: [Beat; 4] = [Beat::Read, Beat::Late, Beat::Waits, Beat::Gap];

    fn class(self) -> &'static str {
        match self {
            Beat::Read => "read",
            Beat::Late => "late",
            Beat::Waits => "waits",
            Beat::Gap => "gap",
        }
    }

    /// From where to where in the height of its strip: they differ in shape, and not in colour alone.
    fn high(self) -> (f64, f64) {
        match self {
            Beat::Read | Beat::Gap => (0.0, BEAT),
            Beat::Late => (BEAT / 2.0, BEAT),
            Beat::Waits => (BEAT - 3.0, BEAT),
        }
    }
}

/// One thing.
#[derive(Clone, Debug)]
pub struct Strip {
    pub name: String,
    /// What its strip says when it is pointed at, and in tables.
    pub title: String,
    pub beats: Vec<Beat>,
    /// Where it leads.
    pub address: Option<String>,
}

/// Strips, one below the other.
#[derive(Clone, Copy, Debug)]
pub struct Beats<'p> {
    pub strips: &'p [Strip],
    /// Beats of a strip.
    pub columns: usize,
    /// Names below beats, at their left edges.
    pub ticks: &'p [(usize, &'p str)],
    /// What the kinds are called: read, late, waits, gap.
    pub kinds: [&'p str; 4],
}

impl Beats<'_> {
    /// The beats of one kind in one strip, as blocks of those that touch.
    fn path(strip: &Strip, beat: Beat, (left, wide): (f64, f64), y: f64, columns: usize) -> String {
        let (top, bottom) = beat.high();
        let mut path = String::new();
        let beats = strip.beats.get(..columns).unwrap_or(&strip.beats);
        let mut place = 0;
        while place < beats.len() {
            let begins = place;
            while place < beats.len() && beats[place] == beats[begins] {
                place += 1;
            }
            if beats[begins] == beat {
                let x = |place: usize| left + wide * place as f64;
                path.push_str(&block((x(begins), y + top), (x(place), y + bottom)));
            }
        }
        path
    }
}

impl Plot for Beats<'_> {
    fn class(&self) -> &'static str {
        "beats"
    }

    fn height(&self, size: Size) -> f64 {
        let strips = self.strips.len() as f64 * STRIP;
        (strips + 56.0)
            .max(if self.strips.len() < 4 { 96.0 } else { 0.0 })
            .min(size.height() * 20.0)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let names: Vec<String> = self.strips.iter().map(|strip| strip.name.clone()).collect();
        canvas.names(&names);
        let (left, right) = (canvas.area.left, canvas.area.right);
        let wide = (right - left) / self.columns.max(1) as f64;
        for (place, strip) in self.strips.iter().enumerate() {
            let y = canvas.area.top + STRIP * place as f64;
            if y + STRIP > canvas.area.bottom + 2.0 {
                break;
            }
            if let Some(address) = &strip.address {
                canvas.add(&format!("<a href=\"{}\">", Plain(address)));
            }
            canvas.name(y + BEAT / 2.0, &strip.name);
            let hatching = canvas.hatching();
            let mut marks = format!("<g><title>{}</title>", Plain(&strip.title));
            for beat in Beat::ALL {
                let path = Beats::path(strip, beat, (left, wide), y, self.columns);
                if path.is_empty() {
                    continue;
                }
                let fill = match beat {
                    Beat::Gap => format!(" fill=\"{hatching}\""),
                    _ => String::new(),
                };
                let _ = write!(marks, "<path class=\"{}\"{fill} d=\"{path}\"/>", beat.class());
            }
            marks.push_str("</g>");
            canvas.add(&marks);
            if strip.address.is_some() {
                canvas.add("</a>");
            }
        }
        let mut lines = String::new();
        for (column, name) in self.ticks.iter().filter(|(column, _)| *column <= self.columns) {
            let x = left + wide * *column as f64;
            let _ = write!(lines, "M{} {}v4", Place(x), Place(canvas.area.bottom));
            canvas.below(x, name);
        }
        canvas.add(&format!("<path class=\"axis\" d=\"{lines}\"/>"));
        let kinds: Vec<_> = Beat::ALL.map(Beat::class).into_iter().zip(self.kinds).collect();
        canvas.legend(&kinds);
    }

    /// The name, then how many there are of each kind.
    fn rows(&self, _sheet: &Sheet<'_>) -> Vec<Vec<String>> {
        let rows = self.strips.iter().map(|strip| {
            let count = |beat| strip.beats.iter().filter(|one| **one == beat).count().to_string();
            std::iter::once(strip.name.clone())
                .chain(Beat::ALL.map(count))
                .collect()
        });
        rows.collect()
    }
}
