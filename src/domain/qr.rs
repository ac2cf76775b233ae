//! Addresses as QR codes, for a phone or a screen that is held against them (ISO/IEC 18004).

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

/// The quiet zone that readers want around it, in modules (ISO/IEC 18004 §6.3.8).
pub const QR_QUIET: i32 = 4;

/// A text as a picture: one path of black modules on white. `None` when it is too long for a code. `label` is said to
/// whoever cannot see it; it holds words of ours only.
#[must_use]
pub fn qr_svg(text: &str, label: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = code.size() + 2 * QR_QUIET;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(path, "M{},{}h1v1h-1z", x + QR_QUIET, y + QR_QUIET);
        }
    }
    Some(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img" aria-label="{label}"><path fill="#fff" d="M0,0h{side}v{side}h-{side}z"/><path d="{path}"/></svg>"##
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dark_module_is_drawn_once_and_none_in_the_quiet_zone() {
        let text = "https://10.0.0.5/welcome/abc";
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        let dark = (0..code.size())
            .flat_map(|y| (0..code.size()).map(move |x| (x, y)))
            .filter(|(x, y)| code.get_module(*x, *y))
            .count();
        let svg = qr_svg(text, "QR code").unwrap();
        assert_eq!(svg.matches("h1v1h-1z").count(), dark);
        for edge in 0..QR_QUIET {
            assert!(!svg.contains(&format!("M{edge},")) || edge == 0 && svg.matches("M0,").count() == 1);
        }
        assert_eq!(qr_svg(&"x".repeat(5_000), ""), None);
    }
}
