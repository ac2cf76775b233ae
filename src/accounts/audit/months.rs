//! Months of the audit, looked over.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::chain::Head;

/// The file of a month.
#[must_use]
pub fn file_of(folder: &Path, month: &str) -> PathBuf {
    folder.join(format!("{month}.jsonl"))
}

/// The audit's files, looked over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examined {
    pub lines: u64,
    pub months: u64,
    /// The first line that does not follow the one before: its file, and its number in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<(PathBuf, u64)>,
    /// Whether the line is missing that was last known to be there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
}

/// Follows the chain through every month.
///
/// # Errors
///
/// When a file cannot be read.
pub fn examine(folder: &Path) -> std::io::Result<Examined> {
    walk(folder, None).map(|(examined, _)| examined)
}

/// The months that there are, in order.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn months(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut months = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        months.extend(name.strip_suffix(".jsonl").map(str::to_owned));
    }
    months.sort();
    Ok(months)
}

/// Where the chain stands at the end of a month, by its last line alone; `None`: it has none.
///
/// # Errors
///
/// When the file cannot be read.
pub fn end_of(folder: &Path, month: &str) -> std::io::Result<Option<Head>> {
    let text = fs::read_to_string(file_of(folder, month))?;
    Ok(text.lines().last().and_then(|line| Head::default().follow(line)))
}

/// Follows the chain through every month, and says where it stands. `known`: where it is known to have stood.
///
/// # Errors
///
/// When a file cannot be read.
pub fn walk(folder: &Path, known: Option<&Head>) -> std::io::Result<(Examined, Head)> {
    let (mut examined, mut head) = (Examined::default(), Head::default());
    let known = known.filter(|known| known.lines > 0);
    examined.missing = known.is_some();
    for month in months(folder)? {
        let file = file_of(folder, &month);
        examined.months += 1;
        for (number, line) in (1..).zip(BufReader::new(fs::File::open(&file)?).lines()) {
            let line = line?;
            examined.lines += 1;
            match head.follow(&line) {
                Some(next) => head = next,
                None => {
                    examined.broken.get_or_insert((file.clone(), number));
                    // What comes after is tied to what is there now.
                    head = Head {
                        lines: head.lines + 1,
                        hash: Head::hash(&line),
                    };
                }
            }
            examined.missing &= known != Some(&head);
        }
    }
    Ok((examined, head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_chain_stands_and_a_changed_one_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let mut head = Head::default();
        for (month, count) in [("2026-10", 3), ("2026-11", 2)] {
            let mut text = String::new();
            for _ in 0..count {
                let (line, next) = head.next(jiff::Timestamp::UNIX_EPOCH, "signed in", serde_json::Map::new());
                text += &format!("{line}\n");
                head = next;
            }
            fs::write(file_of(folder.path(), month), text).unwrap();
            assert_eq!(end_of(folder.path(), month).unwrap().as_ref(), Some(&head));
        }
        let (examined, end) = walk(folder.path(), Some(&head)).unwrap();
        assert!(!examined.missing);
        assert_eq!(
            (examined.lines, examined.months, &examined.broken, end),
            (5, 2, &None, head.clone())
        );
        for known in [
            Head {
                lines: 9,
                ..head.clone()
            },
            Head {
                hash: "x".into(),
                ..head.clone()
            },
        ] {
            assert!(walk(folder.path(), Some(&known)).unwrap().0.missing, "{known:?}");
        }
        let first = file_of(folder.path(), "2026-10");
        let text = fs::read_to_string(&first).unwrap();
        fs::write(&first, text.replacen("signed in", "signed up", 1)).unwrap();
        assert_eq!(examine(folder.path()).unwrap().broken, Some((first, 2)));
    }
}
