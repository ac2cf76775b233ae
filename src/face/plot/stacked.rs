//! P11: what things cost, by what they are made of, a bar a day or a month: energy, standing charge, debt. Pure.

use super::canvas::{Canvas, Plain, Size, block};
use super::scale::{finite, levels};
use super::sheet::{Plot, Sheet};

/// Of the room of a bar, how much is the bar.
const SHARE: f64 = 0.72;
/// Classes of the parts, from the lowest on: they differ in pattern, and not in colour alone.
const PARTS: [&str; 3] = ["part one", "part two", "part three"];

/// A bar.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Below it: short.
    pub name: String,
    /// What it says when it is pointed at.
    pub title: String,
    /// What it is made of, in the order of the parts; an amount that is not known makes the bar one that is not whole.
    pub parts: [Option<f64>; 3],
    /// The same as people write them, for tables.
    pub written: [String; 3],
}

/// Bars side by side.
#[derive(Clone, Copy, Debug)]
pub struct Stacked<'p> {
    pub bars: &'p [Stack],
    /// What the parts are called, from the lowest on; a part that no bar has is not named.
    pub parts: [&'p str; 3],
    pub unit: &'p str,
}

impl Plot for Stacked<'_> {
    fn class(&self) -> &'static str {
        "stacked"
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let amount = |part: Option<f64>| part.map_or(0.0, finite).max(0.0);
        let sums = self
            .bars
            .iter()
            .map(|bar| bar.parts.into_iter().map(amount).sum::<f64>());
        let highest = sums.fold(0.0, f64::max);
        let most = if canvas.size == Size::Wide { 5 } else { 4 };
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
            let begins = canvas.area.left + wide * place as f64;
            let (x, to) = (
                begins + wide * (1.0 - SHARE) / 2.0,
                begins + wide * f64::midpoint(1.0, SHARE),
            );
            let mut marks = format!("<g><title>{}</title>", Plain(&bar.title));
            let mut below = 0.0;
            for (class, part) in PARTS.into_iter().zip(bar.parts) {
                let above = below + amount(part);
                if above > below {
                    let path = block((x, scale.at(below)), (to, scale.at(above)));
                    marks.push_str(&format!("<path class=\"{class}\" d=\"{path}\"/>"));
                }
                below = above;
            }
            if bar.parts.iter().any(Option::is_none) {
                let path = block((x, canvas.area.top), (to, scale.at(below)));
                let fill = canvas.hatching();
                marks.push_str(&format!("<path class=\"gap\" fill=\"{fill}\" d=\"{path}\"/>"));
            }
            marks.push_str("</g>");
            canvas.add(&marks);
            if (last - place).is_multiple_of(step) {
                canvas.below(begins + wide / 2.0, &bar.name);
            }
        }
        let has = |place: usize| self.bars.iter().any(|bar| amount(bar.parts[place]) > 0.0);
        let kinds: Vec<_> = (0..PARTS.len())
            .filter(|place| has(*place))
            .map(|place| (PARTS[place], self.parts[place]))
            .collect();
        canvas.legend(&kinds);
    }

    /// The name, then each part.
    fn rows(&self, _sheet: &Sheet<'_>) -> Vec<Vec<String>> {
        let rows = self.bars.iter().map(|bar| {
            let cells = bar.written.iter().cloned();
            std::iter::once(bar.name.clone()).chain(cells).collect()
        });
        rows.collect()
    }
}
