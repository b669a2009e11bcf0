//! One way to sign in.

use serde::{Serialize, Serializer};

use super::fields::{Fields, Object, check_length, is_longer};
use super::{Context, Fault, Secret};
use crate::normalise::{self, PUBLIC};
use crate::passwords::{ImportAlgorithm, check_import};

const LOGIN_METHOD: &str = " for a loginMethod.";
/// This one sentence of the protocol has no full stop.
const JOINED_LOGIN_METHOD: &str = " for a loginMethod";
const EMAIL_PASSWORD: &str = " for an emailpassword recipe.";
const THIRD_PARTY: &str = " for a thirdparty recipe.";
const PASSWORDLESS: &str = " for a passwordless recipe.";

const RECIPES: [&str; 3] = ["emailpassword", "thirdparty", "passwordless"];
const MAX_HASH: usize = 256;

/// A way to sign in, in normal form and with the defaults in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginMethod {
    /// The recipe, with what it needs to know.
    #[serde(flatten)]
    pub recipe: Recipe,
    /// The tenants, which exist: one at least, each once, in the caller's order.
    pub tenant_ids: Vec<String>,
    /// Whether the e-mail address is the user's own beyond doubt.
    pub is_verified: bool,
    /// Whether it is marked as the primary one. At most one of a user is.
    pub is_primary: bool,
    /// When the user signed up this way, in milliseconds since 1970.
    #[serde(rename = "timeJoinedInMSSinceEpoch")]
    pub time_joined_ms: i64,
}

/// A recipe, with what it needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "recipeId",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum Recipe {
    /// E-mail address and password.
    EmailPassword {
        /// The address in normal form.
        email: String,
        /// The password.
        #[serde(flatten)]
        password: Password,
    },
    /// A provider.
    ThirdParty {
        /// The address in normal form.
        email: String,
        /// The provider, as it was given.
        third_party_id: String,
        /// The provider's id of the user, as it was given.
        third_party_user_id: String,
    },
    /// Codes that are sent to an e-mail address or a phone number. One of the two is there.
    Passwordless {
        /// The address in normal form.
        #[serde(skip_serializing_if = "Option::is_none")]
        email: Option<String>,
        /// The number in normal form.
        #[serde(skip_serializing_if = "Option::is_none")]
        phone_number: Option<String>,
    },
}

/// A password, of which a hash is there or yet to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Password {
    /// The password itself, exactly as it was given. It is not part of any JSON.
    Plain {
        /// The password.
        #[serde(skip)]
        password: Secret,
    },
    /// A hash made elsewhere.
    Hash {
        /// The hash, trimmed, in a format that [`crate::passwords::verify`] knows.
        #[serde(rename = "passwordHash")]
        hash: Secret,
        /// What it was made with.
        #[serde(rename = "hashingAlgorithm", serialize_with = "algorithm_name")]
        algorithm: ImportAlgorithm,
    },
}

fn algorithm_name<S: Serializer>(
    algorithm: &ImportAlgorithm,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match algorithm {
        ImportAlgorithm::Argon2 => "ARGON2",
        ImportAlgorithm::Bcrypt => "BCRYPT",
        ImportAlgorithm::FirebaseScrypt => "FIREBASE_SCRYPT",
    })
}

/// Reads a login method; `None` when something is wrong with the recipe.
pub(super) fn parse(
    object: &Object,
    context: &Context,
    faults: &mut Vec<Fault>,
) -> Option<LoginMethod> {
    let fields = Fields::new(object, LOGIN_METHOD);
    let recipe_id = fields.required::<&str>("recipeId", faults);
    let tenant_ids = fields.optional::<Vec<&str>>("tenantIds", faults);
    let is_verified = fields.optional("isVerified", faults).unwrap_or(false);
    let is_primary = fields.optional("isPrimary", faults).unwrap_or(false);
    let time_joined_ms = fields
        .at(JOINED_LOGIN_METHOD)
        .optional("timeJoinedInMSSinceEpoch", faults)
        .unwrap_or(context.now_ms);

    if recipe_id.is_some_and(|id| !RECIPES.contains(&id)) {
        faults.push(Fault::RecipeId);
    }
    if tenant_ids.as_ref().is_some_and(Vec::is_empty) {
        // Taken as absent it would let the user into a tenant that nobody named.
        faults.push(fields.wrong_type::<Vec<&str>>("tenantIds"));
    }
    let tenant_ids = tenant_ids.unwrap_or_else(|| vec![PUBLIC]);
    let tenant_ids = context.tenant_ids(&tenant_ids, faults, |id| Fault::UnknownTenant {
        tenant_id: id.to_owned(),
        // The core, too, says `null` of a recipe that is not there.
        recipe_id: recipe_id.unwrap_or("null").to_owned(),
    });
    if time_joined_ms > context.now_ms {
        faults.push(Fault::JoinedInFuture);
    }
    if time_joined_ms < 0 {
        faults.push(Fault::JoinedBeforeEpoch);
    }
    let recipe = match recipe_id? {
        "emailpassword" => email_password(fields.at(EMAIL_PASSWORD), context, faults),
        "thirdparty" => third_party(fields.at(THIRD_PARTY), faults),
        "passwordless" => passwordless(fields.at(PASSWORDLESS), faults),
        _ => None,
    };
    Some(LoginMethod {
        recipe: recipe?,
        tenant_ids,
        is_verified,
        is_primary,
        time_joined_ms,
    })
}

fn email_password(fields: Fields, context: &Context, faults: &mut Vec<Fault>) -> Option<Recipe> {
    let email = fields.required("email", faults);
    let hash = fields.optional("passwordHash", faults);
    let algorithm = fields.optional("hashingAlgorithm", faults);
    let plain = fields.optional::<&str>("plainTextPassword", faults);

    let email = email.map(|email| normal_email(email, faults));
    if algorithm.is_some_and(|name| ImportAlgorithm::parse(name).is_err()) {
        faults.push(Fault::HashingAlgorithm);
    }
    // A hash counts with its algorithm only, and then goes before the password itself.
    let password = match (hash, algorithm, plain) {
        (Some(hash), Some(algorithm), _) => hashed(hash, algorithm, context, faults),
        (_, _, Some(plain)) => Some(Password::Plain {
            password: plain.into(),
        }),
        _ => {
            faults.push(Fault::NoPassword);
            None
        }
    };
    Some(Recipe::EmailPassword {
        email: email?,
        password: password?,
    })
}

fn hashed(
    hash: &str,
    algorithm_name: &str,
    context: &Context,
    faults: &mut Vec<Fault>,
) -> Option<Password> {
    let algorithm = ImportAlgorithm::parse(algorithm_name).ok()?;
    if is_longer(hash, MAX_HASH) {
        faults.push(Fault::HashTooLong(MAX_HASH));
    }
    match check_import(hash, Some(algorithm_name), context.firebase_signer_key) {
        Ok(hash) => Some(Password::Hash {
            hash: hash.into(),
            algorithm,
        }),
        Err(error) => {
            faults.push(error.into());
            None
        }
    }
}

fn third_party(fields: Fields, faults: &mut Vec<Fault>) -> Option<Recipe> {
    let email = fields.required("email", faults);
    let provider = fields.required::<&str>("thirdPartyId", faults);
    let user_id = fields.required::<&str>("thirdPartyUserId", faults);

    let email = email.map(|email| normal_email(email, faults));
    if let Some(provider) = provider {
        check_length("thirdPartyId", provider, 28, faults);
    }
    if let Some(user_id) = user_id {
        check_length("thirdPartyUserId", user_id, 256, faults);
    }
    Some(Recipe::ThirdParty {
        email: email?,
        third_party_id: provider?.to_owned(),
        third_party_user_id: user_id?.to_owned(),
    })
}

fn passwordless(fields: Fields, faults: &mut Vec<Fault>) -> Option<Recipe> {
    let email = fields.optional("email", faults);
    let phone_number = fields.optional::<&str>("phoneNumber", faults);

    let email = email.map(|email| normal_email(email, faults));
    let phone_number = phone_number.map(|number| {
        check_length("phoneNumber", number, 256, faults);
        normalise::phone(number)
    });
    if email.is_none() && phone_number.is_none() {
        faults.push(Fault::NoContact);
    }
    Some(Recipe::Passwordless {
        email,
        phone_number,
    })
}

/// The address in normal form. It has at most 255 characters, though the protocol says 256.
fn normal_email(email: &str, faults: &mut Vec<Fault>) -> String {
    if is_longer(email, 255) {
        faults.push(Fault::TooLong {
            what: "email",
            text: email.to_owned(),
            max: 256,
        });
    }
    normalise::email(email)
}
