//! The server's one secret and the random values drawn here. The secret lives in the data folder, readable by its owner
//! only, or in the PostgreSQL database whose servers share it; it goes nowhere else.

use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use smartqueue_protocol::pairing::{CODE_ALPHABET, CODE_LENGTH, KeyProof, from_hex, to_hex};
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
        to_hex(&self.key_for(purpose))
    }
}

/// A fresh token of 256 random bits, 64 hexadecimal digits.
///
/// # Errors
/// The system gives no randomness.
pub fn fresh_token() -> io::Result<String> {
    let mut bytes = [0; 32];
    fill(&mut bytes)?;
    Ok(to_hex(&bytes))
}

/// A fresh code for a request to be paired, in the letters of its alphabet.
///
/// # Errors
/// The system gives no randomness.
pub fn fresh_code() -> io::Result<String> {
    // A byte beyond the last whole round of the alphabet would make some signs likelier than others.
    let bound = u8::MAX - u8::MAX % CODE_ALPHABET.len() as u8;
    let mut code = String::with_capacity(CODE_LENGTH);
    while code.len() < CODE_LENGTH {
        let mut bytes = [0; 16];
        fill(&mut bytes)?;
        let fair = bytes.into_iter().filter(|byte| *byte < bound);
        let signs = fair.map(|byte| char::from(CODE_ALPHABET[usize::from(byte) % CODE_ALPHABET.len()]));
        code.extend(signs.take(CODE_LENGTH - code.len()));
    }
    Ok(code)
}

/// Whether the holder of an Ed25519 key signed a text.
pub fn is_signed(public_key: &[u8], text: &str, signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key).verify(text.as_bytes(), signature).is_ok()
}

/// The public key of whoever proves to hold it over a text; nothing when the proof does not hold.
pub fn proved_key(proof: &KeyProof, text: &str) -> Option<Vec<u8>> {
    let (public_key, signature) = (from_hex(&proof.public_key)?, from_hex(&proof.signature)?);
    is_signed(&public_key, text, &signature).then_some(public_key)
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

#[cfg(test)]
mod tests {
    use super::*;
    use smartqueue_protocol::pairing::typed_code;
    use std::collections::BTreeSet;
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
    fn codes_are_of_their_alphabet_and_differ() {
        let codes: Vec<String> = (0..200).map(|_| fresh_code().unwrap()).collect();
        for code in &codes {
            assert_eq!(typed_code(code).as_ref(), Some(code));
        }
        let signs: BTreeSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(signs.len(), CODE_ALPHABET.len(), "every sign of the alphabet is used");
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }

    #[test]
    fn a_proof_holds_for_its_key_and_text_only() {
        // The second test vector of RFC 8032, 7.1, over the one byte 0x72, which is "r".
        let proof = KeyProof {
            public_key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c".to_owned(),
            signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
                .to_owned(),
        };
        assert_eq!(proved_key(&proof, "r").map(|key| key.len()), Some(32));
        assert_eq!(proved_key(&proof, "s"), None);
        for public_key in ["", "3d", "00", "no hex"] {
            assert_eq!(proved_key(&KeyProof { public_key: public_key.to_owned(), ..proof.clone() }, "r"), None);
        }
        assert_eq!(proved_key(&KeyProof { signature: String::new(), ..proof }, "r"), None);
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
