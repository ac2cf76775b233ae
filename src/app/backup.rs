//! Backups that the box makes by itself.
