//! The factors that a tenant lets in: two lists, and the three switches that older callers know.

use super::{Change, TenantUpdate};
use crate::error::{Error, Result};
use crate::store::tenants::TenantRow;
use crate::store::users::Recipe;
use crate::tenant::PUBLIC;

/// How the three recipe switches and the two lists of factors bear on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorRules {
    /// Only lists; no switches (CDI "v2" operations).
    Lists,
    /// Switches and lists, kept in step ("v1" operations from CDI 5.0).
    SwitchesAndLists,
    /// Switches, which edit the list ("v1" operations before CDI 5.0).
    Switches,
}

/// A recipe with a switch, and the factors that belong to it.
struct Switch {
    recipe: Recipe,
    name: &'static str,
    factors: &'static [&'static str],
    get: fn(&TenantRow) -> bool,
    set: fn(&mut TenantRow, bool),
    wanted: fn(&TenantUpdate) -> Option<bool>,
}

const SWITCHES: [Switch; 3] = [
    Switch {
        recipe: Recipe::EmailPassword,
        name: "emailPassword",
        factors: &["emailpassword"],
        get: |row| row.email_password_enabled,
        set: |row, on| row.email_password_enabled = on,
        wanted: |update| update.email_password_enabled,
    },
    Switch {
        recipe: Recipe::ThirdParty,
        name: "thirdParty",
        factors: &["thirdparty"],
        get: |row| row.third_party_enabled,
        set: |row, on| row.third_party_enabled = on,
        wanted: |update| update.third_party_enabled,
    },
    Switch {
        recipe: Recipe::Passwordless,
        name: "passwordless",
        factors: &["otp-email", "otp-phone", "link-email", "link-phone"],
        get: |row| row.passwordless_enabled,
        set: |row, on| row.passwordless_enabled = on,
        wanted: |update| update.passwordless_enabled,
    },
];

fn owns(switch: &Switch, factor: &str) -> bool {
    switch.factors.contains(&factor)
}

/// The factors of the recipes that are switched on.
pub fn enabled_factors(row: &TenantRow) -> Vec<String> {
    let on = SWITCHES.iter().filter(|switch| (switch.get)(row));
    on.flat_map(|switch| switch.factors)
        .map(|factor| (*factor).to_owned())
        .collect()
}

/// Whether a recipe may be used in a tenant, as callers see it that go by these rules.
pub fn is_enabled(row: &TenantRow, rules: FactorRules, recipe: Recipe) -> bool {
    // WebAuthn came after the switches.
    let Some(switch) = SWITCHES.iter().find(|switch| switch.recipe == recipe) else {
        return true;
    };
    let factors = row.first_factors.as_deref();
    match rules {
        FactorRules::Lists => true,
        FactorRules::SwitchesAndLists => {
            (switch.get)(row) && factors.is_none_or(|factors| !factors.is_empty())
        }
        FactorRules::Switches => {
            (switch.get)(row)
                && factors.is_none_or(|factors| factors.iter().any(|factor| owns(switch, factor)))
        }
    }
}

/// A tenant as it is when it has just been made.
pub fn new_tenant(tenant_id: &str, rules: FactorRules) -> TenantRow {
    let mut row = TenantRow::unrestricted(tenant_id);
    if rules != FactorRules::Lists {
        SWITCHES
            .iter()
            .for_each(|switch| (switch.set)(&mut row, false));
    }
    // An app's public tenant is open when it is made without switches, any other lets nobody in yet.
    let closed = match rules {
        FactorRules::Lists => tenant_id != PUBLIC,
        FactorRules::SwitchesAndLists => false,
        FactorRules::Switches => true,
    };
    row.first_factors = closed.then(Vec::new);
    row
}

/// Refuses lists that cannot be.
///
/// # Errors
/// [`Error::Invalid`].
pub fn check(rules: FactorRules, update: &TenantUpdate) -> Result<()> {
    let lists = [
        ("firstFactors", "first factors", &update.first_factors),
        (
            "requiredSecondaryFactors",
            "required secondary factors",
            &update.required_secondary_factors,
        ),
    ];
    for (field, words, change) in lists {
        let Change::Set(factors) = change else {
            continue;
        };
        if factors.is_empty() && rules == FactorRules::SwitchesAndLists {
            return Err(Error::invalid(format!(
                "{field} cannot be empty. Set null instead to remove all {words}."
            )));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.()-".contains(c);
        if factors
            .iter()
            .any(|factor| factor.is_empty() || !factor.chars().all(allowed))
        {
            return Err(Error::invalid(format!(
                "{field} should contain only 0-9,a-z,A-Z,_,.,- characters"
            )));
        }
        let mut sorted: Vec<_> = factors.iter().collect();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::invalid(format!(
                "{field} input should not contain duplicate values"
            )));
        }
        for switch in &SWITCHES {
            let factor = factors.iter().find(|factor| owns(switch, factor));
            if let (Some(factor), Some(false)) = (factor, (switch.wanted)(update)) {
                return Err(Error::invalid(format!(
                    "Invalid core config: {field} should not contain '{factor}' because {} is \
                     disabled for the tenant.",
                    switch.name
                )));
            }
        }
    }
    Ok(())
}

/// Changes the lists and switches of a tenant.
pub fn apply(row: &mut TenantRow, rules: FactorRules, update: &TenantUpdate) {
    match rules {
        FactorRules::Lists => apply_lists(row, update),
        FactorRules::SwitchesAndLists => apply_switches_and_lists(row, update),
        FactorRules::Switches => apply_switches(row, update),
    }
}

fn set<T: Clone>(field: &mut Option<T>, change: &Change<T>) {
    match change {
        Change::Keep => {}
        Change::Reset => *field = None,
        Change::Set(value) => *field = Some(value.clone()),
    }
}

fn apply_lists(row: &mut TenantRow, update: &TenantUpdate) {
    let untouched =
        update.first_factors == Change::Keep && update.required_secondary_factors == Change::Keep;
    if untouched {
        return;
    }
    // From now on the list says what the switches said.
    if row.first_factors.is_none() && !SWITCHES.iter().all(|switch| (switch.get)(row)) {
        row.first_factors = Some(enabled_factors(row));
    }
    SWITCHES.iter().for_each(|switch| (switch.set)(row, true));
    set(&mut row.first_factors, &update.first_factors);
    set(
        &mut row.required_secondary_factors,
        &update.required_secondary_factors,
    );
}

fn apply_switches_and_lists(row: &mut TenantRow, update: &TenantUpdate) {
    let enabled: Vec<_> = SWITCHES
        .iter()
        .filter(|switch| (switch.wanted)(update) == Some(true))
        .collect();
    if !enabled.is_empty() && row.first_factors.as_ref().is_some_and(Vec::is_empty) {
        // A tenant that let nobody in opens for these recipes alone.
        SWITCHES.iter().for_each(|switch| (switch.set)(row, false));
        row.first_factors = None;
    }
    for switch in &SWITCHES {
        let Some(on) = (switch.wanted)(update) else {
            continue;
        };
        (switch.set)(row, on);
        if !on {
            for list in [&mut row.first_factors, &mut row.required_secondary_factors] {
                if let Some(factors) = list.as_mut() {
                    factors.retain(|factor| !owns(switch, factor));
                }
            }
            // An emptied list would let nobody in; with v1 that is said by the switches.
            for list in [&mut row.first_factors, &mut row.required_secondary_factors] {
                if list.as_ref().is_some_and(Vec::is_empty) {
                    *list = None;
                }
            }
        }
    }
    for change in [&update.first_factors, &update.required_secondary_factors] {
        let Change::Set(factors) = change else {
            continue;
        };
        for switch in &SWITCHES {
            if factors.iter().any(|factor| owns(switch, factor)) {
                (switch.set)(row, true);
            }
        }
    }
    set(&mut row.first_factors, &update.first_factors);
    set(
        &mut row.required_secondary_factors,
        &update.required_secondary_factors,
    );
}

fn apply_switches(row: &mut TenantRow, update: &TenantUpdate) {
    for switch in &SWITCHES {
        let Some(on) = (switch.wanted)(update) else {
            continue;
        };
        (switch.set)(row, on);
        if on {
            if let Some(factors) = row.first_factors.as_mut() {
                for factor in switch.factors {
                    if !factors.iter().any(|known| known == factor) {
                        factors.push((*factor).to_owned());
                    }
                }
            }
        } else {
            let all = || {
                let factors = SWITCHES.iter().flat_map(|switch| switch.factors);
                factors.map(|factor| (*factor).to_owned()).collect()
            };
            row.first_factors
                .get_or_insert_with(all)
                .retain(|factor| !owns(switch, factor));
        }
    }
}
