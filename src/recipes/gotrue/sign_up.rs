//! Signing up (GoTrue reference, 2.2 and 2.3), and sending what confirms an address.

use auth_core::address::Channel;
use auth_core::mail_templates::MailKind;
use auth_core::pkce::Challenge;
use serde_json::{Map, Value, json};

use super::accounts::{self, NewUser};
use super::audit::{self, Action, Actor};
use super::flows::{self, FlowKind};
use super::mails::{self, Mail};
use super::sessions::{self, Tokens};
use super::{Context, Failure, Refusal, Result, codes, texts};
use crate::store::auth_users::{self, AuthUser};
use crate::store::one_time_codes::Kind;

/// What a user signs up with. Exactly one of address and number; both in the form in which they are stored.
pub struct SignUp<'a> {
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    /// None for a user who is to sign in by what is sent.
    pub password_hash: Option<&'a str>,
    pub data: Map<String, Value>,
    pub channel: Channel,
    pub challenge: Option<&'a Challenge>,
}

impl SignUp<'_> {
    /// The address or the number.
    fn address(&self) -> &str {
        self.email.or(self.phone).unwrap_or_default()
    }

    /// Which of the two it is, as identities have it.
    fn provider(&self) -> &'static str {
        if self.email.is_some() {
            "email"
        } else {
            "phone"
        }
    }
}

/// What came of signing up.
pub enum SignedUp {
    /// The address or the number needs no proof.
    Tokens(Box<Tokens>),
    /// A code was sent to confirm it.
    Unconfirmed {
        user: Box<AuthUser>,
        /// Of a user who was invited nothing is told.
        is_invited: bool,
    },
    /// There is a confirmed user with it, which is not told.
    Repeated,
}

/// Signs a user up.
///
/// # Errors
/// [`Refusal`].
pub fn sign_up(context: &Context, request: SignUp) -> Result<SignedUp> {
    let by_email = request.email.is_some();
    let provider = request.provider();
    let auto = autoconfirm(context, by_email);
    let (mut user, is_new) = match find(context, &request) {
        Some(user) => {
            if !accounts::is_unconfirmed(&user, request.address()) || auto {
                return repeated(context, Some(&user), provider);
            }
            (accounts::lock(context, user.id)?, false)
        }
        None if is_taken(context, &request) => {
            // Since a moment ago, perhaps, by a user who can be found now.
            return match find(context, &request) {
                Some(_) => Err(Failure::Overtaken),
                None => repeated(context, None, provider),
            };
        }
        None => (create(context, &request, provider, auto)?, true),
    };
    let traits = json!({ "provider": provider });
    if auto {
        audit::note(
            context,
            Actor::User(&user),
            Action::UserSignedUp,
            traits.clone(),
        );
        audit::note(context, Actor::User(&user), Action::Login, traits);
        let tokens = sessions::open(context, user.id, Some(user.id), "password")?;
        return Ok(SignedUp::Tokens(Box::new(tokens)));
    }
    let is_invited = user.invited_at.is_some();
    audit::note(
        context,
        Actor::User(&user),
        Action::UserConfirmationRequested,
        traits,
    );
    let address = request.address();
    send_confirmation(
        context,
        &mut user,
        address,
        request.channel,
        request.challenge,
    )?;
    Ok(SignedUp::Unconfirmed {
        user: Box::new(user),
        is_invited: is_invited && !is_new,
    })
}

/// A user with what somebody signs in with, whom the settings take for confirmed: the one there is, or a new one.
///
/// # Errors
/// [`Refusal`].
pub fn make_confirmed(context: &Context, request: &SignUp) -> Result<AuthUser> {
    let provider = request.provider();
    let Some(user) = find(context, request) else {
        let user = create(context, request, provider, true)?;
        let traits = json!({ "provider": provider });
        audit::note(context, Actor::User(&user), Action::UserSignedUp, traits);
        return Ok(user);
    };
    // It was never confirmed; whoever reads the mail proves it now.
    Ok(user)
}

/// The user with the address or the number that somebody signs up with, who cannot be made by somebody else meanwhile.
fn find(context: &Context, request: &SignUp) -> Option<AuthUser> {
    let (tenant, email, phone) = (context.tenant, request.email, request.phone);
    auth_users::lock_address(&tenant.app_id, tenant.id(), request.address());
    email
        .and_then(|email| accounts::find_by_email(context, email))
        .or_else(|| phone.and_then(|phone| accounts::find_by_phone(context, phone)))
}

/// Whether a user of another audience has the address or the number.
fn is_taken(context: &Context, request: &SignUp) -> bool {
    let (app_id, tenant_id) = (&context.tenant.app_id, context.tenant.id());
    match (request.email, request.phone) {
        (Some(email), _) => auth_users::email_is_taken(app_id, tenant_id, email, None),
        (None, phone) => {
            auth_users::phone_is_taken(app_id, tenant_id, phone.unwrap_or_default(), None)
        }
    }
}

/// Whether addresses, or numbers, count as confirmed.
pub fn autoconfirm(context: &Context, by_email: bool) -> bool {
    let settings = &context.tenant.settings;
    if by_email {
        settings.mailer_autoconfirm()
    } else {
        settings.sms_autoconfirm()
    }
}

/// Somebody signs up who has an account. Where confirming is switched off this cannot be hidden, for the answer would have
/// tokens. (GoTrue signs in to an account that was never confirmed here, whatever the password.)
fn repeated(context: &Context, user: Option<&AuthUser>, provider: &str) -> Result<SignedUp> {
    let settings = &context.tenant.settings;
    if settings.mailer_autoconfirm() || settings.sms_autoconfirm() {
        let message = "User already registered";
        return Err(Refusal::new(422, "user_already_exists", message).into());
    }
    if let Some(user) = user {
        let (actor, traits) = (Actor::User(user), json!({ "provider": provider }));
        audit::note(context, actor, Action::UserRepeatedSignup, traits);
    }
    Ok(SignedUp::Repeated)
}

fn create(
    context: &Context,
    request: &SignUp,
    provider: &str,
    is_confirmed: bool,
) -> Result<AuthUser> {
    let id = accounts::new_id(context, request.email, request.phone)?;
    let data = accounts::identity_data(id, request.email, request.phone, &request.data);
    let app_metadata = json!({"provider": provider, "providers": [provider]});
    accounts::create(
        context,
        NewUser {
            id: Some(id),
            email: request.email,
            phone: request.phone,
            password_hash: request.password_hash,
            email_is_confirmed: is_confirmed && request.email.is_some(),
            phone_is_confirmed: is_confirmed && request.phone.is_some(),
            app_metadata: app_metadata.as_object().cloned().unwrap_or_default(),
            user_metadata: data.clone(),
            identity_data: data,
            has_hooks: true,
            ..NewUser::default()
        },
    )
}

/// Sends a user who is locked or new what confirms its address or its number.
///
/// # Errors
/// [`Refusal`].
pub fn send_confirmation(
    context: &Context,
    user: &mut AuthUser,
    address: &str,
    channel: Channel,
    challenge: Option<&Challenge>,
) -> Result<texts::MessageId> {
    let mut message_id = None;
    if address.contains('@') {
        mails::refuse_mail_too_soon(context, user.confirmation_sent_at)?;
        let digits = context.tenant.settings.mailer_otp_length();
        let kind = Kind::Confirmation;
        let code = codes::issue(context, user.id, kind, address, digits, challenge.is_some())?;
        let mail = Mail {
            kind: MailKind::Signup,
            to: address,
            code: &code,
            new_email: None,
        };
        mails::send(context, user, &mail)?;
        if let Some(challenge) = challenge {
            flows::begin(context, user.id, FlowKind::Signup, challenge);
        }
    } else {
        let last = user.confirmation_sent_at;
        message_id = texts::send_code(context, user, Kind::Confirmation, address, channel, last)?;
    }
    user.confirmation_sent_at = Some(context.now);
    auth_users::update(user, context.now);
    Ok(message_id)
}

/// Makes a user without a name, and opens a session.
///
/// # Errors
/// [`Refusal`].
pub fn sign_in_anonymously(context: &Context, data: Map<String, Value>) -> Result<Tokens> {
    let user = accounts::create(
        context,
        NewUser {
            user_metadata: data,
            is_anonymous: true,
            has_hooks: true,
            ..NewUser::default()
        },
    )?;
    sessions::open(context, user.id, None, "anonymous")
}

/// What a caller is shown in place of a user that it must not know of: nothing in it is that user's.
pub fn obfuscated(context: &Context, request: &SignUp) -> Result<AuthUser> {
    let provider = request.provider();
    let id = accounts::new_id(context, request.email, request.phone)?;
    Ok(AuthUser {
        email: request.email.map(str::to_owned),
        phone: request.phone.map(str::to_owned),
        confirmation_sent_at: Some(context.now),
        app_metadata: json!({"provider": provider, "providers": [provider]}),
        user_metadata: request.data.clone().into(),
        ..AuthUser::new(id, &context.audience, "", context.now)
    })
}
