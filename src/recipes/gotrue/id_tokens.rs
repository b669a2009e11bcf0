//! Signing in with the ID token of a provider, which an app has from its own library (GoTrue reference, 2.4).

use auth_core::external_account::ExternalAccount;
use auth_core::hash;
use auth_core::id_token::claimed_issuer;
use auth_core::settings::Provider;
use url::Url;
use uuid::Uuid;

use super::{Context, Failure, Refusal, Result, provider_keys};

const APPLE: [&str; 2] = ["https://appleid.apple.com", "https://account.apple.com"];
const AZURE: &str = "https://login.microsoftonline.com";
/// Providers that have one issuer, or the first of several.
const ISSUERS: [(&str, &str); 6] = [
    ("apple", APPLE[0]),
    ("facebook", "https://www.facebook.com"),
    ("google", "https://accounts.google.com"),
    ("kakao", "https://kauth.kakao.com"),
    ("snapchat", "https://accounts.snapchat.com"),
    ("vercel_marketplace", "https://marketplace.vercel.com"),
];

/// A token as it was handed over. Empty texts are absent.
pub struct Shown<'a> {
    pub id_token: &'a str,
    pub provider: Option<&'a str>,
    /// With one of the issuers that a setting allows, instead of a provider.
    pub client_id: Option<&'a str>,
    pub issuer: Option<&'a str>,
    pub access_token: Option<&'a str>,
    pub nonce: Option<&'a str>,
}

/// Whose token it is to be.
struct Issuer<'a> {
    /// The name of the provider.
    provider: String,
    url: String,
    client_ids: Vec<&'a str>,
    checks_nonce: bool,
}

/// The account that a token proves.
///
/// # Errors
/// [`Refusal`]; [`super::Failure::Needs`] when the provider's keys have to be fetched.
pub fn account(context: &Context, shown: &Shown) -> Result<ExternalAccount> {
    let issuer = issuer(context, shown)?;
    let token = provider_keys::verify(context, shown.id_token, &issuer.url)?;
    if let Some(access_token) = shown.access_token {
        let checked = token.check_access_token(access_token);
        checked.map_err(|_| provider_keys::bad_token().keeping_writes())?;
    }
    let invalid = |message: &str| Refusal::oauth("invalid request", message).keeping_writes();
    if !token.is_for_any(&issuer.client_ids) {
        return Err(invalid("Unacceptable audience in id_token").into());
    }
    if issuer.checks_nonce {
        match (token.text("nonce"), shown.nonce) {
            (None, None) => {}
            (Some(own), Some(nonce)) => {
                let expected = hash::sha256_hex(nonce);
                if !hash::equal(own.as_bytes(), expected.as_bytes()) {
                    let refusal = Refusal::oauth("invalid nonce", "Nonces mismatch");
                    return Err(refusal.keeping_writes().into());
                }
            }
            _ => {
                let message = "Passed nonce and nonce in id_token should either both exist or not.";
                return Err(invalid(message).into());
            }
        }
    }
    ExternalAccount::of_id_token(&issuer.provider, &token)
        .ok_or_else(|| invalid("Missing sub claim in id_token").into())
}

/// Finds out whose token it is to be, before anybody is asked.
fn issuer<'a>(context: &'a Context, shown: &Shown<'a>) -> Result<Issuer<'a>> {
    let settings = &context.tenant.settings;
    let given = shown.issuer.unwrap_or_default();
    let keycloak = settings.provider("keycloak").and_then(|own| own.url);
    let by_issuer = match given {
        "" => None,
        issuer if APPLE.contains(&issuer) => Some("apple"),
        issuer if is_azure(issuer) => Some("azure"),
        issuer if Some(issuer) == keycloak => Some("keycloak"),
        issuer => ISSUERS
            .iter()
            .find(|(_, own)| *own == issuer)
            .map(|(name, _)| *name),
    };
    let name = shown.provider.or(by_issuer).unwrap_or_default();
    let usual = match (name, ISSUERS.iter().find(|(known, _)| *known == name)) {
        (_, Some((_, issuer))) => issuer,
        ("azure", _) => AZURE,
        ("keycloak", _) => keycloak.unwrap_or_default(),
        // A name that nobody knows hides none of theirs.
        _ if by_issuer.is_none() => return allowed(context, shown),
        _ => return Err(not_allowed(shown)),
    };
    let known = settings.provider(name).filter(|known| known.enabled);
    let known = known.filter(|_| !usual.is_empty()).ok_or_else(|| {
        let message = format!("Provider (issuer \"{usual}\") is not enabled");
        Refusal::new(400, "provider_disabled", message)
    })?;
    let url = match name {
        "apple" | "azure" => detected(name, &known, shown)?,
        _ => usual.to_owned(),
    };
    let mut client_ids = known.client_ids;
    if name == "apple" {
        client_ids.extend(settings.list("external_ios_bundle_id"));
    }
    Ok(Issuer {
        provider: name.to_owned(),
        url,
        client_ids,
        // Facebook puts none of the app's into its tokens.
        checks_nonce: !known.skip_nonce_check && name != "facebook",
    })
}

/// An issuer that is no built-in provider, but one that a setting allows.
fn allowed<'a>(context: &'a Context, shown: &Shown<'a>) -> Result<Issuer<'a>> {
    let settings = &context.tenant.settings;
    let (issuer, client_id) = (
        shown.issuer.unwrap_or_default(),
        shown.client_id.unwrap_or_default(),
    );
    // Not any client that the caller names: tokens that users have shown to others would sign in here.
    let clients = settings.list("external_allowed_id_token_client_ids");
    let issuers = settings.list("external_allowed_id_token_issuers");
    if !issuers.contains(&issuer) || !clients.contains(&client_id) {
        return Err(not_allowed(shown));
    }
    Ok(Issuer {
        provider: issuer.to_owned(),
        url: issuer.to_owned(),
        client_ids: vec![client_id],
        checks_nonce: true,
    })
}

fn not_allowed(shown: &Shown) -> Failure {
    let name = shown.provider.or(shown.issuer).unwrap_or_default();
    Refusal::validation(format!("Custom OIDC provider \"{name}\" not allowed")).into()
}

/// The issuer that a token names, of a provider that has several.
fn detected(name: &str, known: &Provider, shown: &Shown) -> Result<String> {
    let title = if name == "apple" { "Apple" } else { "Azure" };
    let issuer = claimed_issuer(shown.id_token).ok_or_else(|| {
        let message = format!("Unable to detect issuer in ID token for {title} provider");
        Refusal::validation(message)
    })?;
    let is_its = match (name, known.url) {
        ("apple", _) => APPLE.contains(&issuer.as_str()),
        // One organisation alone.
        (_, Some(url)) if Url::parse(url).is_ok_and(|url| url.path().len() > 1) => {
            is_azure(&issuer) && issuer.starts_with(&format!("{}/", url.trim_end_matches('/')))
        }
        _ => is_azure(&issuer),
    };
    if !is_its || shown.issuer.is_some_and(|given| given != issuer) {
        let message = format!("Detected ID token issuer is not an {title} ID token issuer");
        return Err(Refusal::validation(message).into());
    }
    Ok(issuer)
}

/// Whether an issuer is one of Azure's organisations (CVE-2026-31813: one that only looks like it is not).
fn is_azure(issuer: &str) -> bool {
    let organisation = |base: &str, end: &str| {
        let rest = issuer
            .strip_prefix(base)
            .and_then(|rest| rest.strip_suffix(end));
        rest.is_some_and(|id| id.len() == 36 && Uuid::parse_str(id).is_ok())
    };
    organisation("https://login.microsoftonline.com/", "/v2.0")
        || organisation("https://sts.windows.net/", "/")
}
