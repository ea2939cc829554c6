//! The server's one secret and the random values drawn here. The secret lives in the data folder, readable by its owner
//! only, or in the PostgreSQL database whose servers share it; it goes nowhere else.

use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The server's secret.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Reads the secret of a data folder, or draws it the first time.
    ///
    /// # Errors
    /// The file cannot be read or made, or does not hold 32 bytes.
    pub fn of(folder: &Path) -> io::Result<Secret> {
        let path = folder.join("secret.key");
        match fs::read(&path) {
            Ok(bytes) => Secret::checked(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Written beside its place and linked into it, so that nobody ever reads half a secret, and of two
                // programs that start together one wins and both use the same.
                let mut bytes = [0; 32];
                fill(&mut bytes)?;
                let beside = folder.join(format!("secret.{}.new", std::process::id()));
                let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
                file.write_all(&bytes)?;
                file.sync_all()?;
                let linked = fs::hard_link(&beside, &path);
                fs::remove_file(&beside)?;
                match linked {
                    Ok(()) => Ok(Secret(bytes)),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Secret::checked(&fs::read(&path)?),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// The secret that the servers of one database share.
    ///
    /// # Errors
    /// It does not have 32 bytes.
    pub fn shared(bytes: &[u8]) -> io::Result<Secret> {
        Secret::checked(bytes)
    }

    /// Bytes that may become a secret.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn draw() -> io::Result<[u8; 32]> {
        let mut bytes = [0; 32];
        fill(&mut bytes)?;
        Ok(bytes)
    }

    fn checked(bytes: &[u8]) -> io::Result<Secret> {
        let bytes = bytes
            .try_into()
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the secret does not have 32 bytes"))?;
        Ok(Secret(bytes))
    }

    /// A key for one purpose, so that no two purposes share one.
    pub fn key_for(&self, purpose: &str) -> [u8; 32] {
        Sha256::new().chain_update(b"smartqueue\0").chain_update(self.0).chain_update(purpose).finalize().into()
    }

    /// A text that is the same each time for one purpose, 64 hexadecimal digits.
    pub fn text_for(&self, purpose: &str) -> String {
        hex(&self.key_for(purpose))
    }
}

/// A fresh token of 256 random bits, 64 hexadecimal digits.
///
/// # Errors
/// The system gives no randomness.
pub fn fresh_token() -> io::Result<String> {
    let mut bytes = [0; 32];
    fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// What is stored of a token. A token has 256 random bits, so a plain hash cannot be turned back.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Whether two hashes are equal, in a time that does not tell where they differ.
pub fn same_hash(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).fold(0, |difference, (left, right)| difference | (left ^ right)) == 0
}

fn fill(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(|error| io::Error::other(error.to_string()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_secret_is_drawn_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = Secret::of(folder.path()).unwrap();
        assert_eq!(first.0, Secret::of(folder.path()).unwrap().0);
        let file = folder.path().join("secret.key");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_ne!(first.text_for("one"), first.text_for("other"));
        fs::write(&file, b"short").unwrap();
        assert!(Secret::of(folder.path()).is_err());
    }

    #[test]
    fn tokens_differ_and_hashes_compare() {
        let (one, other) = (fresh_token().unwrap(), fresh_token().unwrap());
        assert_eq!(one.len(), 64);
        assert_ne!(one, other);
        assert!(same_hash(&token_hash(&one), &token_hash(&one)));
        assert!(!same_hash(&token_hash(&one), &token_hash(&other)));
        assert!(!same_hash(&token_hash(&one), &[]));
    }
}
