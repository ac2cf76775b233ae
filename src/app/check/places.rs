//! What stands where the box keeps things, where it is asked, and where a program is that it is to run.

use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::Check;

impl Check<'_> {
    /// What stands there must be of the right kind.
    pub(super) fn places(&mut self) {
        let config = &self.loaded.config;
        self.folder("data_dir", &config.data_dir);
        let socket = &config.admin_socket;
        match std::fs::symlink_metadata(socket) {
            Ok(found) if found.file_type().is_socket() => {}
            Ok(_) => {
                let what = format!("something else than a socket stands at {}", socket.display());
                self.fault("admin_socket", &what, "move it away, or name another place");
            }
            Err(_) => self.folder("admin_socket", socket.parent().unwrap_or(socket)),
        }
        let program = config
            .uplink
            .as_ref()
            .and_then(|section| section.room.restart_program());
        if let Some(program) = program.filter(|program| program.is_absolute() && !program.exists()) {
            self.fault("uplink.restart", &format!("{} is not there", program.display()), "");
        }
    }

    /// A folder that is there, or can be made.
    fn folder(&mut self, key: &str, folder: &Path) {
        let nearest = folder.ancestors().find(|path| path.exists());
        if let Some(wrong) = nearest.filter(|path| !path.is_dir()) {
            let what = format!("{} is a file, where a folder is wanted", wrong.display());
            self.fault(key, &what, "");
        }
    }
}
