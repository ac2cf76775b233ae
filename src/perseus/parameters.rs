//! Parameters of OAuth requests: form-encoded, each at most once (RFC 6749 §3.1, §3.2). Pure.

use std::collections::BTreeMap;

use super::refusal::Refusal;

/// The parameters of one request. One that came without a value is as if it had not come (RFC 6749 §3.1).
#[derive(Clone, Default)]
pub struct Parameters(BTreeMap<String, String>);

impl std::fmt::Debug for Parameters {
    /// Values may be codes and tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Parameters {
    /// Reads a form, or a query.
    ///
    /// # Errors
    ///
    /// [`Refusal::Twice`].
    pub fn read(form: &[u8]) -> Result<Parameters, Refusal> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(form) {
            if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Refusal::Twice);
            }
        }
        parameters.retain(|_, value| !value.is_empty());
        Ok(Parameters(parameters))
    }

    /// The value of one that came.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of one that must be there.
    ///
    /// # Errors
    ///
    /// `missing`, when it is not.
    pub fn needed(&self, name: &str, missing: Refusal) -> Result<&str, Refusal> {
        self.get(name).ok_or(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_comes_twice_is_refused_and_what_is_empty_did_not_come() {
        let read = |form: &str| Parameters::read(form.as_bytes());
        let form = read("a=1&b=&c=x+y%2Bz").unwrap();
        assert_eq!(
            (form.get("a"), form.get("b"), form.get("c")),
            (Some("1"), None, Some("x y+z"))
        );
        for twice in ["a=1&a=1", "a=&a=2", "a&a", "a=1&b=2&%61=3"] {
            assert_eq!(read(twice).unwrap_err(), Refusal::Twice, "{twice}");
        }
        assert!(!format!("{:?}", read("code=secret").unwrap()).contains("secret"));
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(read) = Parameters::read(&body) {
                prop_assert!(read.0.values().all(|value| !value.is_empty()));
            }
        }
    }
}
