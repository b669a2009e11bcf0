//! Tenants (CDI, "Multitenancy").

use serde_json::{Map, Value, json};

use crate::recipes::multitenancy::{FactorRules, TenantConfig, enabled_factors, is_enabled};
use crate::store::users::Recipe;

/// A tenant's configuration (CDI, "Multitenancy", "Answers").
pub fn tenant(config: &TenantConfig, shape: FactorRules) -> Value {
    let row = &config.row;
    let mut document = Map::new();
    document.insert("tenantId".into(), row.id.as_str().into());
    document.insert("coreConfig".into(), json!(config.core_config));
    let providers = json!({"providers": row.third_party_providers});
    document.insert("thirdParty".into(), providers);
    let all_on = row.email_password_enabled && row.third_party_enabled && row.passwordless_enabled;
    let mut first_factors = row.first_factors.clone();
    if shape == FactorRules::Lists && first_factors.is_none() && !all_on {
        first_factors = Some(enabled_factors(row));
    }
    if shape != FactorRules::Lists {
        let enabled = |recipe| json!({"enabled": is_enabled(row, shape, recipe)});
        document.insert("emailPassword".into(), enabled(Recipe::EmailPassword));
        document.insert("passwordless".into(), enabled(Recipe::Passwordless));
        document["thirdParty"]["enabled"] = is_enabled(row, shape, Recipe::ThirdParty).into();
        first_factors = first_factors.filter(|factors| !factors.is_empty());
    }
    if shape != FactorRules::Switches {
        if let Some(factors) = first_factors {
            document.insert("firstFactors".into(), json!(factors));
        }
        if let Some(factors) = &row.required_secondary_factors {
            document.insert("requiredSecondaryFactors".into(), json!(factors));
        }
    }
    Value::Object(document)
}
