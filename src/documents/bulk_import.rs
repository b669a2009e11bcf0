//! Bulk import (CDI, "Bulk import").

use serde_json::{Map, Value, json};

use crate::recipes::bulkimport::{Entry, Queued};

/// A user that has just been queued.
pub fn queued_user(queued: &Queued) -> Value {
    let methods = json!(queued.user.login_methods);
    let methods = methods.as_array().into_iter().flatten().zip(&queued.ids);
    let shown = methods.map(|(method, id)| {
        let mut document = Map::new();
        document.insert("recipeId".into(), method["recipeId"].clone());
        document.insert("userId".into(), json!(id));
        document.insert("tenants".into(), method["tenantIds"].clone());
        // Two of the names are spelt otherwise here than in the request.
        for (given, shown) in [
            ("email", "email"),
            ("phoneNumber", "phoneNumber"),
            ("thirdPartyId", "thirdpartyId"),
            ("thirdPartyUserId", "thirdpartyUserId"),
        ] {
            if let Some(value) = method.get(given) {
                document.insert(shown.into(), value.clone());
            }
        }
        Value::Object(document)
    });
    let primary = queued.ids[queued.user.primary_index()];
    let external_id = queued.user.external_user_id.clone();
    json!({
        "userId": external_id.unwrap_or_else(|| primary.to_string()),
        "loginMethods": shown.collect::<Vec<_>>(),
    })
}

/// An entry of the queue.
pub fn queue_entry(entry: &Entry) -> Value {
    let mut document = entry.user.clone();
    document["id"] = json!(entry.row.id);
    document["status"] = json!(entry.row.status);
    document["createdAt"] = json!(entry.row.created_at.0);
    document["updatedAt"] = json!(entry.row.updated_at.0);
    if let Some(message) = &entry.row.error_message {
        document["errorMessage"] = json!(message);
    }
    document
}
