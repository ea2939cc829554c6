//! Passwords: argon2id with the crate's default cost. Slow on purpose: call it where blocking is allowed.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};

/// Hashes a password with a fresh salt.
///
/// # Errors
/// The system gives no randomness.
pub fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

/// Whether a password belongs to a hash.
///
/// Without a hash (an unknown user) the same work is done on another one, so that the time of the answer does not tell
/// who is known here.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    /// The hash of a password that nobody has.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c21hcnRxdWV1ZS1ub2JvZHk$4oVxgRqrbFWVMLpLdGwM6Bl9GZkcXMgAHvLSNvAYgUY";
    let matches = |hash: &str| {
        PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    };
    match hash {
        Some(hash) => matches(hash),
        None => {
            matches(NOBODY);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn only_the_right_password_matches() {
        let stored = hash("guichet").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("guichet", Some(&stored)));
        assert!(!verify("Guichet", Some(&stored)));
        assert!(!verify("guichet", None));
        assert!(!verify("guichet", Some("not a hash")));
    }

    #[test]
    fn an_unknown_user_costs_as_much_as_a_known_one() {
        let stored = hash("guichet").unwrap();
        // The processor's time of this thread and not the clock's: on a busy machine the clock counts others' work too.
        let processor_ns = || -> u64 {
            let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
            text.split_whitespace().next().unwrap().parse().unwrap()
        };
        let cost = |hash: Option<&str>| {
            let start = processor_ns();
            verify("wrong", hash);
            processor_ns() - start
        };
        // The smallest of several runs leaves out what the machine did besides.
        let known = (0..5).map(|_| cost(Some(&stored))).min().unwrap();
        let unknown = (0..5).map(|_| cost(None)).min().unwrap();
        assert!(unknown * 2 > known && known * 2 > unknown, "{known:?} and {unknown:?}");
    }
}
