//! Encryption to the database.

use std::net::IpAddr;
use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};

/// Whether to encrypt. Unless the administrator says, connections that stay on the machine are not encrypted and
/// all others are, with the server's certificate checked: libpq's "prefer" would also take a forged one.
pub fn mode(target: &tokio_postgres::Config) -> SslMode {
    let stays_here = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
    };
    match target.get_ssl_mode() {
        SslMode::Prefer if target.get_hosts().iter().all(stays_here) => SslMode::Disable,
        SslMode::Prefer => SslMode::Require,
        chosen => chosen,
    }
}

/// Trust in the system's certificates and in those of `ca_file`.
///
/// # Errors
/// A message when the file cannot be read.
pub fn client(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in ca_file.map(certificates).transpose()?.into_iter().flatten() {
        roots
            .add(certificate)
            .map_err(|error| format!("TLS: {error}"))?;
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    Ok(ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// The certificates in a file (PEM), each of which can be trusted.
///
/// # Errors
/// A message when the file cannot be read or holds none.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let listed = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(&error))?;
    if listed.is_empty() {
        return Err(unreadable(&"no certificate in this file"));
    }
    let mut roots = RootCertStore::empty();
    for certificate in &listed {
        let added = roots.add(certificate.clone());
        added.map_err(|error| unreadable(&error))?;
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_connections_within_the_machine_go_unencrypted_unasked() {
        let of = |url: &str| mode(&url.parse().expect("a URL"));
        assert_eq!(of("host=/run/postgresql"), SslMode::Disable);
        assert_eq!(of("host=127.0.0.1"), SslMode::Disable);
        assert_eq!(of("host=localhost sslmode=require"), SslMode::Require);
        assert_eq!(of("host=db.example.org"), SslMode::Require);
        assert_eq!(of("host=/run,db.example.org"), SslMode::Require);
        assert_eq!(of("host=db.example.org sslmode=disable"), SslMode::Disable);
    }
}
