//! `config.example.toml`, the manual of every key.

/// As it is handed out.
pub const TEXT: &str = include_str!("../../../config.example.toml");

/// Its lines, each section and key as if it were set.
pub fn in_force() -> impl Iterator<Item = &'static str> {
    TEXT.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if is_section(rest) || setting(rest).is_some() => rest,
        _ => line,
    })
}

/// The key of a line and its value; a sentence with an equals sign in it is none.
pub fn setting(line: &str) -> Option<(&str, &str)> {
    let is_key = |key: &str| {
        !key.is_empty()
            && key
                .chars()
                .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
    };
    line.split_once(" = ").filter(|(key, _)| is_key(key))
}

fn is_section(line: &str) -> bool {
    line.starts_with('[') && line.ends_with(']') && !line.contains(' ')
}
