//! Whom a session with PostgreSQL believes: anyone, one authority, or one authority about one name. The words are those of
//! PostgreSQL's own programs and mean the same. This module never opens a session.

use super::AddressError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// The word that stands for the roots of the system in the place of a file.
const SYSTEM: &str = "system";

/// Who may answer.
#[derive(Debug)]
pub(super) enum Trust {
    /// Whoever does: the session is hidden from who only listens.
    Anyone,
    /// Whoever shows a certificate of these roots, for whatever name.
    Authority(RootCertStore),
    /// Whoever shows a certificate of these roots for the name in the address.
    Name(RootCertStore),
}

/// What `sslmode` and `sslrootcert` mean together.
pub(super) fn read(mode: Option<&str>, root: Option<&str>) -> Result<(SslMode, Trust), AddressError> {
    match (mode.unwrap_or("prefer"), root) {
        ("disable", None) => Ok((SslMode::Disable, Trust::Anyone)),
        ("prefer", None) => Ok((SslMode::Prefer, Trust::Anyone)),
        ("disable" | "prefer", Some(_)) => Err(AddressError::UnusedRoot),
        ("require", None) => Ok((SslMode::Require, Trust::Anyone)),
        ("require", Some(SYSTEM)) | ("verify-ca", None | Some(SYSTEM)) => Err(AddressError::WeakRoot),
        ("require" | "verify-ca", Some(file)) => Ok((SslMode::Require, Trust::Authority(of_file(Path::new(file))?))),
        ("verify-full", None | Some(SYSTEM)) => Ok((SslMode::Require, Trust::Name(of_system()?))),
        ("verify-full", Some(file)) => Ok((SslMode::Require, Trust::Name(of_file(Path::new(file))?))),
        (_, _) => Err(AddressError::Mode),
    }
}

fn of_file(file: &Path) -> Result<RootCertStore, AddressError> {
    let wrong = |detail: String| AddressError::Roots { place: file.display().to_string(), detail };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))? {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() { Err(wrong("there is no certificate".to_owned())) } else { Ok(roots) }
}

fn of_system() -> Result<RootCertStore, AddressError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Systems keep some that nobody reads any more; the others do.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        let detail = format!("there are no root certificates{why}; name a file with sslrootcert");
        return Err(AddressError::Roots { place: "the system".to_owned(), detail });
    }
    Ok(roots)
}

/// What makes a session over TLS.
pub(super) fn connector(trust: Trust) -> Result<MakeRustlsConnect, AddressError> {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = with_provider(provider)?;
    let config = match trust {
        Trust::Name(roots) => builder.with_root_certificates(roots).with_no_client_auth(),
        Trust::Authority(roots) => {
            let judge = Judge { roots: Some(roots), algorithms };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(judge)).with_no_client_auth()
        }
        Trust::Anyone => {
            let judge = Judge { roots: None, algorithms };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(judge)).with_no_client_auth()
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;

fn with_provider(provider: Arc<CryptoProvider>) -> Result<Builder, AddressError> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| AddressError::Roots { place: "TLS".to_owned(), detail: error.to_string() })
}

/// Looks at less than a browser would: at the roots and at no name, or at nothing but that the other side holds the key of
/// what it shows.
#[derive(Debug)]
struct Judge {
    roots: Option<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, self.algorithms.all)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
