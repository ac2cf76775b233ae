//! What is asked again is carried out once, for pages and the command line as for `/v1` (OCC §5.2): the key comes with
//! the form, and what came of it is kept in the same change.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Occupancy;
use super::manage::ManageError;
use crate::domain::SpaceId;
use crate::http::once::{Answer, Known, LONGEST, Once};
use crate::store::Page;

/// What a form that is sent again has in common with its first: the space, its key, and what it asks for.
///
/// It is the space's key and not the person's: a tap that was sent by one and comes again after another signed in on
/// the same phone is one tap. Keys are made of random bytes, so nobody meets another's.
///
/// # Errors
///
/// When the key is none.
pub fn of_form(space: SpaceId, key: Option<&str>, what: &impl Serialize) -> Result<Option<Once>, ManageError> {
    let Some(key) = key else { return Ok(None) };
    if !(16..=LONGEST).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ManageError::Key);
    }
    let what = serde_json::to_vec(what).expect("what forms ask for is plain data");
    Ok(Some(Once::new(&format!("forms of {space}"), key, &[&what])))
}

impl Occupancy {
    /// Makes a change, or answers what came of it when it was asked for before.
    pub(super) async fn once<T: Serialize + DeserializeOwned + Send + 'static>(
        &self,
        once: Option<Once>,
        act: impl FnOnce(&mut Page, Timestamp) -> Result<T, ManageError> + Send + 'static,
    ) -> Result<T, ManageError> {
        let now = self.now();
        let written = self.store.write(move |page| {
            match once.as_ref().map(|once| once.known_on(page, now)).transpose()? {
                None | Some(Known::Nothing) => {}
                Some(Known::Answered(answer)) => {
                    return serde_json::from_str(&answer.body).map_err(|_| ManageError::KeyReused);
                }
                Some(Known::Another) => return Err(ManageError::KeyReused),
            }
            let done = act(page, now)?;
            if let Some(once) = once {
                let body = serde_json::to_string(&done).expect("what comes of forms is plain data");
                let answer = Answer {
                    status: 200,
                    tag: None,
                    body,
                };
                once.keep_on(page, &answer, now)?;
            }
            Ok(done)
        });
        let done = written.await;
        done.map_err(|error| error.split().unwrap_or_else(ManageError::Write))
    }
}
