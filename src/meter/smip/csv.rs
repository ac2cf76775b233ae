//! The lines of a half-hour file: cumulative Wh, imported and exported, at each half hour.

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

const MOMENT: &str = "%Y-%m-%d %H:%M:%S%z";

/// A line to write: registers in Wh; a missing one is an empty cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The half hour's boundary.
    pub at: Timestamp,
    /// Imported so far.
    pub import: Option<u64>,
    /// Exported so far.
    pub export: Option<u64>,
}

/// A line that was read. Old files have fractions of a watt-hour in them, so these are not whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The half hour's boundary.
    pub at: Timestamp,
    /// Imported so far.
    pub import_kwh: f64,
    /// Exported so far.
    pub export_kwh: f64,
}

/// A heading that would break the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a column of a half-hour file is named by letters, digits and hyphens, not `{0}`")]
pub struct SmipError(String);

/// The whole file, for the column of this name: the serial, with `-A` or `-B` for an element of two.
pub fn write(column: &str, rows: &[Written]) -> Result<String, SmipError> {
    if !column.split('-').all(super::name::is_serial) {
        return Err(SmipError(column.to_owned()));
    }
    let cell = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
    let mut text = format!("\"created_at\",\"{column}\",\"{column}_rev\"\r\n");
    for row in rows {
        let at = row.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S+0000");
        text.push_str(&format!("{at},{},{}\r\n", cell(row.import), cell(row.export)));
    }
    Ok(text)
}

/// The lines that hold both values. Lines with a missing one (empty, `NA`, `-1`) or that cannot be read
/// are left out, as every reader of these files does.
pub fn read(text: &str) -> impl Iterator<Item = Row> {
    text.lines().skip(1).filter_map(row)
}

/// The cells of a line, without the quotes around them.
fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|cell| cell.trim().trim_matches('"'))
}

fn moment(cell: &str) -> Option<Timestamp> {
    strtime::parse(MOMENT, cell).ok()?.to_timestamp().ok()
}

fn row(line: &str) -> Option<Row> {
    let mut cells = cells(line);
    let (at, import, export) = (cells.next()?, cells.next()?, cells.next()?);
    Some(Row {
        at: moment(at)?,
        import_kwh: kilo(import)?,
        export_kwh: kilo(export)?,
    })
}

fn kilo(cell: &str) -> Option<f64> {
    let plain = cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let watt_hours: f64 = plain.then(|| cell.parse().ok())??;
    Some(watt_hours / 1000.0)
}

/// The column that a heading names: a serial, with `-A` or `-B` for an element of two; `None`: it is no heading.
#[must_use]
pub fn heading(line: &str) -> Option<&str> {
    let found: Vec<&str> = cells(line).collect();
    let [first, column, back] = found[..] else { return None };
    (first == "created_at" && back.strip_suffix("_rev") == Some(column)).then_some(column)
}

/// A line is none of a half-hour file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// Three cells are wanted.
    #[error("the line has {0} cells, and 3 are wanted")]
    Cells(usize),
    /// A moment that is none.
    #[error("`{0}` is no moment, such as 2026-02-10 00:30:00+0000")]
    Moment(String),
    /// A register that is none.
    #[error("`{0}` is no count of watt-hours")]
    Number(String),
}

/// A line taken at its word, where [`read`] passes over what cannot be: `None` when there is nothing on it.
///
/// # Errors
///
/// When it is no line of such a file.
pub fn line(text: &str) -> Result<Option<Written>, LineFault> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let found: Vec<&str> = cells(text).collect();
    let [at, import, export] = found[..] else {
        return Err(LineFault::Cells(found.len()));
    };
    Ok(Some(Written {
        at: moment(at).ok_or_else(|| LineFault::Moment(at.chars().take(60).collect()))?,
        import: whole(import)?,
        export: whole(export)?,
    }))
}

/// Whole watt-hours, a fraction cut off as every writer of these files does; `None`: there is none.
fn whole(cell: &str) -> Result<Option<u64>, LineFault> {
    if matches!(cell, "" | "NA" | "-1") {
        return Ok(None);
    }
    let (digits, fraction) = cell.split_once('.').unwrap_or((cell, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = (are_digits(digits) && are_digits(fraction)).then(|| digits.parse().ok());
    let wrong = || LineFault::Number(cell.chars().take(60).collect());
    number.flatten().map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_column_cannot_smuggle_cells_or_lines() {
        for column in ["A,B", "a\"b", "a\r\nb", "../x", "a b"] {
            assert!(write(column, &[]).is_err(), "{column:?}");
        }
    }

    #[test]
    fn a_line_is_taken_at_its_word() {
        let at = "2026-02-10T00:30:00Z".parse().unwrap();
        let (import, export) = (Some(1200), None);
        for text in [
            "2026-02-10 00:30:00+0000,1200,",
            "2026-02-10 01:30:00+0100,1200.9,NA",
            "\"2026-02-10 00:30:00+0000\",1200,-1",
        ] {
            assert_eq!(line(text), Ok(Some(Written { at, import, export })), "{text}");
        }
        assert_eq!(line(" "), Ok(None));
        for (text, fault) in [
            (
                "2026-02-10 00:30:00+0000,1200",
                "the line has 2 cells, and 3 are wanted",
            ),
            (
                "10/02/2026 00:30,1,2",
                "`10/02/2026 00:30` is no moment, such as 2026-02-10 00:30:00+0000",
            ),
            ("2026-02-10 00:30:00+0000,1.,2", "`1.` is no count of watt-hours"),
            ("2026-02-10 00:30:00+0000,-2,2", "`-2` is no count of watt-hours"),
            (
                "2026-02-10 00:30:00+0000,99999999999999999999,2",
                "`99999999999999999999` is no count of watt-hours",
            ),
        ] {
            assert_eq!(line(text).unwrap_err().to_string(), fault);
        }
        assert_eq!(heading("\"created_at\",\"EML1-A\",\"EML1-A_rev\""), Some("EML1-A"));
        assert_eq!(heading("\"created_at\",\"EML1-A\",\"EML1-B_rev\""), None);
    }

    proptest! {
        #[test]
        fn a_file_is_read_back(rows in proptest::collection::vec((0i64..4_000_000, 0u64..1 << 40, 0u64..1 << 40), 0..50)) {
            let written: Vec<_> = rows.iter().map(|(slot, import, export)| Written {
                at: Timestamp::from_second(slot * 1800).unwrap(), import: Some(*import), export: Some(*export),
            }).collect();
            let text = write("EML1-A", &written).unwrap();
            prop_assert!(text.ends_with("\r\n") && text.lines().count() == rows.len() + 1);
            let again: Vec<_> = read(&text).map(|row| Written {
                at: row.at, import: Some((row.import_kwh * 1000.0).round() as u64), export: Some((row.export_kwh * 1000.0).round() as u64),
            }).collect();
            prop_assert_eq!(again, &written[..]);
            let mut lines = text.lines();
            prop_assert_eq!(lines.next().and_then(heading), Some("EML1-A"));
            let strict: Vec<_> = lines.map(|text| line(text).unwrap().unwrap()).collect();
            prop_assert_eq!(strict, written);
        }

        #[test]
        fn any_text_is_read(text in "(\\PC{0,60}\r?\n){0,5}|head\n([0-9 :+-]{0,26},(NA|-1|[0-9.]{0,9}),[0-9]{0,9}\n){0,5}") {
            prop_assert!(read(&text).all(|row| row.import_kwh >= 0.0 && row.export_kwh.is_finite()));
        }
    }
}
