//! The functions of an API schema: what PostgREST serves below `/rpc/`. Each is an operation of the GoTrue door.

/// Who may call a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callers {
    Everybody,
    /// Whoever is signed in.
    Users,
}

/// A function.
pub struct Procedure {
    pub name: &'static str,
    /// The operation: method, path and query. `{name}` stands for an argument, which then is no member of the body.
    pub method: &'static str,
    pub path: &'static str,
    pub query: Option<&'static str>,
    /// Names and types.
    pub arguments: &'static [(&'static str, &'static str)],
    pub callers: Callers,
    pub comment: &'static str,
}

const CAPTCHA: (&str, &str) = ("gotrue_meta_security", "jsonb");
const CHALLENGE: [(&str, &str); 2] = [
    ("code_challenge", "text"),
    ("code_challenge_method", "text"),
];

const fn open(
    name: &'static str,
    path: &'static str,
    arguments: &'static [(&'static str, &'static str)],
    comment: &'static str,
) -> Procedure {
    Procedure {
        name,
        method: "POST",
        path,
        query: None,
        arguments,
        callers: Callers::Everybody,
        comment,
    }
}

const fn own(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    arguments: &'static [(&'static str, &'static str)],
    comment: &'static str,
) -> Procedure {
    Procedure {
        method,
        callers: Callers::Users,
        ..open(name, path, arguments, comment)
    }
}

/// All of them.
pub const PROCEDURES: [Procedure; 17] = [
    open(
        "signup",
        "/signup",
        &[
            ("email", "text"),
            ("phone", "text"),
            ("password", "text"),
            ("data", "jsonb"),
            ("channel", "text"),
            CHALLENGE[0],
            CHALLENGE[1],
            CAPTCHA,
        ],
        "Signs up by address or number; with neither, signs in without a name",
    ),
    Procedure {
        query: Some("grant_type={grant_type}"),
        ..open(
            "token",
            "/token",
            &[
                ("grant_type", "text"),
                ("email", "text"),
                ("phone", "text"),
                ("password", "text"),
                ("refresh_token", "text"),
                ("auth_code", "text"),
                ("code_verifier", "text"),
                CAPTCHA,
            ],
            "Opens a session: grant_type is password, refresh_token or pkce",
        )
    },
    Procedure {
        query: Some("grant_type=refresh_token"),
        ..open(
            "refresh",
            "/token",
            &[("refresh_token", "text")],
            "Refreshes a session: gives new tokens for a refresh token",
        )
    },
    open(
        "otp",
        "/otp",
        &[
            ("email", "text"),
            ("phone", "text"),
            ("create_user", "boolean"),
            ("data", "jsonb"),
            ("channel", "text"),
            CHALLENGE[0],
            CHALLENGE[1],
            CAPTCHA,
        ],
        "Sends a link or a code to sign in with",
    ),
    open(
        "recover",
        "/recover",
        &[("email", "text"), CHALLENGE[0], CHALLENGE[1], CAPTCHA],
        "Mails a link or a code to choose another password with",
    ),
    open(
        "resend",
        "/resend",
        &[
            ("type", "text"),
            ("email", "text"),
            ("phone", "text"),
            CAPTCHA,
        ],
        "Sends once more what confirms: type is signup, email_change, sms or phone_change",
    ),
    open(
        "verify",
        "/verify",
        &[
            ("type", "text"),
            ("token", "text"),
            ("token_hash", "text"),
            ("email", "text"),
            ("phone", "text"),
        ],
        "Takes a code, or the token of a link: type is signup, invite, recovery, magiclink, email_change, email, sms or phone_change",
    ),
    Procedure {
        query: Some("scope={scope}"),
        ..own(
            "logout",
            "POST",
            "/logout",
            &[("scope", "text")],
            "Ends sessions: scope is global (the default), local or others",
        )
    },
    own(
        "update_user",
        "PUT",
        "/user",
        &[
            ("email", "text"),
            ("phone", "text"),
            ("password", "text"),
            ("current_password", "text"),
            ("nonce", "text"),
            ("data", "jsonb"),
            ("channel", "text"),
            CHALLENGE[0],
            CHALLENGE[1],
        ],
        "Changes the caller: address and number once they are confirmed, password, metadata",
    ),
    own(
        "reauthenticate",
        "POST",
        "/reauthenticate",
        &[],
        "Sends the caller a nonce, with which it can change its password",
    ),
    own(
        "unlink_identity",
        "DELETE",
        "/user/identities/{identity_id}",
        &[("identity_id", "uuid")],
        "Takes a way to sign in from the caller, who must keep another",
    ),
    own(
        "enroll_factor",
        "POST",
        "/factors",
        &[
            ("factor_type", "text"),
            ("friendly_name", "text"),
            ("issuer", "text"),
            ("phone", "text"),
        ],
        "Gives the caller a second factor, which counts once it is verified: factor_type is totp or phone",
    ),
    own(
        "challenge_factor",
        "POST",
        "/factors/{factor_id}/challenge",
        &[("factor_id", "uuid"), ("channel", "text")],
        "Asks for a second factor; a phone is sent a code",
    ),
    own(
        "verify_factor",
        "POST",
        "/factors/{factor_id}/verify",
        &[
            ("factor_id", "uuid"),
            ("challenge_id", "uuid"),
            ("code", "text"),
        ],
        "Answers: gives tokens of a session with two factors",
    ),
    own(
        "unenroll_factor",
        "DELETE",
        "/factors/{factor_id}",
        &[("factor_id", "uuid")],
        "Removes a second factor",
    ),
    Procedure {
        method: "GET",
        ..open(
            "auth_settings",
            "/settings",
            &[],
            "How one can sign up and in here",
        )
    },
    Procedure {
        method: "GET",
        ..open(
            "jwks",
            "/.well-known/jwks.json",
            &[],
            "The keys that tokens are signed with",
        )
    },
];

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Procedure> {
    PROCEDURES.iter().find(|procedure| procedure.name == name)
}
