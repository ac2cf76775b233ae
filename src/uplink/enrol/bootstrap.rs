//! The conversation by which a new device comes to its login (UPLINK §1.3). Pure.
//!
//! The device says again and again that it is there, in an empty message; once a person has accepted it, the answer to
//! the next one is its login.

use std::time::Duration;

use zeroize::Zeroizing;

/// Where the device says that it is there.
pub const ASKS: &str = "s/ucr";
/// Where it hears its login.
pub const HEARS: &str = "s/dcr";
/// Who it is until then.
pub const USER: &str = "management/devicebootstrap";

/// How often it asks at first, for how long, and how often then.
const OFTEN: Duration = Duration::from_secs(5);
const EAGER: Duration = Duration::from_secs(300);
const SELDOM: Duration = Duration::from_secs(30);

/// How long after the last question the next one comes, `since` the first.
#[must_use]
pub fn pause(since: Duration) -> Duration {
    if since < EAGER { OFTEN } else { SELDOM }
}

/// The login of a device.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The tenant's id.
    pub tenant: String,
    /// The user's name in it.
    pub username: String,
    pub password: Zeroizing<String>,
}

/// What was heard is no login; the device asks on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLoginError {
    /// Another message than `70`.
    #[error("another message than 70")]
    Other,
    /// `70` with too few or too many fields.
    #[error("70 with {0} fields in place of 4")]
    Fields(usize),
    /// `70` with an empty field.
    #[error("70 with an empty field")]
    Empty,
}

/// The login in the fields of a line, as they are after unquoting.
pub fn login(fields: &[String]) -> Result<Login, NoLoginError> {
    if fields.first().map(String::as_str) != Some("70") {
        return Err(NoLoginError::Other);
    }
    let [_, tenant, username, password] = fields else {
        return Err(NoLoginError::Fields(fields.len()));
    };
    if [tenant, username, password].into_iter().any(String::is_empty) {
        return Err(NoLoginError::Empty);
    }
    Ok(Login {
        tenant: tenant.clone(),
        username: username.clone(),
        password: Zeroizing::new(password.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Login, NoLoginError> {
        login(&line.split(',').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_login_has_all_its_parts_and_nothing_else_is_one() {
        let login = of("70,t100,device_box-1,secret").unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(
            (login.tenant.as_str(), login.username.as_str()),
            ("t100", "device_box-1")
        );
        assert_eq!(*login.password, "secret");
        for (line, why) in [
            ("", NoLoginError::Other),
            ("71,t,u,p", NoLoginError::Other),
            ("70", NoLoginError::Fields(1)),
            ("70,t,u", NoLoginError::Fields(3)),
            ("70,t,u,p,x", NoLoginError::Fields(5)),
            ("70,t,,p", NoLoginError::Empty),
        ] {
            assert_eq!(of(line).err(), Some(why), "{line}");
        }
    }

    #[test]
    fn it_asks_often_at_first() {
        assert_eq!(pause(Duration::ZERO), Duration::from_secs(5));
        assert_eq!(pause(Duration::from_secs(301)), Duration::from_secs(30));
    }
}
