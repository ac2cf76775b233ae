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

fn row(line: &str) -> Option<Row> {
    let mut cells = line.split(',').map(|cell| cell.trim().trim_matches('"'));
    let (at, import, export) = (cells.next()?, cells.next()?, cells.next()?);
    let at = strtime::parse(MOMENT, at).ok()?.to_timestamp().ok()?;
    Some(Row {
        at,
        import_kwh: kilo(import)?,
        export_kwh: kilo(export)?,
    })
}

fn kilo(cell: &str) -> Option<f64> {
    let plain = cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let watt_hours: f64 = plain.then(|| cell.parse().ok())??;
    Some(watt_hours / 1000.0)
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
            prop_assert_eq!(again, written);
        }

        #[test]
        fn any_text_is_read(text in "(\\PC{0,60}\r?\n){0,5}|head\n([0-9 :+-]{0,26},(NA|-1|[0-9.]{0,9}),[0-9]{0,9}\n){0,5}") {
            prop_assert!(read(&text).all(|row| row.import_kwh >= 0.0 && row.export_kwh.is_finite()));
        }
    }
}
