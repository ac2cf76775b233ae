//! What is done at a door (OCC §5.12): one in, one out, everybody out, set to a number; and the screens that are hung
//! beside it (OCC §5.13). Each may be asked for again under its key.

use serde::{Deserialize, Serialize};

use super::corrections::{self, Wish};
use super::manage::ManageError;
use super::{Occupancy, asked_again, kiosks};
use crate::accounts::AUDIT;
use crate::domain::{Space, SpaceId, is_readable};
use crate::store::spaces::SpacesWriter;
use kiosks::Kiosk;

/// The longest name of a screen, in characters.
const LONGEST_NAME: usize = 100;

/// One person in or out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tap {
    /// 1 or −1.
    pub by: i64,
    /// Above the maximum too, where the space may be overfilled: whoever taps was asked.
    pub all_the_same: bool,
}

/// What came of a tap.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tapped {
    /// How many it really were.
    pub applied: i64,
    /// The space after it.
    pub space: Space,
}

/// A screen with the key that stands in its link, which cannot be shown again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewKiosk {
    /// The screen.
    #[serde(flatten)]
    pub kiosk: Kiosk,
    /// What stands behind [`kiosks::PATH`] in its address.
    pub key: String,
}

impl Occupancy {
    /// One person in or out, as far as it fits. A tap that comes again under its key counts once.
    ///
    /// # Errors
    ///
    /// When there is no such space, its key was used for another one, or it cannot be written.
    pub async fn tap(&self, id: SpaceId, tap: Tap, key: Option<&str>) -> Result<Tapped, ManageError> {
        let once = asked_again::of_form(id, key, &tap)?;
        let tap_on = move |page: &mut _, now| {
            let before = SpacesWriter::get_on(page, id)?;
            let mut space = before.clone();
            let applied = match tap.all_the_same {
                true => space.change_all_the_same(tap.by, now),
                false => space.change(tap.by, now),
            };
            let space = match applied {
                0 => before,
                _ => SpacesWriter::put_on(page, space, &before)?,
            };
            Ok(Tapped { applied, space })
        };
        let tapped = self.once(once, tap_on).await?;
        self.last_use.renew(id, self.now());
        Ok(tapped)
    }

    /// Puts a count right for whoever asks, in the words of an audit.
    ///
    /// # Errors
    ///
    /// When the wish is not taken, there is no such space, its key was used for another one, or it cannot be written.
    pub async fn correct(
        &self,
        id: SpaceId,
        (wish, by): (Wish, &str),
        key: Option<&str>,
    ) -> Result<Space, ManageError> {
        wish.check()?;
        let once = asked_again::of_form(id, key, &(wish.what, &wish.reason))?;
        let who = by.to_owned();
        let correct_on = move |page: &mut _, now| {
            let before = SpacesWriter::get_on(page, id)?;
            Ok(corrections::correct_on(page, &before, (&wish, &who), now)?)
        };
        let space = self.once(once, correct_on).await?;
        self.last_use.renew(id, self.now());
        tracing::info!(
            target: AUDIT, space = %id, by, current = space.occupancy.current, "a count was put right"
        );
        Ok(space)
    }

    /// Makes a screen that shows a space, for whoever asks, in the words of an audit.
    ///
    /// # Errors
    ///
    /// When the name is none, there is no such space or it has its number of screens, or it cannot be written.
    pub async fn create_kiosk(
        &self,
        id: SpaceId,
        (name, by): (&str, &str),
        key: Option<&str>,
    ) -> Result<NewKiosk, ManageError> {
        kiosk_name(name)?;
        self.show(id)?;
        let once = asked_again::of_form(id, key, &name)?;
        let called = name.to_owned();
        let create_on = move |page: &mut _, now| {
            SpacesWriter::get_on(page, id)?;
            let made = kiosks::create_on(page, id, called, now)?;
            let (kiosk, secret) = made.ok_or(ManageError::TooManyKiosks(kiosks::MOST))?;
            let key = secret.reveal().to_owned();
            Ok(NewKiosk { kiosk, key })
        };
        let made = self.once(once, create_on).await?;
        tracing::info!(target: AUDIT, space = %id, by, kiosk = made.kiosk.id, "a screen was made");
        Ok(made)
    }

    /// Takes a screen away, for whoever asks, in the words of an audit: it shows nothing more, also where it is open.
    ///
    /// # Errors
    ///
    /// When there is no such screen, or it cannot be written.
    pub async fn revoke_kiosk(&self, space: SpaceId, id: &str, by: &str) -> Result<(), ManageError> {
        let kiosk = id.to_owned();
        let revoke_on = move |page: &mut _, _| {
            let revoked = kiosks::revoke_on(page, space, &kiosk)?;
            revoked.map(|_| ()).ok_or(ManageError::UnknownKiosk)
        };
        self.once(None, revoke_on).await?;
        self.accounts.ring();
        tracing::info!(target: AUDIT, space = %space, by, kiosk = id, "a screen was taken away");
        Ok(())
    }

    /// The screens of one space, or of all.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn kiosks(&self, space: Option<SpaceId>) -> Result<Vec<Kiosk>, ManageError> {
        Ok(kiosks::list(&self.store, space)?)
    }
}

/// Says whether a screen can be called so.
///
/// # Errors
///
/// When it cannot.
pub fn kiosk_name(name: &str) -> Result<(), ManageError> {
    match is_readable(name) && name.chars().count() <= LONGEST_NAME {
        true => Ok(()),
        false => Err(ManageError::KioskName),
    }
}
