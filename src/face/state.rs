//! What stands behind the pages of a room.

use std::sync::Arc;

use axum::extract::FromRef;

use super::Face;

/// A room, and the shell that its pages are shown in.
pub struct PageState<R: ?Sized> {
    /// The room, or whatever else the pages are of.
    pub room: Arc<R>,
    /// The shell.
    pub face: Face,
}

impl<R: ?Sized> Clone for PageState<R> {
    fn clone(&self) -> PageState<R> {
        PageState {
            room: Arc::clone(&self.room),
            face: self.face.clone(),
        }
    }
}

impl<R: ?Sized> FromRef<PageState<R>> for Face {
    fn from_ref(state: &PageState<R>) -> Face {
        state.face.clone()
    }
}
