//! Versions of the CDI: what differs between them is data, and stands here.

use auth_core::access_token::Version as TokenVersion;

use crate::documents::{SessionShape, UserShape};
use crate::recipes::multitenancy::FactorRules;
use crate::recipes::session::RotationRule;

/// A version of the CDI.
#[derive(Debug)]
pub struct Cdi {
    /// As callers write it.
    pub name: &'static str,
    pub token_version: TokenVersion,
    pub user_shape: UserShape,
    pub session_shape: SessionShape,
    /// Rules of the "v1" multitenancy operations, and of the refusal of recipes that are not enabled.
    pub factor_rules: FactorRules,
    /// Whether recipe calls are refused where the tenant has the recipe disabled.
    pub checks_recipes: bool,
    /// What requests call the id of a login method.
    pub login_method_id_field: &'static str,
    /// Whether a password-reset token needs an address.
    pub reset_token_has_email: bool,
    /// Whether operations of the app are refused from a tenant other than `public`.
    pub strict_app_scope: bool,
    /// Whether a refresh must say which keys to sign with.
    pub refresh_needs_key_kind: bool,
    pub rotation: RotationRule,
    /// Whether a caller may shorten the life of access tokens.
    pub access_token_validity: bool,
    /// Whether a third party's word, or a code that came by mail, verifies an address.
    pub verifies_on_sign_in: bool,
    /// Whether passwordless operations speak of the device: `consumedDevice`, check, revocation by device.
    pub consumed_device: bool,
    /// Whether a refused one-time password tells how many were wrong.
    pub totp_counts: bool,
    /// Whether options for signing in with a passkey work once.
    pub single_use_webauthn_options: bool,
}

const V5_4: Cdi = Cdi {
    name: "5.4",
    token_version: TokenVersion::V5,
    user_shape: UserShape::Full { webauthn: true },
    session_shape: SessionShape {
        recipe_user_id: true,
    },
    factor_rules: FactorRules::SwitchesAndLists,
    checks_recipes: false,
    login_method_id_field: "recipeUserId",
    reset_token_has_email: true,
    strict_app_scope: true,
    refresh_needs_key_kind: true,
    rotation: RotationRule::OnFirstUse,
    access_token_validity: false,
    verifies_on_sign_in: true,
    consumed_device: true,
    totp_counts: true,
    single_use_webauthn_options: false,
};

const V5_5: Cdi = Cdi {
    name: "5.5",
    single_use_webauthn_options: true,
    ..V5_4
};

const V5_2: Cdi = Cdi {
    name: "5.2",
    user_shape: UserShape::Full { webauthn: false },
    ..V5_4
};

const V4_0: Cdi = Cdi {
    name: "4.0",
    factor_rules: FactorRules::Switches,
    checks_recipes: true,
    strict_app_scope: false,
    refresh_needs_key_kind: false,
    consumed_device: false,
    totp_counts: false,
    ..V5_2
};

const V3_1: Cdi = Cdi {
    name: "3.1",
    token_version: TokenVersion::V4,
    user_shape: UserShape::FirstLoginMethod { tenant_ids: true },
    session_shape: SessionShape {
        recipe_user_id: false,
    },
    login_method_id_field: "userId",
    reset_token_has_email: false,
    verifies_on_sign_in: false,
    ..V4_0
};

/// The versions that are served, oldest first.
pub static SERVED: [Cdi; 10] = [
    Cdi {
        name: "3.0",
        ..V3_1
    },
    V3_1,
    V4_0,
    Cdi {
        name: "5.0",
        checks_recipes: true,
        ..V5_2
    },
    Cdi {
        name: "5.1",
        ..V5_2
    },
    V5_2,
    Cdi {
        name: "5.3",
        ..V5_4
    },
    V5_4,
    V5_5,
    Cdi {
        name: "5.6",
        rotation: RotationRule::AtRefresh,
        access_token_validity: true,
        ..V5_5
    },
];

/// The versions that a configuration with these bounds serves.
pub fn served(min: Option<&str>, max: Option<&str>) -> &'static [Cdi] {
    let end = max.map_or(SERVED.len(), |max| {
        SERVED.partition_point(|cdi| at_most(cdi.name, max))
    });
    let start = min.map_or(0, |min| {
        SERVED.partition_point(|cdi| !at_most(min, cdi.name))
    });
    SERVED.get(start..end).unwrap_or_default()
}

/// Whether version `a` is not above version `b`.
pub fn at_most(a: &str, b: &str) -> bool {
    let numbers = |version: &str| -> Vec<u32> {
        version
            .split('.')
            .map(|part| part.parse().unwrap_or(u32::MAX))
            .collect()
    };
    numbers(a) <= numbers(b)
}

/// Whether a text has the form of a version: two or three numbers with dots between.
pub fn is_well_formed(text: &str) -> bool {
    let parts: Vec<_> = text.split('.').collect();
    (2..=3).contains(&parts.len())
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn bounds_cut_the_list() {
        let names = |min, max| {
            served(min, max)
                .iter()
                .map(|cdi| cdi.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(Some("5.2"), Some("5.4")), ["5.2", "5.3", "5.4"]);
        assert_eq!(names(None, Some("4.0")), ["3.0", "3.1", "4.0"]);
        assert_eq!(names(Some("5.5"), None), ["5.5", "5.6"]);
        assert_eq!(names(None, None).len(), SERVED.len());
    }

    #[test]
    fn forms() {
        assert!(is_well_formed("5.4") && is_well_formed("5.4.0"));
        for text in ["", "5", "5.", "5.x", "v5.4", "5.4.0.1"] {
            assert!(!is_well_formed(text), "{text}");
        }
    }
}
