//! Access tokens: JWT, HS256, at most one hour. This module never stores one.

use super::Scope;
use super::keys::Secret;
use crate::trouble::Trouble;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// The longest life of an access token in seconds.
pub const LONGEST_LIFE_SECONDS: u64 = 3_600;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The user; 0 for a station.
    pub user_id: i64,
    /// The tenant.
    pub tenant_id: i64,
    /// What the bearer may do.
    pub scopes: Vec<String>,
    /// Seconds since 1970 at which the token ends.
    pub exp: u64,
    /// Seconds since 1970 at which the token was made.
    pub iat: u64,
    /// The station, for a station's own token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub station: Option<i64>,
}

impl Claims {
    /// Claims from now on for [`LONGEST_LIFE_SECONDS`].
    pub fn new(user_id: i64, tenant_id: i64, scopes: Vec<String>, now_ms: i64) -> Claims {
        let iat = u64::try_from(now_ms / 1_000).unwrap_or(0);
        Claims { user_id, tenant_id, scopes, exp: iat + LONGEST_LIFE_SECONDS, iat, station: None }
    }

    /// Whether the bearer may do something.
    ///
    /// # Errors
    /// [`Trouble::Forbidden`] names what is missing.
    pub fn need(&self, scope: Scope) -> Result<(), Trouble> {
        if self.scopes.iter().any(|word| word == scope.word()) {
            return Ok(());
        }
        let detail = match scope {
            Scope::ReadQueue => "the scope read:queue is needed",
            Scope::WriteQueue => "the scope write:queue is needed",
            Scope::AdminTenant => "the scope admin:tenant is needed",
            Scope::ManageDevices => "the scope manage:devices is needed",
            Scope::Station => "only a station may do this",
            Scope::AdminAll => "the scope admin:all is needed",
        };
        Err(Trouble::Forbidden { code: "scope_missing", detail })
    }
}

/// Makes and checks tokens.
pub struct Mint {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Mint {
    /// A mint with the server's secret.
    pub fn new(secret: &Secret) -> Mint {
        let key = secret.key_for("access tokens");
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        Mint { encoding: EncodingKey::from_secret(&key), decoding: DecodingKey::from_secret(&key), validation }
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`Trouble::Internal`] if the claims cannot be signed.
    pub fn issue(&self, claims: &Claims) -> Result<String, Trouble> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.encoding)
            .map_err(|error| Trouble::Internal(format!("a token cannot be signed: {error}")))
    }

    /// Reads a token that this mint made and that has not expired.
    ///
    /// # Errors
    /// [`Trouble::Unauthorised`]; the answer never says which check failed beyond "expired".
    pub fn check(&self, token: &str) -> Result<Claims, Trouble> {
        let invalid = Trouble::Unauthorised { code: "token_invalid", detail: "the access token is not valid" };
        match jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation) {
            Ok(data) if data.claims.exp.saturating_sub(data.claims.iat) <= LONGEST_LIFE_SECONDS => Ok(data.claims),
            Ok(_) => Err(invalid),
            Err(error) if matches!(error.kind(), jsonwebtoken::errors::ErrorKind::ExpiredSignature) => {
                Err(Trouble::Unauthorised { code: "token_expired", detail: "the access token has expired" })
            }
            Err(_) => Err(invalid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn mint() -> Mint {
        let folder = tempfile::tempdir().unwrap();
        Mint::new(&Secret::of(folder.path()).unwrap())
    }

    fn claims() -> Claims {
        Claims::new(1, 2, vec!["read:queue".to_owned()], crate::clock::now_ms())
    }

    #[test]
    fn a_token_reads_back_and_its_scopes_hold() {
        let mint = mint();
        let read = mint.check(&mint.issue(&claims()).unwrap()).unwrap();
        assert_eq!(read, claims());
        assert!(read.need(Scope::ReadQueue).is_ok());
        assert!(read.need(Scope::WriteQueue).is_err());
    }

    #[test]
    fn what_this_mint_did_not_make_is_refused() {
        let mint = mint();
        let token = mint.issue(&claims()).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_string(&Claims { user_id: 9, ..claims() }).unwrap());
        let too_long = mint.issue(&Claims { exp: claims().iat + 3_601, ..claims() }).unwrap();
        let expired = mint.issue(&Claims { iat: 1, exp: 2, ..claims() }).unwrap();
        for (wrong, code) in [
            (String::new(), "token_invalid"),
            ("a.b.c".to_owned(), "token_invalid"),
            (format!("{none}.{}.", parts[1]), "token_invalid"),
            (format!("{none}.{}.{}", parts[1], parts[2]), "token_invalid"),
            (format!("{}.{payload}.{}", parts[0], parts[2]), "token_invalid"),
            (super::tests::mint().issue(&claims()).unwrap(), "token_invalid"),
            (too_long, "token_invalid"),
            (expired, "token_expired"),
        ] {
            assert_eq!(mint.check(&wrong).unwrap_err().code(), code, "{wrong}");
        }
    }
}
