//! A disk that is not there: it keeps what was synced apart from what was only written, so that a
//! power cut can drop, tear and reorder the rest, and it fails calls and cuts the power on command.
//!
//! Contents: every sector (512 bytes) that was written since the last sync holds, after a cut, one
//! of the versions it really had in between; the length is one of the lengths it had. Names: every
//! change of a folder since its last sync happened or did not, each on its own.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path};
use std::sync::{Arc, Mutex, MutexGuard};

use gatelodge::store::files::{Disk, DiskFile, Found};

use super::chance::Chance;

const SECTOR: usize = 512;
const ROOT: usize = 0;

type Names = BTreeMap<String, usize>;

#[derive(Clone, Debug)]
enum Node {
    Folder {
        now: Names,
        synced: Names,
        since: Vec<NameChange>,
    },
    File {
        now: Vec<u8>,
        synced: Vec<u8>,
        since: Vec<Vec<u8>>,
    },
}

#[derive(Clone, Debug)]
enum NameChange {
    Add(String, usize),
    Remove(String),
    Rename(String, String, usize),
}

impl NameChange {
    fn make(&self, names: &mut Names) {
        match self {
            NameChange::Add(name, node) => {
                names.insert(name.clone(), *node);
            }
            NameChange::Remove(name) => {
                names.remove(name);
            }
            NameChange::Rename(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The device says no.
    Broken,
    /// No room.
    Full,
    /// Half of what was to be written is, then there is no room.
    Short,
}

#[derive(Debug)]
struct State {
    nodes: Vec<Node>,
    calls: u64,
    changes: u64,
    cut_at: Option<u64>,
    fault: Option<(u64, Fault)>,
    short_write: bool,
    /// The pen's write after a short one finds no room.
    then_full: bool,
    room: u64,
}

/// The disk; clones are the same one.
#[derive(Clone, Debug)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct OpenFile {
    disk: SimulatedDisk,
    node: usize,
}

fn broken() -> io::Error {
    io::Error::from_raw_os_error(5)
}

impl SimulatedDisk {
    /// An empty disk on which `root`, a real folder, exists too.
    pub fn new(root: &Path) -> SimulatedDisk {
        let disk = SimulatedDisk(Arc::new(Mutex::new(State {
            nodes: vec![folder(Names::new())],
            calls: 0,
            changes: 0,
            cut_at: None,
            fault: None,
            short_write: false,
            then_full: false,
            room: 1 << 40,
        })));
        let mut path = std::path::PathBuf::from("/");
        for part in names(root) {
            path.push(part);
            disk.make_dir(&path).unwrap();
            disk.sync_dir(path.parent().unwrap()).unwrap();
        }
        disk
    }

    /// Cuts the power when `more` changes and syncs have been made from now on.
    pub fn cut_after(&self, more: u64) {
        let mut state = self.lock();
        state.cut_at = Some(state.changes + more);
    }

    /// Leaves the power on after all.
    pub fn cut_no_more(&self) {
        self.lock().cut_at = None;
    }

    /// Fails one call, `more` calls from now.
    pub fn fail_after(&self, more: u64, fault: Fault) {
        let mut state = self.lock();
        state.fault = Some((state.calls + more, fault));
    }

    /// Has the pen's next write find room for half of it only; the keeper may write beside it.
    pub fn shorten_next_write(&self) {
        self.lock().short_write = true;
    }

    /// Whether the power is off.
    pub fn is_cut(&self) -> bool {
        let state = self.lock();
        state.cut_at.is_some_and(|at| state.changes >= at)
    }

    /// Changes and syncs made so far.
    pub fn changes(&self) -> u64 {
        self.lock().changes
    }

    /// The disk as it is found when the power comes back: one of the many that are possible.
    pub fn after_cut(&self, chance: &mut Chance) -> SimulatedDisk {
        let state = self.lock();
        let nodes = state.nodes.iter().map(|node| after_cut(node, chance)).collect();
        SimulatedDisk::with(nodes)
    }

    /// The disk as the next process finds it after this one was killed: nothing is lost.
    pub fn after_kill(&self) -> SimulatedDisk {
        SimulatedDisk::with(self.lock().nodes.clone())
    }

    fn with(nodes: Vec<Node>) -> SimulatedDisk {
        SimulatedDisk(Arc::new(Mutex::new(State {
            nodes,
            calls: 0,
            changes: 0,
            cut_at: None,
            fault: None,
            short_write: false,
            then_full: false,
            room: 1 << 40,
        })))
    }

    /// Whether the call that was to fail has failed.
    pub fn has_failed(&self) -> bool {
        let state = self.lock();
        state.fault.is_some_and(|(at, _)| state.calls >= at)
    }

    /// What lies in the folder `path`.
    pub fn names(&self, path: &Path) -> Vec<String> {
        let state = self.lock();
        match &state.nodes[state.find(path).unwrap()] {
            Node::Folder { now, .. } => now.keys().cloned().collect(),
            Node::File { .. } => panic!("{} is a file", path.display()),
        }
    }

    /// What the file `path` holds.
    pub fn content(&self, path: &Path) -> Vec<u8> {
        let state = self.lock();
        match &state.nodes[state.find(path).unwrap()] {
            Node::File { now, .. } => now.clone(),
            Node::Folder { .. } => panic!("{} is a folder", path.display()),
        }
    }

    /// Whether something is called `path`.
    pub fn exists(&self, path: &Path) -> bool {
        self.lock().find(path).is_ok()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn read<T>(&self, work: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.lock();
        state.pass()?;
        work(&mut state)
    }

    fn change<T>(&self, work: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.lock();
        state.pass()?;
        state.changes += 1;
        work(&mut state)
    }
}

impl State {
    /// Lets a call through, or not.
    fn pass(&mut self) -> io::Result<()> {
        if self.cut_at.is_some_and(|at| self.changes >= at) {
            return Err(broken());
        }
        self.calls += 1;
        match self.fault {
            Some((at, Fault::Broken)) if self.calls == at => Err(broken()),
            Some((at, Fault::Full)) if self.calls == at => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        names(path).iter().try_fold(ROOT, |at, name| match &self.nodes[at] {
            Node::Folder { now, .. } => now.get(name).copied().ok_or(io::ErrorKind::NotFound.into()),
            Node::File { .. } => Err(io::ErrorKind::NotADirectory.into()),
        })
    }

    fn rename_in(
        &mut self,
        path: &Path,
        make: impl FnOnce(&Names, String) -> io::Result<NameChange>,
    ) -> io::Result<()> {
        let parent = self.find(path.parent().unwrap())?;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Node::Folder { now, since, .. } = &mut self.nodes[parent] else {
            return Err(io::ErrorKind::NotADirectory.into());
        };
        let change = make(now, name)?;
        change.make(now);
        since.push(change);
        Ok(())
    }

    fn file(&mut self, node: usize) -> (&mut Vec<u8>, &mut Vec<u8>, &mut Vec<Vec<u8>>) {
        match &mut self.nodes[node] {
            Node::File { now, synced, since } => (now, synced, since),
            Node::Folder { .. } => panic!("a folder is not opened as a file"),
        }
    }
}

fn folder(names: Names) -> Node {
    Node::Folder {
        now: names.clone(),
        synced: names,
        since: Vec::new(),
    }
}

/// Whether the store's writer thread calls.
fn by_the_pen() -> bool {
    std::thread::current().name().is_some_and(|name| name.contains("pen"))
}

fn names(path: &Path) -> Vec<String> {
    path.components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect()
}

fn after_cut(node: &Node, chance: &mut Chance) -> Node {
    match node {
        Node::Folder { synced, since, .. } => {
            let mut names = synced.clone();
            let all = chance.one_in(3);
            for change in since {
                if all || chance.one_in(2) {
                    change.make(&mut names);
                }
            }
            folder(names)
        }
        Node::File { synced, since, .. } => {
            let bytes = tear(synced, since, chance);
            Node::File {
                now: bytes.clone(),
                synced: bytes,
                since: Vec::new(),
            }
        }
    }
}

/// One of the contents that a file with these versions can have after a power cut.
fn tear(synced: &[u8], since: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let version = |at: usize| if at == 0 { synced } else { &since[at - 1] };
    match chance.below(4) {
        0 => return synced.to_vec(),
        1 => return version(since.len()).to_vec(),
        2 => return version(chance.at_most(since.len())).to_vec(),
        _ => {}
    }
    let length = version(chance.at_most(since.len())).len();
    let mut bytes = vec![0; length];
    for start in (0..length).step_by(SECTOR) {
        let end = length.min(start + SECTOR);
        let content = version(chance.at_most(since.len()));
        let have = content.len().clamp(start, end);
        bytes[start..have].copy_from_slice(&content[start.min(content.len())..have.min(content.len())]);
    }
    bytes
}

impl Disk for SimulatedDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let node = self.change(|state| {
            if let Ok(node) = state.find(path) {
                let (now, _, since) = state.file(node);
                now.clear();
                since.push(Vec::new());
                return Ok(node);
            }
            let node = state.nodes.len();
            state.rename_in(path, |_, name| Ok(NameChange::Add(name, node)))?;
            state.nodes.push(Node::File {
                now: Vec::new(),
                synced: Vec::new(),
                since: Vec::new(),
            });
            Ok(node)
        })?;
        Ok(Arc::new(OpenFile {
            disk: self.clone(),
            node,
        }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let node = self.read(|state| state.find(path))?;
        Ok(Arc::new(OpenFile {
            disk: self.clone(),
            node,
        }))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Found>> {
        self.read(|state| {
            let node = state.find(dir)?;
            let Node::Folder { now, .. } = &state.nodes[node] else {
                return Err(io::ErrorKind::NotADirectory.into());
            };
            Ok(now
                .iter()
                .map(|(name, node)| match &state.nodes[*node] {
                    Node::Folder { .. } => Found {
                        name: name.clone(),
                        bytes: 0,
                        folder: true,
                    },
                    Node::File { now, .. } => Found {
                        name: name.clone(),
                        bytes: now.len() as u64,
                        folder: false,
                    },
                })
                .collect())
        })
    }

    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        self.change(|state| {
            if state.find(dir).is_ok() {
                return Ok(());
            }
            let node = state.nodes.len();
            state.rename_in(dir, |_, name| Ok(NameChange::Add(name, node)))?;
            state.nodes.push(folder(Names::new()));
            Ok(())
        })
    }

    fn show(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.change(|state| {
            let node = state.find(dir)?;
            match &mut state.nodes[node] {
                Node::Folder { now, synced, since } => {
                    synced.clone_from(now);
                    since.clear();
                    Ok(())
                }
                Node::File { .. } => Err(io::ErrorKind::NotADirectory.into()),
            }
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        assert_eq!(from.parent(), to.parent(), "the book renames within one folder");
        let to = to.file_name().unwrap().to_string_lossy().into_owned();
        self.change(|state| {
            state.rename_in(from, |names, name| {
                let node = *names.get(&name).ok_or(io::ErrorKind::NotFound)?;
                Ok(NameChange::Rename(name, to, node))
            })
        })
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|state| {
            let node = state.find(from)?;
            state.rename_in(to, |_, name| Ok(NameChange::Add(name, node)))
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|state| {
            state.rename_in(path, |names, name| {
                names.get(&name).ok_or(io::ErrorKind::NotFound)?;
                Ok(NameChange::Remove(name))
            })
        })
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.remove(dir)
    }

    fn room(&self, _: &Path) -> io::Result<u64> {
        self.read(|state| Ok(state.room))
    }
}

impl DiskFile for OpenFile {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.read(|state| {
            let (now, _, _) = state.file(self.node);
            let rest = now.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
            let count = rest.len().min(into.len());
            into[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        })
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.disk.change(|state| {
            let asked = by_the_pen() && std::mem::take(&mut state.short_write);
            if by_the_pen() && !asked && std::mem::take(&mut state.then_full) {
                return Err(io::Error::from_raw_os_error(28));
            }
            state.then_full |= asked;
            let short = asked || state.fault == Some((state.calls, Fault::Short));
            let bytes = if short { &bytes[..bytes.len() / 2] } else { bytes };
            if short && !asked {
                state.fault = Some((state.calls + 1, Fault::Full));
            }
            let offset = usize::try_from(offset).unwrap();
            let (now, _, since) = state.file(self.node);
            let end = offset + bytes.len();
            if now.len() < end {
                now.resize(end, 0);
            }
            now[offset..end].copy_from_slice(bytes);
            since.push(now.clone());
            Ok(bytes.len())
        })
    }

    fn len(&self) -> io::Result<u64> {
        self.disk.read(|state| Ok(state.file(self.node).0.len() as u64))
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.disk.change(|state| {
            let (now, _, since) = state.file(self.node);
            now.resize(usize::try_from(bytes).unwrap(), 0);
            since.push(now.clone());
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.change(|state| {
            let (now, synced, since) = state.file(self.node);
            synced.clone_from(now);
            since.clear();
            Ok(())
        })
    }
}
