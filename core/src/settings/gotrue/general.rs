//! The API and its tokens (5.1), and what section 5.4 calls experimental.

use super::*;

pub(super) const SETTINGS: &[Setting] = &[
    text(
        "api_external_url",
        "API_EXTERNAL_URL",
        "Where browsers reach this API: the base of links in mails and of callbacks.",
    )
    .checked(check::web_url),
    duration(
        "api_max_request_duration",
        "API_MAX_REQUEST_DURATION",
        "10s",
        0.001,
        "How long a request may take before it is answered request_timeout.",
    ),
    text(
        "request_id_header",
        "REQUEST_ID_HEADER",
        "The request header that error_id is taken from.",
    ),
    flag(
        "db_cleanup_enabled",
        "DB_CLEANUP_ENABLED",
        false,
        "Whether rows that have served are deleted, anonymous users of more than 30 days among them.",
    ),
    text(
        "site_url",
        "SITE_URL",
        "Where browsers are sent when nothing else is asked for and allowed.",
    )
    .checked(check::url),
    text(
        "uri_allow_list",
        "URI_ALLOW_LIST",
        "Globs, with commas between them, of the other URLs that browsers may be sent to.",
    )
    .checked(check::uri_allow_list),
    flag(
        "disable_signup",
        "DISABLE_SIGNUP",
        false,
        "Whether nobody can become a user but by an administrator.",
    ),
    secret(
        "jwt_secret",
        "JWT_SECRET",
        "The key of HS256, which signs access tokens unless jwt_keys do.",
    )
    .protected(),
    integer(
        "jwt_exp",
        "JWT_EXP",
        3600,
        (1, 86_400_000),
        "Life of an access token of GoTrue.",
    )
    .in_unit("s"),
    text(
        "jwt_aud",
        "JWT_AUD",
        "The audience of users and their tokens where a request names none.",
    )
    .defaulting(Literal::Text("authenticated"))
    .checked(check::required),
    text(
        "jwt_issuer",
        "JWT_ISSUER",
        "The issuer that access tokens name.",
    ),
    text(
        "jwt_default_group_name",
        "JWT_DEFAULT_GROUP_NAME",
        "The role of new users.",
    )
    .defaulting(Literal::Text("authenticated"))
    .checked(check::required),
    text(
        "jwt_admin_group_name",
        "JWT_ADMIN_GROUP_NAME",
        "The role of users who may change their own app_metadata.",
    )
    .defaulting(Literal::Text("admin"))
    .checked(check::required),
    text(
        "jwt_admin_roles",
        "JWT_ADMIN_ROLES",
        "The roles, with commas between them, whose tokens may administer.",
    )
    .defaulting(Literal::Text("service_role,supabase_admin"))
    .checked(check::required),
    text(
        "jwt_key_id",
        "JWT_KEY_ID",
        "The kid of the key that jwt_secret is.",
    ),
    secret(
        "jwt_keys",
        "JWT_KEYS",
        "Private keys as a JSON array of JWKs, of which exactly one may sign.",
    )
    .checked(check::jwt_keys)
    .protected(),
    text(
        "cors_allowed_headers",
        "CORS_ALLOWED_HEADERS",
        "Further request headers, with commas between them, that browsers may send.",
    ),
    flag(
        "audit_log_disable_postgres",
        "AUDIT_LOG_DISABLE_POSTGRES",
        false,
        "Whether no rows are written to the audit log.",
    ),
    duration(
        "audit_log_retention",
        "",
        "",
        60.0,
        "How long entries of the audit log are kept; without it for ever.",
    )
    .defaulting(Literal::Null)
    .own(),
    flag(
        "verify_by_post",
        "",
        false,
        "Whether a link in a mail shows a page first, and only its button uses the link up: scanners of mails \
         follow links, too.",
    )
    .own(),
    duration(
        "discreet_answer_time",
        "",
        "100ms",
        0.0,
        "How long an answer takes at least that must not tell whether an address is known, counted by the gateway; \
         longer than such an operation ever takes.",
    )
    .own(),
    text(
        "provider_linking_domains",
        "EXPERIMENTAL_PROVIDER_LINKING_DOMAINS",
        "As provider=domain pairs, within which providers accounts are linked by address.",
    )
    .checked(check::linking_domains),
    text(
        "providers_with_own_linking_domain",
        "EXPERIMENTAL_PROVIDERS_WITH_OWN_LINKING_DOMAIN",
        "Providers, with commas between them, that are each a linking domain of their own.",
    ),
    flag(
        "cursor_pagination_enabled",
        "EXPERIMENTAL_CURSOR_PAGINATION_ENABLED",
        false,
        "Whether lists of users can be paged through by a cursor.",
    ),
    flag(
        "scim_enabled",
        "EXPERIMENTAL_SCIM_ENABLED",
        false,
        "Whether SSO providers can manage their users by SCIM.",
    ),
    flag(
        "create_email_identity_on_password_set_enabled",
        "EXPERIMENTAL_CREATE_EMAIL_IDENTITY_ON_PASSWORD_SET_ENABLED",
        false,
        "Whether who sets a password and has no e-mail identity is given one.",
    ),
];
