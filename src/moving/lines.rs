//! The lines of a text that somebody else wrote: numbered, bounded, UTF-8 or refused (MOVE §1.1).

use std::io::{self, BufRead};

/// A line and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: u64,
    /// Without its end, which is LF or CRLF.
    pub text: String,
}

/// A line is none, or the whole text is of another kind.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It has no end where lines of this kind have long had theirs.
    #[error("the line has more than {longest} bytes")]
    TooLong {
        /// Which line.
        line: u64,
        /// How many bytes a line may have.
        longest: usize,
    },
    /// Bytes that are no UTF-8.
    #[error("the line is no UTF-8 from byte {column} on (Latin-1, perhaps): `iconv -f latin1 -t utf8` makes it so")]
    NotUtf8 {
        /// Which line.
        line: u64,
        /// Counted from 1.
        column: usize,
    },
    /// A byte that no text has.
    #[error("the line holds a NUL byte: this is no text, or a damaged one")]
    Nul {
        /// Which line.
        line: u64,
    },
    /// Two bytes a character.
    #[error("the text is UTF-16: `iconv -f utf-16 -t utf8` makes UTF-8 of it")]
    Utf16,
    /// The system could not read on.
    #[error("reading stopped: {0}")]
    Read(#[from] io::Error),
}

impl LineError {
    /// In which line it is; `None`: it is of the whole text.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        match self {
            LineError::TooLong { line, .. } | LineError::NotUtf8 { line, .. } | LineError::Nul { line } => Some(*line),
            LineError::Utf16 | LineError::Read(_) => None,
        }
    }
}

/// Lines one after the other. A line that is none is told and passed over; what is wrong with the whole ends it.
pub struct Lines<R> {
    text: R,
    longest: usize,
    number: u64,
    over: bool,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `text`, none of which may have more than `longest` bytes.
    pub fn new(text: R, longest: usize) -> Lines<R> {
        Lines {
            text,
            longest,
            number: 0,
            over: false,
        }
    }

    /// The bytes up to the next LF; `None` at the end. What goes beyond the longest is passed over, and not kept.
    fn bytes(&mut self) -> io::Result<Option<(Vec<u8>, bool)>> {
        let (mut line, mut whole, mut any) = (Vec::new(), true, false);
        loop {
            let buffer = match self.text.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                return Ok(any.then_some((line, whole)));
            }
            any = true;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let piece = &buffer[..end.unwrap_or(buffer.len())];
            // One more than the longest, for the CR of a line's end.
            let room = (self.longest + 1).saturating_sub(line.len());
            line.extend_from_slice(&piece[..piece.len().min(room)]);
            whole &= piece.len() <= room;
            let taken = piece.len() + usize::from(end.is_some());
            self.text.consume(taken);
            if end.is_some() {
                return Ok(Some((line, whole)));
            }
        }
    }

    fn line(&mut self) -> Result<Option<Line>, LineError> {
        let Some((mut bytes, whole)) = self.bytes()? else {
            return Ok(None);
        };
        self.number += 1;
        let (line, longest) = (self.number, self.longest);
        if line == 1 {
            if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
                return Err(LineError::Utf16);
            }
            // The mark that some editors put before a text.
            if bytes.starts_with(b"\xef\xbb\xbf") {
                bytes.drain(..3);
            }
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        if !whole || bytes.len() > longest {
            return Err(LineError::TooLong { line, longest });
        }
        if bytes.contains(&0) {
            return Err(LineError::Nul { line });
        }
        let text = String::from_utf8(bytes).map_err(|error| LineError::NotUtf8 {
            line,
            column: error.utf8_error().valid_up_to() + 1,
        })?;
        Ok(Some(Line { number: line, text }))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Line, LineError>;

    fn next(&mut self) -> Option<Result<Line, LineError>> {
        if self.over {
            return None;
        }
        let line = self.line().transpose();
        self.over = match &line {
            None => true,
            Some(Err(error)) => error.line().is_none(),
            Some(Ok(_)) => false,
        };
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    fn read(bytes: &[u8], longest: usize) -> Vec<Result<Line, LineError>> {
        // A buffer of three bytes: lines come in pieces.
        Lines::new(BufReader::with_capacity(3, bytes), longest).collect()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_the_rest_is_read() {
        let bytes = b"\xef\xbb\xbffirst\r\nsecond is too long\nthi\xe9rd\nfo\0urth\n\nlast";
        let found = read(bytes, 8);
        let lines: Vec<_> = found
            .iter()
            .map(|line| match line {
                Ok(line) => format!("{} {}", line.number, line.text),
                Err(error) => format!("{:?}: {error}", error.line()),
            })
            .collect();
        assert_eq!(lines[0], "1 first");
        assert_eq!(lines[1], "Some(2): the line has more than 8 bytes");
        assert!(lines[2].starts_with("Some(3): the line is no UTF-8 from byte 4 on"));
        assert!(lines[3].starts_with("Some(4): the line holds a NUL byte"));
        assert_eq!(lines[4..], ["5 ", "6 last"]);
        for utf16 in [&b"\xff\xfes\0e\0\n\0"[..], b"\xfe\xff\0s\0e\0\n"] {
            let found = read(utf16, 80);
            assert!(matches!(found[..], [Err(LineError::Utf16)]), "{found:?}");
        }
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_text(text in "([a-zé ]{0,9}(\r?\n)){0,6}[a-z]{0,4}") {
            let found: Vec<_> = read(text.as_bytes(), 40).into_iter().map(|line| line.unwrap().text).collect();
            prop_assert_eq!(found, text.lines().map(str::to_owned).collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_lines_or_faults_and_none_is_longer(bytes in proptest::collection::vec(any::<u8>(), 0..300), longest in 0usize..40) {
            let breaks = bytes.iter().filter(|byte| **byte == b'\n').count();
            let found = read(&bytes, longest);
            prop_assert!(found.len() <= breaks + 1);
            for line in found.into_iter().flatten() {
                prop_assert!(line.text.len() <= longest && !line.text.contains('\n'));
            }
        }
    }
}
