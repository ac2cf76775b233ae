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
}

/// Follows the chain through every month.
///
/// # Errors
///
/// When a file cannot be read.
pub fn examine(folder: &Path) -> std::io::Result<Examined> {
    walk(folder).map(|(examined, _)| examined)
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

/// Follows the chain through every month, and says where it stands.
///
/// # Errors
///
/// When a file cannot be read.
pub fn walk(folder: &Path) -> std::io::Result<(Examined, Head)> {
    let (mut examined, mut head) = (Examined::default(), Head::default());
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
        }
    }
    Ok((examined, head))
}
