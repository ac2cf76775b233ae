//! Whether a text that comes in pieces is UTF-8 (RFC 6455 §8.1). Pure.

/// Checks a text that comes in pieces, which may end inside a character.
#[derive(Debug, Default)]
pub(super) struct Text {
    begun: [u8; 4],
    length: usize,
}

/// What came is no text.
pub(super) struct NotUtf8;

impl Text {
    /// The next part; `ends`: the last.
    pub(super) fn check(&mut self, mut part: &[u8], ends: bool) -> Result<(), NotUtf8> {
        while self.length > 0 && !part.is_empty() {
            self.begun[self.length] = part[0];
            self.length += 1;
            part = &part[1..];
            match std::str::from_utf8(&self.begun[..self.length]) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_some() => return Err(NotUtf8),
                Err(_) => {}
            }
        }
        if let Err(error) = std::str::from_utf8(part) {
            if error.error_len().is_some() {
                return Err(NotUtf8);
            }
            let begun = &part[error.valid_up_to()..];
            self.begun[..begun.len()].copy_from_slice(begun);
            self.length = begun.len();
        }
        if ends && self.length > 0 { Err(NotUtf8) } else { Ok(()) }
    }
}
