//! Backups that the box makes by itself.
use super::lodge::Lodge;
impl Lodge {
    pub(super) fn add_backups(&mut self) {}
}
