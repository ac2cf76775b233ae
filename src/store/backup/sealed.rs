//! A backup that leaves the building goes sealed as a whole, by `age` (<https://age-encryption.org/v1>).

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::iter;
use std::path::Path;

use age::secrecy::{ExposeSecret, SecretString};
use aws_lc_rs::digest::{Context, SHA256};

use super::encryption::SealError;

/// How a sealed file begins.
const HEAD: &[u8] = b"age-encryption.org/v1";

/// What became of a file that was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedFile {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

/// Counts and hashes what goes through it.
struct Hashed<W> {
    to: W,
    hash: Context,
    bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.to.write(buffer)?;
        self.hash.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// Seals the file `from` to the holder of the identity that belongs to `recipient`.
///
/// # Errors
///
/// When the text is no recipient, or a file cannot be read or written.
pub fn seal_file(from: &Path, to: &mut File, recipient: &str) -> Result<SealedFile, SealError> {
    let recipient: age::x25519::Recipient = recipient.trim().parse().map_err(|_| SealError::Recipient)?;
    let mut hashed = Hashed {
        to: BufWriter::new(to),
        hash: Context::new(&SHA256),
        bytes: 0,
    };
    let recipient: &dyn age::Recipient = &recipient;
    let mut writer = age::Encryptor::with_recipients(iter::once(recipient))?.wrap_output(&mut hashed)?;
    std::io::copy(&mut BufReader::new(File::open(from)?), &mut writer)?;
    writer.finish()?;
    hashed.flush()?;
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(hashed.hash.finish().as_ref());
    Ok(SealedFile {
        bytes: hashed.bytes,
        sha256,
    })
}

/// Whether the open file is sealed as a whole; it is at its beginning again.
///
/// # Errors
///
/// When it cannot be read.
pub fn is_sealed_file(file: &mut File) -> std::io::Result<bool> {
    let mut head = Vec::with_capacity(HEAD.len());
    file.take(HEAD.len() as u64).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(head == HEAD)
}

/// Opens a file that [`seal_file`] made.
///
/// # Errors
///
/// When the identity does not open it, or a file cannot be read or written.
pub fn open_file(from: &File, to: &mut File, identity: &SecretString) -> Result<(), SealError> {
    let identity: age::x25519::Identity = identity
        .expose_secret()
        .trim()
        .parse()
        .map_err(|_| SealError::Identity)?;
    let identity: &dyn age::Identity = &identity;
    let mut opened = age::Decryptor::new_buffered(BufReader::new(from))?.decrypt(iter::once(identity))?;
    let mut to = BufWriter::new(to);
    std::io::copy(&mut opened, &mut to)?;
    to.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::key::BackupKey;
    use super::*;

    #[test]
    fn what_was_sealed_is_opened_by_its_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("plain");
        let content: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
        std::fs::write(&plain, &content).unwrap();
        let (key, other) = (BackupKey::generate(), BackupKey::generate());
        let path = folder.path().join("sealed");
        let sealed = seal_file(&plain, &mut File::create(&path).unwrap(), &key.recipient).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(sealed.bytes, bytes.len() as u64);
        assert_eq!(
            sealed.sha256.as_slice(),
            aws_lc_rs::digest::digest(&SHA256, &bytes).as_ref()
        );
        let mut file = File::open(&path).unwrap();
        assert!(is_sealed_file(&mut file).unwrap());
        assert!(!is_sealed_file(&mut File::open(&plain).unwrap()).unwrap());
        let opened = folder.path().join("opened");
        let open = |key: &BackupKey| {
            let identity = SecretString::from(key.identity().to_owned());
            open_file(
                &File::open(&path).unwrap(),
                &mut File::create(&opened).unwrap(),
                &identity,
            )
        };
        assert!(open(&other).is_err());
        open(&key).unwrap();
        assert_eq!(std::fs::read(&opened).unwrap(), content);
    }
}
