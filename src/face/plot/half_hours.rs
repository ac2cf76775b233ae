//! P1: half-hours as bars, import up and export down, over the outline of another day; gaps are hatched, so that nobody
//! takes them for nothing used, and what is still to come is blank. Pure.

use std::fmt::Write;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::canvas::{Canvas, Place, Plain, Size, Times, block, felt};
use super::scale::{Scale, levels};
use super::sheet::{Plot, Sheet};
use crate::domain::{HALF_HOUR, Interval, Quality, WattHours};

/// Of no longer spans every half-hour says its energy when it is pointed at; of longer ones every day.
const TOLD: SignedDuration = SignedDuration::from_hours(36);
/// Between two bars.
const APART: f64 = 1.5;
/// The darkest tint of a price.
const TINTS: u8 = 3;

/// Half-hours over a span of time.
#[derive(Clone, Copy, Debug)]
pub struct HalfHours<'p> {
    pub from: Timestamp,
    pub to: Timestamp,
    /// What ends after this and has no energy is not due yet: it is blank, and no gap.
    pub due: Timestamp,
    /// Energy in, oldest first.
    pub imports: &'p [Interval],
    /// Energy out; may be empty.
    pub exports: &'p [Interval],
    /// Half-hours of another day, drawn as an outline at the same times of day; may be empty.
    pub ghost: &'p [Interval],
    /// What energy costs when; may be empty.
    pub tints: &'p [Tint],
    pub words: HalfHourWords<'p>,
}

/// A stretch of time with one price.
#[derive(Clone, Debug)]
pub struct Tint {
    pub from: Timestamp,
    pub to: Timestamp,
    /// From 0, which is not tinted, to 3.
    pub level: u8,
    /// The price in words.
    pub name: String,
}

/// What is said of half-hours.
#[derive(Clone, Copy, Debug)]
pub struct HalfHourWords<'p> {
    /// The unit of all energies.
    pub unit: &'p str,
    /// Said behind an energy, where there is one out as well.
    pub import: &'p str,
    pub export: &'p str,
    /// Instead of an energy that is not known.
    pub gap: &'p str,
    /// Behind one that is not measured as such.
    pub doubtful: &'p str,
    /// What the outline is.
    pub ghost: &'p str,
}

impl HalfHours<'_> {
    fn is_told(&self) -> bool {
        self.to.duration_since(self.from) <= TOLD
    }

    /// The half-hours of a list that begin in the span, but for those that are not due and not there.
    fn due<'i>(&self, all: &'i [Interval]) -> impl Iterator<Item = &'i Interval> {
        let (from, to, due) = (self.from, self.to, self.due);
        all.iter()
            .filter(move |one| one.from >= from && one.from < to && (one.energy.is_some() || ends(one) <= due))
    }

    fn export_at(&self, at: Timestamp) -> Option<&Interval> {
        let place = self.exports.binary_search_by_key(&at, |one| one.from).ok()?;
        self.exports.get(place)
    }

    /// What a half-hour says: `0.280 kWh`, or that there is no reading.
    fn words(&self, one: &Interval) -> String {
        let HalfHourWords {
            unit, gap, doubtful, ..
        } = self.words;
        let words = |one: &Interval| match one.energy {
            Some(energy) if one.quality == Quality::Measured => format!("{:.3} {unit}", kwh(energy)),
            Some(energy) => format!("{:.3} {unit} ({doubtful})", kwh(energy)),
            None => gap.to_owned(),
        };
        match self.export_at(one.from) {
            Some(export) => format!(
                "{} {}, {} {}",
                words(one),
                self.words.import,
                words(export),
                self.words.export
            ),
            None => words(one),
        }
    }

    /// Stretches of half-hours that are due and have no energy.
    fn gaps(&self) -> Vec<(Timestamp, Timestamp)> {
        let mut gaps: Vec<(Timestamp, Timestamp)> = Vec::new();
        for one in self.due(self.imports).filter(|one| one.energy.is_none()) {
            match gaps.last_mut() {
                Some((_, to)) if *to == one.from => *to = ends(one),
                _ => gaps.push((one.from, ends(one))),
            }
        }
        gaps
    }

    /// Bars of the half-hours that `chosen` takes, as one path: of long spans they touch.
    fn bars(
        &self,
        all: &[Interval],
        (times, scale): (&Times, &Scale),
        sign: f64,
        chosen: impl Fn(Quality) -> bool,
    ) -> String {
        let apart = if self.is_told() { APART } else { 0.0 };
        let ground = scale.at(0.0);
        let mut path = String::new();
        for one in self.due(all).filter(|one| chosen(one.quality)) {
            let Some(energy) = one.energy.filter(|energy| energy.0 > 0) else {
                continue;
            };
            let (x, next) = (times.at(one.from), times.at(ends(one)));
            let y = scale.at(sign * kwh(energy));
            if self.is_told() {
                path.push_str(&block((x, ground), ((next - apart).max(x + 0.5), y)));
            } else {
                // As short as can be: a week has 336 of them.
                let _ = write!(path, "M{} {}V{}", Place((x + next) / 2.0), Place(ground), Place(y));
            }
        }
        path
    }

    fn draw_tints(&self, canvas: &mut Canvas<'_>, times: &Times) {
        for tint in self.tints.iter().filter(|tint| tint.level > 0 && tint.to > tint.from) {
            let (x, to) = (times.at(tint.from), times.at(tint.to));
            let box_ = block((x, canvas.area.top), (to, canvas.area.bottom));
            canvas.add(&format!(
                "<path class=\"tint t{}\" d=\"{box_}\"><title>{}</title></path>",
                tint.level.min(TINTS),
                Plain(&tint.name)
            ));
        }
    }

    /// The outline of another day, at the times of day that it has in common with this one.
    fn outline(&self, times: &Times, scale: &Scale, timezone: &TimeZone) -> String {
        let day = self.from.to_zoned(timezone.clone()).date();
        let mut path = String::new();
        let mut last = None;
        for one in self.ghost {
            let time = one.from.to_zoned(timezone.clone()).time();
            let (Some(energy), Ok(at)) = (one.energy, day.to_datetime(time).to_zoned(timezone.clone())) else {
                last = None;
                continue;
            };
            let begins = at.timestamp();
            let until = Timestamp::from_second(begins.as_second() + HALF_HOUR).unwrap_or(self.to);
            // The hour that comes twice in a day is drawn once.
            if last.is_some_and(|last| begins < last) {
                continue;
            }
            let (x, next, y) = (times.at(begins), times.at(until), scale.at(kwh(energy)));
            let _ = match last == Some(begins) {
                true => write!(path, "V{}H{}", Place(y), Place(next)),
                false => write!(path, "M{} {}H{}", Place(x), Place(y), Place(next)),
            };
            last = Some(until);
        }
        path
    }

    fn highest(&self, all: &[Interval]) -> f64 {
        let energies = all.iter().filter_map(|one| one.energy).map(kwh);
        energies.fold(0.0, f64::max)
    }

    /// What is felt of a long span: its days.
    fn feel_days(&self, canvas: &mut Canvas<'_>, times: &Times) {
        let mut days: Vec<(jiff::civil::Date, f64, f64, u64)> = Vec::new();
        for one in self.due(self.imports) {
            let day = one.from.to_zoned(canvas.timezone.clone()).date();
            let (x, to) = (times.at(one.from), times.at(ends(one)));
            let energy = one.energy.map_or(0, |energy| energy.0);
            match days.last_mut() {
                Some(last) if last.0 == day => (last.2, last.3) = (to, last.3 + energy),
                _ => days.push((day, x, to, energy)),
            }
        }
        for (day, x, to, energy) in days {
            let title = format!(
                "{}: {:.2} {}",
                canvas.t.day(day),
                energy as f64 / 1_000.0,
                self.words.unit
            );
            canvas.felt(to - x, std::iter::once((f64::midpoint(x, to), title)));
        }
    }
}

impl Plot for HalfHours<'_> {
    fn class(&self) -> &'static str {
        "halves"
    }

    fn shared(&self, sheet: &Sheet<'_>) -> String {
        if !self.is_told() {
            return String::new();
        }
        let place = |at: Timestamp| at.duration_since(self.from).as_secs_f64() / HALF_HOUR as f64;
        let known = self.due(self.imports).filter(|one| one.energy.is_some());
        let told = known.map(|one| {
            let clock = one.from.to_zoned(sheet.timezone.clone()).strftime("%H:%M").to_string();
            (place(one.from), format!("{clock} {}", self.words(one)))
        });
        felt(sheet.id, place(self.to), told)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let high = self.highest(self.imports).max(self.highest(self.ghost));
        let low = -self.highest(self.exports);
        let most = if canvas.size == Size::Wide { 5 } else { 4 };
        let scale = canvas.levels(&levels(low, high.max(0.01), most), self.words.unit);
        let times = canvas.times(self.from, self.to);
        let thick = times.at(self
            .from
            .saturating_add(SignedDuration::from_secs(HALF_HOUR))
            .unwrap_or(self.to))
            - times.at(self.from);
        self.draw_tints(canvas, &times);
        let (ground, gap) = (scale.at(0.0), self.words.gap);
        for (from, to) in self.gaps() {
            let clock = |at: Timestamp| at.to_zoned(canvas.timezone.clone()).strftime("%H:%M").to_string();
            let title = format!("{}–{} {gap}", clock(from), clock(to));
            let box_ = block((times.at(from), canvas.area.top), (times.at(to), ground));
            let fill = canvas.hatching();
            canvas.add(&format!(
                "<path class=\"gap\" fill=\"{fill}\" d=\"{box_}\"><title>{}</title></path>",
                Plain(&title)
            ));
        }
        let is_measured = |quality| quality == Quality::Measured;
        let at = (&times, &scale);
        let kind = if self.is_told() { "" } else { " thin" };
        for (class, path) in [
            ("bar", self.bars(self.imports, at, 1.0, is_measured)),
            (
                "bar doubtful",
                self.bars(self.imports, at, 1.0, |quality| !is_measured(quality)),
            ),
            ("bar out", self.bars(self.exports, at, -1.0, |_| true)),
        ] {
            if !path.is_empty() {
                let stroke = if self.is_told() { 1.0 } else { thick };
                canvas.add(&format!(
                    "<path class=\"{class}{kind}\" stroke-width=\"{}\" d=\"{path}\"/>",
                    Place(stroke)
                ));
            }
        }
        let outline = self.outline(&times, &scale, canvas.timezone);
        if !outline.is_empty() {
            canvas.add(&format!("<path class=\"ghost\" d=\"{outline}\"/>"));
        }
        canvas.add(&format!(
            "<path class=\"ground\" d=\"M{} {}H{}\"/>",
            Place(canvas.area.left),
            Place(ground),
            Place(canvas.area.right)
        ));
        let mut kinds = Vec::new();
        if !self.exports.is_empty() {
            kinds.extend([("bar", self.words.import), ("bar out", self.words.export)]);
        }
        if !outline.is_empty() {
            kinds.push(("ghost", self.words.ghost));
        }
        canvas.legend(&kinds);
        match self.is_told() {
            true => canvas.feel(),
            false => self.feel_days(canvas, &times),
        }
    }

    /// When, energy in, and energy out where there is any.
    fn rows(&self, sheet: &Sheet<'_>) -> Vec<Vec<String>> {
        let number = |one: &Interval| match one.energy {
            Some(energy) if one.quality == Quality::Measured => format!("{:.3}", kwh(energy)),
            Some(energy) => format!("{:.3} ({})", kwh(energy), self.words.doubtful),
            None => self.words.gap.to_owned(),
        };
        let rows = self.due(self.imports).map(|one| {
            let at = one.from.to_zoned(sheet.timezone.clone());
            let clock = at.strftime("%H:%M").to_string();
            let when = match self.is_told() {
                true => clock,
                false => format!("{} {clock}", sheet.t.day(at.date())),
            };
            let mut row = vec![when, number(one)];
            if !self.exports.is_empty() {
                row.push(self.export_at(one.from).map_or_else(String::new, number));
            }
            row
        });
        rows.collect()
    }
}

fn ends(one: &Interval) -> Timestamp {
    Timestamp::from_second(one.from.as_second() + HALF_HOUR).unwrap_or(Timestamp::MAX)
}

fn kwh(energy: WattHours) -> f64 {
    energy.0 as f64 / 1_000.0
}
