//! How a station asks to be paired: it shows a code, an administrator types that code in the office, and the station,
//! which has been asking every few seconds, goes on as if it had been given a pairing token. What it gets at the first
//! call is two secrets: the code, short and read aloud, good for ten minutes and only in the office; and a long one that
//! nobody sees, which becomes the pairing token when the request is approved.
//!
//! The station signs each step with its own key, so that neither of the two secrets is of use to another machine. This
//! module holds the forms, the code's alphabet and the texts that are signed; it draws, signs and checks nothing itself.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use utoipa::ToSchema;
use uuid::Uuid;

/// The signs of a code: digits and capitals that look like no other one and, as far as six languages allow, sound like no
/// other one either; no vowels, so that no code is a word.
pub const CODE_ALPHABET: &[u8; 17] = b"234679CFHJKMRTWXY";

/// How many signs a code has: 17^8 are about 2^32.7 codes.
pub const CODE_LENGTH: usize = 8;

/// A code as it is shown: in two halves.
pub fn shown_code(code: &str) -> String {
    match code.split_at_checked(CODE_LENGTH / 2) {
        Some((first, second)) => format!("{first}-{second}"),
        None => code.to_owned(),
    }
}

/// A code as somebody typed it, without its hyphen, spaces and small letters; nothing when it cannot be one.
pub fn typed_code(text: &str) -> Option<String> {
    let code: String =
        text.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_uppercase).take(CODE_LENGTH + 1).collect();
    let is_one = code.len() == CODE_LENGTH && code.bytes().all(|sign| CODE_ALPHABET.contains(&sign));
    is_one.then_some(code)
}

/// A public key in words that two people can compare: the first eight bytes of its SHA-256, in four groups.
pub fn fingerprint(public_key: &[u8]) -> String {
    let digest = Sha256::digest(public_key);
    let mut text = String::new();
    for (place, byte) in digest.iter().take(8).enumerate() {
        if place > 0 && place % 2 == 0 {
            text.push('-');
        }
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}

/// Bytes as hexadecimal digits, the form of keys and signatures here.
pub fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The bytes of hexadecimal digits; nothing when they are none.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// A key and what it signed: whoever says this holds the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyProof {
    /// The Ed25519 public key, 64 hexadecimal digits.
    pub public_key: String,
    /// Its signature of the text that belongs to the call, 128 hexadecimal digits.
    pub signature: String,
}

/// What is signed when a station asks.
pub fn ask_text(name: &str, mode: &str, version: &str) -> String {
    format!("smartqueue ask\n{mode}\n{version}\n{name}")
}

/// What is signed when a station polls.
pub fn poll_text(secret: &str) -> String {
    format!("smartqueue poll\n{secret}")
}

/// What is signed when a station pairs with a token that belongs to its key.
pub fn pair_text(pairing_token: &str, epoch: Uuid) -> String {
    format!("smartqueue pair\n{epoch}\n{pairing_token}")
}

/// `POST /api/v1/stations/pairing-requests/`: a station that belongs to nobody yet asks to be paired. A request of the
/// same key ends the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskRequest {
    /// The name that it proposes; the administrator may choose another.
    pub name: String,
    /// `kiosk`, `board` or `all`, as the installer chose.
    pub mode: String,
    /// The program's version.
    pub version: String,
    /// Proves the key, over [`ask_text`].
    pub key: KeyProof,
}

/// The answer to [`AskRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskReply {
    /// To be shown, see [`shown_code`].
    pub code: String,
    /// To poll with, never shown; the pairing token once the request is approved.
    pub secret: String,
    /// Seconds until the code ends.
    pub expires_in: u64,
    /// Seconds from one poll to the next.
    pub poll_interval: u64,
}

/// `POST /api/v1/stations/pairing-requests/poll/`: what became of the request?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PollRequest {
    /// The secret of [`AskReply`].
    pub secret: String,
    /// Over [`poll_text`] by the key that asked, 128 hexadecimal digits.
    pub signature: String,
}

/// The answer to [`PollRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PollReply {
    /// Nobody has answered yet.
    Pending {
        /// Seconds until the code ends.
        expires_in: u64,
        /// Seconds until the next poll.
        poll_interval: u64,
    },
    /// The station is to pair now, with the secret as its pairing token and in this mode.
    Approved {
        /// The site that it belongs to.
        site_name: String,
        /// The names of the queues that it will serve.
        queues: Vec<String>,
        /// `kiosk`, `board` or `all`.
        mode: String,
        /// Its name in the office.
        name: String,
    },
    /// An administrator said no.
    Refused,
    /// The time is over, another request of the same key took its place, or the server never knew it.
    Expired,
}

/// `POST .../stations/pairing-requests/look/` and `.../refuse/`: the request that shows this code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeRequest {
    /// As it was typed.
    pub code: String,
}

/// A request as the office sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestShown {
    /// The name that the station proposes.
    pub name: String,
    /// `kiosk`, `board` or `all`, as it proposes.
    pub mode: String,
    /// Its program's version.
    pub version: String,
    /// Of its key, see [`fingerprint`]; the station shows the same one beside the code.
    pub fingerprint: String,
    /// The address from which it asked.
    pub address: String,
    /// RFC 3339.
    pub asked_at: String,
    /// Seconds since then.
    pub age_seconds: u64,
    /// Seconds until the code ends.
    pub expires_in: u64,
}

/// `POST .../stations/pairing-requests/approve/`: the station that shows this code is to be one of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApproveRequest {
    /// As it was typed.
    pub code: String,
    /// The site's id.
    pub site: i64,
    /// The queues that it serves or shows; none: every queue of the site.
    #[serde(default)]
    pub queues: Vec<i64>,
    /// `kiosk`, `board` or `all`.
    pub mode: String,
    /// The name in the office; nothing: the one that the station proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The answer to [`ApproveRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApproveReply {
    /// The name under which the station will appear.
    pub name: String,
    /// `kiosk`, `board` or `all`.
    pub mode: String,
    /// RFC 3339: until then the station must have paired.
    pub expires_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_code_is_typed_in_many_ways_and_only_with_signs_that_a_code_has() {
        for text in ["7K3M-9RTW", "7k3m9rtw", " 7K3M 9RTW ", "7K3M – 9rtw", "7-K-3-M-9-R-T-W"] {
            assert_eq!(typed_code(text).as_deref(), Some("7K3M9RTW"), "{text}");
        }
        for text in ["", "7K3M-9RT", "7K3M-9RTWW", "7K3M-9RTO", "7K3M-9RT1", "٧K3M-9RTW", "ſſſſſſſſ"] {
            assert_eq!(typed_code(text), None, "{text}");
        }
        assert_eq!(shown_code("7K3M9RTW"), "7K3M-9RTW");
        assert_eq!(typed_code(&shown_code("7K3M9RTW")).as_deref(), Some("7K3M9RTW"));
    }

    #[test]
    fn no_sign_of_the_alphabet_looks_like_another_and_none_is_there_twice() {
        for lookalikes in ["0OQD", "1ILl", "2Z", "5S", "8B", "UV", "AE"] {
            let known = lookalikes.bytes().filter(|sign| CODE_ALPHABET.contains(sign)).count();
            assert!(known <= 1, "{lookalikes}");
        }
        let mut signs = CODE_ALPHABET.to_vec();
        signs.sort_unstable();
        signs.dedup();
        assert_eq!(signs.len(), CODE_ALPHABET.len());
    }

    #[test]
    fn a_fingerprint_is_the_beginning_of_the_keys_sha_256() {
        // SHA-256 of nothing begins with e3b0c44298fc1c14.
        assert_eq!(fingerprint(b""), "E3B0-C442-98FC-1C14");
        assert_ne!(fingerprint(&[1; 32]), fingerprint(&[2; 32]));
    }

    #[test]
    fn bytes_go_to_digits_and_back() {
        assert_eq!(from_hex(&to_hex(&[0, 1, 0xfe, 0xff])), Some(vec![0, 1, 0xfe, 0xff]));
        for text in ["0", "0g", "éa", "+1"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_signed_for_one_call_is_never_what_is_signed_for_another() {
        let epoch = Uuid::from_u128(7);
        assert_eq!(ask_text("Borne", "kiosk", "0.1.0"), "smartqueue ask\nkiosk\n0.1.0\nBorne");
        assert_eq!(poll_text("s"), "smartqueue poll\ns");
        assert_eq!(pair_text("s", epoch), "smartqueue pair\n00000000-0000-0000-0000-000000000007\ns");
    }

    #[test]
    fn the_forms_on_the_wire_are_these() {
        let states = [
            (
                PollReply::Pending { expires_in: 590, poll_interval: 4 },
                json!({"state": "pending", "expires_in": 590, "poll_interval": 4}),
            ),
            (
                PollReply::Approved {
                    site_name: "Agence".to_owned(),
                    queues: vec!["Accueil".to_owned()],
                    mode: "kiosk".to_owned(),
                    name: "Borne 1".to_owned(),
                },
                json!({"state": "approved", "site_name": "Agence", "queues": ["Accueil"], "mode": "kiosk", "name": "Borne 1"}),
            ),
            (PollReply::Refused, json!({"state": "refused"})),
            (PollReply::Expired, json!({"state": "expired"})),
        ];
        for (reply, wire) in states {
            assert_eq!(serde_json::to_value(&reply).unwrap(), wire);
            assert_eq!(serde_json::from_value::<PollReply>(wire).unwrap(), reply);
        }
        let approval: ApproveRequest =
            serde_json::from_value(json!({"code": "7K3M-9RTW", "site": 1, "mode": "board"})).unwrap();
        assert_eq!((approval.queues, approval.name), (Vec::new(), None));
    }
}
