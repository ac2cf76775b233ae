//! Addresses as QR codes, for a phone that is held against them (ISO/IEC 18004).

use qrcodegen::{QrCode, QrCodeEcc};

use super::super::print;
use crate::domain::QR_QUIET;

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
    let around = QR_QUIET / 2;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_is_drawn_once() {
        let text = "https://10.0.0.5/welcome/abc";
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        let dark = (0..code.size())
            .flat_map(|y| (0..code.size()).map(move |x| (x, y)))
            .filter(|(x, y)| code.get_module(*x, *y))
            .count();
        let drawn = lines(&code);
        let width = usize::try_from(code.size() + QR_QUIET).unwrap();
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
