//! Who may come in, and by which door: channels, providers, SSO, passkeys (5.2).

use super::*;

/// The built-in OAuth providers; the settings of one are `external_<name>_enabled` and so on.
pub const PROVIDERS: [&str; 25] = [
    "apple",
    "azure",
    "bitbucket",
    "discord",
    "facebook",
    "snapchat",
    "figma",
    "fly",
    "github",
    "gitlab",
    "google",
    "kakao",
    "keycloak",
    "linkedin",
    "linkedin_oidc",
    "notion",
    "slack",
    "slack_oidc",
    "spotify",
    "twitch",
    "twitter",
    "x",
    "workos",
    "zoom",
    "vercel_marketplace",
];

macro_rules! provider {
    ($name:literal, $env:literal, $title:literal) => {
        [
            flag(
                concat!("external_", $name, "_enabled"),
                concat!("EXTERNAL_", $env, "_ENABLED"),
                false,
                concat!("Whether ", $title, " is a provider."),
            ),
            text(
                concat!("external_", $name, "_client_id"),
                concat!("EXTERNAL_", $env, "_CLIENT_ID"),
                concat!(
                    "Our client ids at ",
                    $title,
                    ", with commas between them; the first is used to sign in."
                ),
            ),
            secret(
                concat!("external_", $name, "_secret"),
                concat!("EXTERNAL_", $env, "_SECRET"),
                concat!("Our secret at ", $title, "."),
            ),
            text(
                concat!("external_", $name, "_redirect_uri"),
                concat!("EXTERNAL_", $env, "_REDIRECT_URI"),
                concat!(
                    "Where ",
                    $title,
                    " sends browsers back to, if not to /callback."
                ),
            )
            .checked(check::url),
            text(
                concat!("external_", $name, "_url"),
                concat!("EXTERNAL_", $env, "_URL"),
                concat!("Where ", $title, " is, if it is elsewhere."),
            )
            .checked(check::web_url),
            text(
                concat!("external_", $name, "_api_url"),
                concat!("EXTERNAL_", $env, "_API_URL"),
                concat!("Where the API of ", $title, " is, if it is elsewhere."),
            )
            .checked(check::web_url),
            flag(
                concat!("external_", $name, "_email_optional"),
                concat!("EXTERNAL_", $env, "_EMAIL_OPTIONAL"),
                false,
                concat!(
                    "Whether users may come from ",
                    $title,
                    " without an address."
                ),
            ),
            flag(
                concat!("external_", $name, "_skip_nonce_check"),
                concat!("EXTERNAL_", $env, "_SKIP_NONCE_CHECK"),
                false,
                concat!(
                    "Whether the nonce of ID tokens of ",
                    $title,
                    " goes unchecked."
                ),
            ),
        ]
    };
}

static OF_PROVIDERS: &[[Setting; 8]] = &[
    provider!("apple", "APPLE", "Apple"),
    provider!("azure", "AZURE", "Azure"),
    provider!("bitbucket", "BITBUCKET", "Bitbucket"),
    provider!("discord", "DISCORD", "Discord"),
    provider!("facebook", "FACEBOOK", "Facebook"),
    provider!("snapchat", "SNAPCHAT", "Snapchat"),
    provider!("figma", "FIGMA", "Figma"),
    provider!("fly", "FLY", "Fly"),
    provider!("github", "GITHUB", "GitHub"),
    provider!("gitlab", "GITLAB", "GitLab"),
    provider!("google", "GOOGLE", "Google"),
    provider!("kakao", "KAKAO", "Kakao"),
    provider!("keycloak", "KEYCLOAK", "Keycloak"),
    provider!("linkedin", "LINKEDIN", "LinkedIn"),
    provider!("linkedin_oidc", "LINKEDIN_OIDC", "LinkedIn (OIDC)"),
    provider!("notion", "NOTION", "Notion"),
    provider!("slack", "SLACK", "Slack"),
    provider!("slack_oidc", "SLACK_OIDC", "Slack (OIDC)"),
    provider!("spotify", "SPOTIFY", "Spotify"),
    provider!("twitch", "TWITCH", "Twitch"),
    provider!("twitter", "TWITTER", "Twitter"),
    provider!("x", "X", "X"),
    provider!("workos", "WORKOS", "WorkOS"),
    provider!("zoom", "ZOOM", "Zoom"),
    provider!(
        "vercel_marketplace",
        "VERCEL_MARKETPLACE",
        "Vercel Marketplace"
    ),
];

pub(super) fn settings() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().chain(OF_PROVIDERS.iter().flatten())
}

static SETTINGS: &[Setting] = &[
    flag(
        "external_email_enabled",
        "EXTERNAL_EMAIL_ENABLED",
        true,
        "Whether users sign up and in by address.",
    ),
    flag(
        "external_email_magic_link_enabled",
        "EXTERNAL_EMAIL_MAGIC_LINK_ENABLED",
        true,
        "Whether users can sign in by a link or a code that is mailed.",
    ),
    text(
        "external_email_authorized_addresses",
        "EXTERNAL_EMAIL_AUTHORIZED_ADDRESSES",
        "The only addresses, with commas between them, that mail is sent to, if there are any.",
    ),
    flag(
        "external_phone_enabled",
        "EXTERNAL_PHONE_ENABLED",
        false,
        "Whether users sign up and in by phone number.",
    ),
    flag(
        "external_anonymous_users_enabled",
        "EXTERNAL_ANONYMOUS_USERS_ENABLED",
        false,
        "Whether one can sign in as nobody.",
    ),
    text(
        "external_ios_bundle_id",
        "EXTERNAL_IOS_BUNDLE_ID",
        "A further audience that ID tokens of Apple may have.",
    ),
    text(
        "external_redirect_url",
        "EXTERNAL_REDIRECT_URL",
        "Where all providers send browsers back to that have no redirect_uri of their own.",
    )
    .checked(check::url),
    text(
        "external_allowed_id_token_issuers",
        "EXTERNAL_ALLOWED_ID_TOKEN_ISSUERS",
        "The issuers, with commas between them, of ID tokens that name no built-in provider.",
    )
    .defaulting(Literal::Text(
        "https://appleid.apple.com,https://accounts.google.com",
    ))
    .checked(check::required),
    text(
        "external_allowed_id_token_client_ids",
        "",
        "Our client ids, with commas between them, at those issuers; without any, none of their tokens is taken.",
    )
    .own(),
    duration(
        "external_flow_state_expiry_duration",
        "EXTERNAL_FLOW_STATE_EXPIRY_DURATION",
        "300s",
        300.0,
        "How long a sign-in through a provider or with PKCE may take.",
    ),
    flag(
        "external_web3_solana_enabled",
        "EXTERNAL_WEB3_SOLANA_ENABLED",
        false,
        "Whether one can sign in with a wallet of Solana.",
    ),
    duration(
        "external_web3_solana_maximum_validity_duration",
        "EXTERNAL_WEB3_SOLANA_MAXIMUM_VALIDITY_DURATION",
        "10m",
        0.001,
        "How old a message that a wallet of Solana signed may be.",
    ),
    flag(
        "external_web3_ethereum_enabled",
        "EXTERNAL_WEB3_ETHEREUM_ENABLED",
        false,
        "Whether one can sign in with a wallet of Ethereum.",
    ),
    duration(
        "external_web3_ethereum_maximum_validity_duration",
        "EXTERNAL_WEB3_ETHEREUM_MAXIMUM_VALIDITY_DURATION",
        "10m",
        0.001,
        "How old a message that a wallet of Ethereum signed may be.",
    ),
    flag(
        "custom_oauth_enabled",
        "CUSTOM_OAUTH_ENABLED",
        true,
        "Whether administrators can add OAuth providers.",
    ),
    integer(
        "custom_oauth_max_providers",
        "CUSTOM_OAUTH_MAX_PROVIDERS",
        0,
        (0, 1_000_000),
        "How many they can add; 0 means any number.",
    ),
    text(
        "custom_oauth_external_url",
        "CUSTOM_OAUTH_EXTERNAL_URL",
        "Where added providers send browsers back to, instead of to api_external_url.",
    )
    .checked(check::web_url),
    flag(
        "oauth_server_enabled",
        "OAUTH_SERVER_ENABLED",
        false,
        "Whether this is an OAuth server to others.",
    ),
    flag(
        "oauth_server_allow_dynamic_registration",
        "OAUTH_SERVER_ALLOW_DYNAMIC_REGISTRATION",
        false,
        "Whether OAuth clients can register themselves.",
    ),
    text(
        "oauth_server_authorization_path",
        "OAUTH_SERVER_AUTHORIZATION_PATH",
        "Where users consent: a path behind site_url, or a URL.",
    )
    .checked(check::optional_path_or_url),
    duration(
        "oauth_server_authorization_ttl",
        "OAUTH_SERVER_AUTHORIZATION_TTL",
        "10m",
        0.001,
        "How long they have for it.",
    ),
    text(
        "oauth_server_default_scope",
        "OAUTH_SERVER_DEFAULT_SCOPE",
        "The scope of OAuth clients that ask for none.",
    )
    .defaulting(Literal::Text("email"))
    .checked(check::required),
    flag(
        "saml_enabled",
        "SAML_ENABLED",
        false,
        "Whether users can sign in by SAML.",
    ),
    secret(
        "saml_private_key",
        "SAML_PRIVATE_KEY",
        "The RSA key that requests are signed with: base64 of PKCS#1 DER, at least 2048 bits.",
    )
    .checked(check::base64)
    .protected(),
    secret(
        "saml_private_key_next",
        "SAML_PRIVATE_KEY_NEXT",
        "The key that is to take its place.",
    )
    .checked(check::base64)
    .protected(),
    flag(
        "saml_allow_encrypted_assertions",
        "SAML_ALLOW_ENCRYPTED_ASSERTIONS",
        false,
        "Whether assertions may be encrypted.",
    ),
    duration(
        "saml_relay_state_validity_period",
        "SAML_RELAY_STATE_VALIDITY_PERIOD",
        "2m",
        0.001,
        "How long a sign-in by SAML may take.",
    ),
    text(
        "saml_external_url",
        "SAML_EXTERNAL_URL",
        "The base of our SAML entity, instead of api_external_url.",
    )
    .checked(check::web_url),
    flag(
        "passkey_enabled",
        "PASSKEY_ENABLED",
        false,
        "Whether users can sign in with passkeys.",
    ),
    integer(
        "passkey_max_passkeys_per_user",
        "PASSKEY_MAX_PASSKEYS_PER_USER",
        10,
        (0, 10_000),
        "How many passkeys a user may have.",
    ),
    text(
        "webauthn_rp_id",
        "WEBAUTHN_RP_ID",
        "The relying party of passkeys and WebAuthn: a domain.",
    ),
    text(
        "webauthn_rp_display_name",
        "WEBAUTHN_RP_DISPLAY_NAME",
        "The name of the relying party.",
    ),
    text(
        "webauthn_rp_origins",
        "WEBAUTHN_RP_ORIGINS",
        "The origins, with commas between them, that browsers may be at.",
    ),
    duration(
        "webauthn_challenge_expiry_duration",
        "WEBAUTHN_CHALLENGE_EXPIRY_DURATION",
        "5m",
        0.001,
        "Life of a WebAuthn challenge.",
    ),
];
