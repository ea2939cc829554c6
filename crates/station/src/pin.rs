//! The staff PIN: kept as an argon2id hash, compared only here. Nothing here logs or keeps the digits.

use anyhow::{Result, anyhow};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// The hash of a PIN for `pin_hash`.
///
/// # Errors
/// When the PIN is not 4 to 12 digits.
pub fn hash(pin: &str) -> Result<String> {
    if !(4..=12).contains(&pin.len()) || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(anyhow!("a PIN is 4 to 12 digits"));
    }
    let hash =
        Argon2::default().hash_password(pin.as_bytes()).map_err(|error| anyhow!("the PIN has no hash: {error}"))?;
    Ok(hash.to_string())
}

/// Whether a PIN belongs to a hash. A hash that does not read belongs to none.
pub(crate) fn matches(pin: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(pin.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_matches_its_own_hash_only() {
        let hash = hash("2468").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(matches("2468", &hash));
        assert!(!matches("2469", &hash));
        assert!(!matches("2468", "nonsense"));
    }

    #[test]
    fn what_is_no_pin_is_refused() {
        for pin in ["", "123", "1234567890123", "12a4", "١٢٣٤"] {
            assert!(hash(pin).is_err(), "{pin}");
        }
    }
}
