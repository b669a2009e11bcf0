//! Normal forms of identifiers (CDI reference, section 1.8).

/// The name of the app, and within each app of the tenant, that exist without being created.
pub const PUBLIC: &str = "public";

/// Path segments that begin an operation, so that no tenant can bear them.
const TENANT_STOP_WORDS: [&str; 4] = ["recipe", "config", "users", "hello"];

/// Why a text is no identifier. The texts are those of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing but blanks; the field's name.
    #[error("{0} should not be an empty String")]
    Empty(&'static str),
    /// A tenant id that is the beginning of an operation's path; the word as it was given, trimmed.
    #[error("Cannot use '{0}' as a tenantId")]
    StopWord(String),
    /// An id that begins like the app segment of a path; the field's name.
    #[error("{0} must not start with 'appid-'")]
    AppIdPrefix(&'static str),
    /// An id with other characters; the field's name.
    #[error("{0} can only contain letters, numbers and hyphens")]
    Characters(&'static str),
    /// A text that is longer than what it names may be; the field's name, and how many bytes it may have.
    #[error("{0} must not be longer than {1} bytes")]
    TooLong(&'static str, usize),
    /// Neither a host name nor an address.
    #[error("connectionUriDomain is invalid")]
    ConnectionUriDomain,
}

/// How many bytes the id of an app or a tenant has at most: as in SuperTokens.
pub const MAX_ID: usize = 64;
/// How many bytes a host's name has at most (RFC 1035, section 2.3.4, without the length of the root).
pub const MAX_HOST: usize = 253;
/// How many bytes an address, a user's id or another text has at most that tables are searched by. Postgres indexes
/// rows of up to 2704 bytes, and a key may have two such texts and two ids.
pub const MAX_KEY: usize = 1000;

/// Refuses a text that is too long to be searched by.
///
/// # Errors
/// [`IdentifierError::TooLong`].
pub fn check_length(field: &'static str, text: &str, max: usize) -> Result<(), IdentifierError> {
    if text.len() > max {
        Err(IdentifierError::TooLong(field, max))
    } else {
        Ok(())
    }
}

/// An e-mail address as it is stored and compared: trimmed and in lower case.
///
/// Nothing else: no rule about dots or plus signs, and no check, since a text without `@` is an
/// address to SuperTokens. A door that knows stricter rules checks them on the result, so that no
/// rule can be passed in one spelling and the address used in another.
pub fn email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A phone number as it is stored and compared: in E.164 form, or trimmed where it cannot be read as a number.
pub fn phone(phone: &str) -> String {
    let phone = phone.trim();
    match phonenumber::parse(None, phone) {
        Ok(number) => number.format().mode(phonenumber::Mode::E164).to_string(),
        Err(_) => phone.to_owned(),
    }
}

/// The id of a tenant: trimmed, in lower case.
///
/// # Errors
/// [`IdentifierError`], for anything but letters, digits and hyphens, a word that begins an
/// operation's path, or the prefix `appid-`.
pub fn tenant_id(tenant_id: &str) -> Result<String, IdentifierError> {
    const FIELD: &str = "tenantId";
    let given = tenant_id.trim();
    let id = given.to_ascii_lowercase();
    if id.is_empty() {
        Err(IdentifierError::Empty(FIELD))
    } else if TENANT_STOP_WORDS.contains(&id.as_str()) {
        Err(IdentifierError::StopWord(given.to_owned()))
    } else {
        check_id(id, FIELD)
    }
}

/// The id of an app: trimmed, in lower case.
///
/// # Errors
/// [`IdentifierError`], for anything but letters, digits and hyphens, or the prefix `appid-`.
pub fn app_id(app_id: &str) -> Result<String, IdentifierError> {
    const FIELD: &str = "appId";
    let id = app_id.trim().to_ascii_lowercase();
    if id.is_empty() {
        Err(IdentifierError::Empty(FIELD))
    } else {
        check_id(id, FIELD)
    }
}

fn check_id(id: String, field: &'static str) -> Result<String, IdentifierError> {
    if id.starts_with("appid-") {
        Err(IdentifierError::AppIdPrefix(field))
    } else if !id.bytes().all(is_alphanumeric_or_hyphen) {
        Err(IdentifierError::Characters(field))
    } else {
        check_length(field, &id, MAX_ID)?;
        Ok(id)
    }
}

/// The host by which an app is addressed: trimmed, in lower case, without its port.
///
/// A host is labels of letters, digits and hyphens with dots between them, or an address; an IPv6
/// address stands in brackets when a port follows.
///
/// # Errors
/// [`IdentifierError::Empty`], [`IdentifierError::ConnectionUriDomain`].
pub fn connection_uri_domain(domain: &str) -> Result<String, IdentifierError> {
    let domain = domain.trim().to_ascii_lowercase();
    if domain.is_empty() {
        return Err(IdentifierError::Empty("connectionUriDomain"));
    }
    let host = host(&domain).ok_or(IdentifierError::ConnectionUriDomain)?;
    check_length("connectionUriDomain", host, MAX_HOST)?;
    Ok(host.to_owned())
}

/// The host of `host[:port]`, when both are well formed.
fn host(authority: &str) -> Option<&str> {
    if authority.parse::<std::net::Ipv6Addr>().is_ok() {
        return Some(authority);
    }
    if let Some(bracketed) = authority.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']')?;
        address.parse::<std::net::Ipv6Addr>().ok()?;
        let port_is_fine = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        return port_is_fine.then_some(address);
    }
    let host = match authority.split_once(':') {
        Some((host, port)) => is_port(port).then_some(host)?,
        None => authority,
    };
    let labels_are_fine = host
        .split('.')
        .all(|label| !label.is_empty() && label.bytes().all(is_alphanumeric_or_hyphen));
    labels_are_fine.then_some(host)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

fn is_alphanumeric_or_hyphen(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_are_international() {
        for (given, stored) in [
            (" +1 (650) 253-0000 ", "+16502530000"),
            ("+44 20 7031 3000", "+442070313000"),
            ("+919876543210", "+919876543210"),
            (" no number ", "no number"),
            ("6502530000", "6502530000"),
        ] {
            assert_eq!(phone(given), stored);
        }
    }

    /// Case 9.
    #[test]
    fn tenant_ids_are_lower_cased() {
        for (given, stored) in [
            ("a1", "a1"),
            ("a-1", "a-1"),
            ("a-B-1", "a-b-1"),
            ("MixedCase", "mixedcase"),
            ("1", "1"),
            ("1a", "1a"),
            (" t1 ", "t1"),
            ("public", PUBLIC),
        ] {
            assert_eq!(tenant_id(given).as_deref(), Ok(stored));
        }
        // The last begins with the Kelvin sign, which Unicode lower-cases to a plain k.
        for given in ["a_b", "abcd+1234", "a b", "a/b", "ä", "\u{212a}elvin"] {
            let error = tenant_id(given).unwrap_err();
            assert_eq!(
                error.to_string(),
                "tenantId can only contain letters, numbers and hyphens"
            );
        }
        let error = tenant_id("  ").unwrap_err();
        assert_eq!(error.to_string(), "tenantId should not be an empty String");
    }

    /// Case 10.
    #[test]
    fn tenant_id_with_the_prefix_of_apps() {
        for given in ["appid-hello", "AppId-Hello", "appid-"] {
            let error = tenant_id(given).unwrap_err();
            assert_eq!(error.to_string(), "tenantId must not start with 'appid-'");
        }
    }

    /// Case 11.
    #[test]
    fn tenant_id_that_begins_a_path() {
        for given in ["recipe", "reCipe", "CONFIG", "users", "Users", "hello"] {
            let error = tenant_id(given).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("Cannot use '{given}' as a tenantId")
            );
        }
    }

    /// Case 12.
    #[test]
    fn app_ids() {
        assert_eq!(app_id("abcd-1234").as_deref(), Ok("abcd-1234"));
        assert_eq!(app_id(" Recipe").as_deref(), Ok("recipe"));
        for (given, text) in [
            ("appid-1234", "appId must not start with 'appid-'"),
            (
                "abcd+1234",
                "appId can only contain letters, numbers and hyphens",
            ),
            (" ", "appId should not be an empty String"),
        ] {
            assert_eq!(app_id(given).unwrap_err().to_string(), text);
        }
    }

    /// Case 13.
    #[test]
    fn connection_uri_domains() {
        for (given, stored) in [
            ("127.0.0.1", "127.0.0.1"),
            ("localhost", "localhost"),
            ("localhost:3567", "localhost"),
            ("abc.co", "abc.co"),
            ("sub-domain.example.com", "sub-domain.example.com"),
            ("hello.co.uk", "hello.co.uk"),
            ("58hello.abc.com", "58hello.abc.com"),
            (" Example.COM:443 ", "example.com"),
            ("::1", "::1"),
            ("[::1]:3567", "::1"),
            ("[::1]", "::1"),
        ] {
            assert_eq!(connection_uri_domain(given).as_deref(), Ok(stored));
        }
    }

    /// Case 14.
    #[test]
    fn invalid_connection_uri_domains() {
        for given in [
            "http://localhost",
            "https://localhost:3567",
            "localhost:abc",
            "localhost:3567:2567",
            "localhost/abc",
            "abc.",
            "example+2.world.com",
            ":3567",
            ":",
            "somedomain.com:",
            "*",
            "abc*",
            "localhost:99999",
            "localhost:+80",
            "[::1]x",
            "[::1",
        ] {
            let error = connection_uri_domain(given).unwrap_err();
            assert_eq!(
                error.to_string(),
                "connectionUriDomain is invalid",
                "{given}"
            );
        }
        let error = connection_uri_domain("").unwrap_err();
        assert_eq!(
            error.to_string(),
            "connectionUriDomain should not be an empty String"
        );
    }
}
