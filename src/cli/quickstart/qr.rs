//! Addresses as QR codes, for a phone that is held against them (ISO/IEC 18004).

use qrcodegen::{QrCode, QrCodeEcc};

use super::super::print;

/// The quiet zone that readers want around it, in modules (ISO/IEC 18004 §6.3.8).
const QUIET: i32 = 4;

/// Shows it on standard error, when that is a terminal: two rows of modules a line.
pub(super) fn show(text: &str) {
    use std::io::IsTerminal;
    if !std::io::stderr().is_terminal() {
        return;
    }
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Low) else {
        return;
    };
    for line in lines(&code) {
        print::note(format_args!("   {line}"));
    }
}

/// Light modules are drawn, since terminals are dark more often than not; a quiet zone of two is enough for phones.
fn lines(code: &QrCode) -> Vec<String> {
    let around = QUIET / 2;
    let light = |x, y| !code.get_module(x, y);
    let rows = (-around..code.size() + around).step_by(2);
    rows.map(|y| {
        (-around..code.size() + around)
            .map(|x| match (light(x, y), light(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            })
            .collect()
    })
    .collect()
}

/// As a picture: one path of black modules on white.
pub(super) fn svg(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = code.size() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{},{}h1v1h-1z", x + QUIET, y + QUIET));
        }
    }
    Some(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img" aria-label="QR code"><path fill="#fff" d="M0,0h{side}v{side}h-{side}z"/><path d="{path}"/></svg>"##
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_is_drawn_once_in_both_forms() {
        let text = "https://10.0.0.5/welcome/abc";
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        let dark = (0..code.size())
            .flat_map(|y| (0..code.size()).map(move |x| (x, y)))
            .filter(|(x, y)| code.get_module(*x, *y))
            .count();
        assert_eq!(svg(text).unwrap().matches("h1v1h-1z").count(), dark);
        let drawn = lines(&code);
        let width = usize::try_from(code.size() + QUIET).unwrap();
        assert!(drawn.iter().all(|line| line.chars().count() == width));
        let light: usize = drawn
            .concat()
            .chars()
            .map(|module| match module {
                '█' => 2,
                '▀' | '▄' => 1,
                _ => 0,
            })
            .sum();
        // The last line has a row of its own below the quiet zone when the side is odd.
        assert_eq!(light + dark, width * drawn.len() * 2);
    }
}
