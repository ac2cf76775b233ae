//! The fields of one line of CSV (RFC 4180 §2); a field that goes on in the next line is refused (MOVE §1.1).

/// A line that is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// A quoted field without its end in the line.
    #[error("a quote is opened and not closed in this line")]
    Open,
    /// Something stands between a closing quote and the next comma.
    #[error("text stands behind a closing quote")]
    Behind,
    /// A quote in a field that does not begin with one.
    #[error("a quote stands within a field that does not begin with one")]
    Within,
}

/// The fields of `line`, without the quotes around them.
///
/// # Errors
///
/// When quotes do not come in pairs around whole fields.
pub fn split(line: &str) -> Result<Vec<String>, FieldsError> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, behind) = match rest.strip_prefix('"') {
            Some(quoted) => between_quotes(quoted)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (field, behind) = rest.split_at(end);
                if field.contains('"') {
                    return Err(FieldsError::Within);
                }
                (field.to_owned(), behind)
            }
        };
        fields.push(field);
        match behind.strip_prefix(',') {
            Some(more) => rest = more,
            None if behind.is_empty() => return Ok(fields),
            None => return Err(FieldsError::Behind),
        }
    }
}

/// A quoted field from behind its first quote on, and what follows its last.
fn between_quotes(mut rest: &str) -> Result<(String, &str), FieldsError> {
    let mut field = String::new();
    loop {
        let (text, behind) = rest.split_once('"').ok_or(FieldsError::Open)?;
        field.push_str(text);
        match behind.strip_prefix('"') {
            Some(more) => {
                field.push('"');
                rest = more;
            }
            None => return Ok((field, behind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_that_do_not_pair_are_refused() {
        assert_eq!(split("a,\"b"), Err(FieldsError::Open));
        assert_eq!(split("\"a\"b,c"), Err(FieldsError::Behind));
        assert_eq!(split("a\"b\",c"), Err(FieldsError::Within));
        assert_eq!(split(""), Ok(vec![String::new()]));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(fields in proptest::collection::vec("[a-z,\" é]{0,8}", 1..6), always: bool) {
            let written: Vec<String> = fields.iter().map(|field| match always || field.contains(['"', ',']) {
                true => format!("\"{}\"", field.replace('"', "\"\"")),
                false => field.clone(),
            }).collect();
            prop_assert_eq!(split(&written.join(",")), Ok(fields));
        }

        #[test]
        fn any_line_is_fields_or_refused(line in "[a,\"]{0,12}") {
            if let Ok(fields) = split(&line) { prop_assert!(!fields.is_empty()) }
        }
    }
}
