//! What can be wrong with a user.

use crate::passwords::ImportError;

/// One thing that is wrong with a user. The texts are those of the protocol; none has a password in it.
///
/// A `place` is the end of a sentence: the part of the user that it speaks of, with the full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A field that must be there is not.
    #[error("{field} is required{place}")]
    Missing {
        /// The field.
        field: &'static str,
        /// Where it is missing.
        place: &'static str,
    },
    /// A field is of another type, a text of blanks, or `null`.
    #[error("{field} should be of type {type_name}{place}")]
    WrongType {
        /// The field.
        field: &'static str,
        /// The type that it should have.
        type_name: &'static str,
        /// Where it stands.
        place: &'static str,
    },
    /// A text is longer than it may be.
    #[error("{what} {text} is too long. Max length is {max}.")]
    TooLong {
        /// What the text is.
        what: &'static str,
        /// The text as it was given.
        text: String,
        /// The length that the message allows.
        max: usize,
    },
    /// A hash is longer than it may be.
    #[error("passwordHash is too long. Max length is {0}.")]
    HashTooLong(usize),
    /// Another user of the request has the external id.
    #[error("externalUserId {0} is not unique. It is already used by another user.")]
    ExternalIdTaken(String),
    /// There is no such role.
    #[error("Role {0} does not exist.")]
    UnknownRole(String),
    /// A role in a tenant that there is not.
    #[error("Invalid tenantId: {0} for a user role.")]
    UnknownTenantOfRole(String),
    /// A role in a tenant that the user does not get into.
    #[error("TenantId {0} for a user role does not exist in loginMethods.")]
    RoleOutsideOfTenants(String),
    /// A time step of no seconds, or fewer.
    #[error("period should be > 0 for a totp device.")]
    Period,
    /// Fewer than no time steps that a code may be off.
    #[error("skew should be >= 0 for a totp device.")]
    Skew,
    /// A user that could not sign in.
    #[error("At least one loginMethod is required.")]
    NoLoginMethod,
    /// More than one login method is marked as the primary one.
    #[error("No two loginMethods can have isPrimary as true.")]
    SeveralPrimary,
    /// A recipe that has no users, or none that can be imported.
    #[error(
        "Invalid recipeId for loginMethod. Pass one of emailpassword, thirdparty or, passwordless!"
    )]
    RecipeId,
    /// A login method in a tenant that there is not.
    #[error("Invalid tenantId: {tenant_id} for {recipe_id} recipe.")]
    UnknownTenant {
        /// The tenant as it was given.
        tenant_id: String,
        /// The recipe as it was given.
        recipe_id: String,
    },
    /// A login method from the future.
    #[error("timeJoined cannot be in future for a loginMethod.")]
    JoinedInFuture,
    /// A login method from before 1970.
    #[error("timeJoined cannot be < 0 for a loginMethod.")]
    JoinedBeforeEpoch,
    /// Neither a password nor its hash with the algorithm.
    #[error(
        "Either (passwordHash, hashingAlgorithm) or plainTextPassword is required for an emailpassword recipe."
    )]
    NoPassword,
    /// An algorithm whose hashes are not taken.
    #[error(
        "Invalid hashingAlgorithm for emailpassword recipe. Pass one of bcrypt, argon2 or, firebase_scrypt!"
    )]
    HashingAlgorithm,
    /// A hash that is not taken.
    #[error(transparent)]
    Hash(#[from] ImportError),
    /// Nowhere to send a code to.
    #[error("Either email or phoneNumber is required for a passwordless recipe.")]
    NoContact,
}
