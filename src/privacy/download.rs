//! Handing out a file, whole or in part: whoever is cut off goes on where they were (RFC 9110 §14).

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::taking::Ready;

/// Read at once.
const PIECE: u64 = 64 << 10;

/// What of a file is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Some(Range<u64>),
    /// Nothing that is there.
    None,
}

/// The answer with an archive, or with the part of it that is asked for.
pub(super) fn answer(ready: &Ready, file_name: &str, asked: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", ready.tag);
    let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    // A part of another archive does not fit what came before.
    let same = text(IF_RANGE).is_none_or(|wanted| wanted == tag);
    let part = match text(RANGE).filter(|_| same) {
        Some(range) => part_of(range, ready.bytes),
        None => Part::Whole,
    };
    let value = |text: String| HeaderValue::try_from(text).expect("digits and names of ours are a header");
    let mut headers = HeaderMap::new();
    headers.insert(ETAG, value(tag));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let (status, range) = match part {
        Part::None => {
            headers.insert(CONTENT_RANGE, value(format!("bytes */{}", ready.bytes)));
            return (StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response();
        }
        Part::Whole => (StatusCode::OK, 0..ready.bytes),
        Part::Some(range) => {
            let words = format!("bytes {}-{}/{}", range.start, range.end - 1, ready.bytes);
            headers.insert(CONTENT_RANGE, value(words));
            (StatusCode::PARTIAL_CONTENT, range)
        }
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(
        CONTENT_DISPOSITION,
        value(format!("attachment; filename=\"{file_name}\"")),
    );
    headers.insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    (status, headers, pieces(Arc::clone(&ready.file), range)).into_response()
}

/// The one range of a header, in a file of so many bytes; several, or what is none, are answered with the whole
/// (RFC 9110 §14.2).
fn part_of(header: &str, bytes: u64) -> Part {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Part::Whole;
    };
    let number = |text: &str| -> Option<u64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (number(first), number(last)) {
        (Some(first), _) if first >= bytes && (last.is_empty() || number(last).is_some()) => Part::None,
        (Some(first), None) if last.is_empty() => Part::Some(first..bytes),
        (Some(first), Some(last)) if first <= last => Part::Some(first..last.saturating_add(1).min(bytes)),
        (None, Some(last)) if first.is_empty() && (last == 0 || bytes == 0) => Part::None,
        (None, Some(last)) if first.is_empty() => Part::Some(bytes.saturating_sub(last)..bytes),
        _ => Part::Whole,
    }
}

/// All of an archive.
pub(super) fn whole(ready: &Ready) -> Body {
    pieces(Arc::clone(&ready.file), 0..ready.bytes)
}

fn pieces(file: Arc<File>, range: Range<u64>) -> Body {
    let read = stream::try_unfold((file, range), async |(file, left)| {
        if left.is_empty() {
            return Ok::<_, io::Error>(None);
        }
        let end = left.end.min(left.start + PIECE);
        let (reader, begin) = (Arc::clone(&file), left.start);
        let length = usize::try_from(end - begin).map_err(io::Error::other)?;
        let piece = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; length];
            reader.read_exact_at(&mut piece, begin)?;
            Ok::<_, io::Error>(piece)
        });
        let piece = Bytes::from(piece.await.map_err(io::Error::other)??);
        Ok(Some((piece, (file, end..left.end))))
    });
    Body::from_stream(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_a_part_and_anything_else_the_whole() {
        for (header, part) in [
            ("bytes=0-", Part::Some(0..10)),
            ("bytes=3-", Part::Some(3..10)),
            ("bytes=3-3", Part::Some(3..4)),
            ("bytes=3-99999999999999999999999", Part::Some(3..10)),
            ("bytes=-3", Part::Some(7..10)),
            ("bytes=-30", Part::Some(0..10)),
            ("bytes=-0", Part::None),
            ("bytes=10-", Part::None),
            ("bytes=10-12", Part::None),
            ("bytes=5-3", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("rows=0-1", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(part_of(header, 10), part, "{header}");
        }
        assert_eq!(part_of("bytes=0-", 0), Part::None);
        assert_eq!(part_of("bytes=-5", 0), Part::None);
    }
}
