//! Searching `login_method_tenants` by the beginning of an address, a number or a provider's name.

use uuid::Uuid;

use super::users::Order;
use crate::db::{self, Param, Row, Time};

/// Ranges of texts, as what each begins with and the first text behind all that do: in this form an index finds them.
/// Statements look each range up by itself (LATERAL with OFFSET 0), or a plan that knows no values could read the whole
/// tenant.
pub struct Prefixes {
    first: Vec<String>,
    behind: Vec<String>,
}

impl Prefixes {
    /// `None` for no prefix at all.
    pub fn new(prefixes: &[String]) -> Option<Self> {
        if prefixes.is_empty() {
            return None;
        }
        Some(Self {
            first: prefixes.to_vec(),
            behind: prefixes.iter().map(|prefix| behind(prefix)).collect(),
        })
    }
}

/// The first text, by bytes, behind all that begin with `prefix`, which is not empty.
fn behind(prefix: &str) -> String {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // The step over the surrogates, which are no characters, is part of the range.
        if let Some(next) = (last..=char::MAX).nth(1) {
            characters.push(next);
            break;
        }
    }
    characters.into_iter().collect()
}

/// What a login method must have: one of the prefixes of each kind that is given.
pub struct Search {
    pub emails: Option<Prefixes>,
    pub phones: Option<Prefixes>,
    pub providers: Option<Prefixes>,
}

/// The users of a tenant with such a login method, as (id, time joined): at most `limit`, in order.
pub fn search(
    app_id: &str,
    tenant_id: &str,
    search: &Search,
    order: Order,
    limit: i64,
) -> Vec<(Uuid, Time)> {
    let newest_first = order == Order::NewestFirst;
    let mut params: Vec<Param> = vec![
        app_id.into(),
        tenant_id.into(),
        newest_first.into(),
        limit.into(),
    ];
    for prefixes in [&search.emails, &search.phones, &search.providers] {
        params.push(prefixes.as_ref().map(|p| p.first.as_slice()).into());
        params.push(prefixes.as_ref().map(|p| p.behind.as_slice()).into());
    }
    let read = |row: &Row| (row.uuid(2), row.time(1));
    // The kind with the most different values leads; the others are looked at in what it finds.
    if search.emails.is_some() {
        db::query(BY_EMAIL, &params, read)
    } else if search.phones.is_some() {
        db::query(BY_PHONE, &params, read)
    } else {
        db::query(BY_PROVIDER, &params, read)
    }
}

macro_rules! ordered {
    ($found:literal) => {
        concat!(
            "SELECT user_time_joined, user_id FROM (
                 SELECT DISTINCT found.user_time_joined, found.user_id FROM (",
            $found,
            ") AS found
                 WHERE ($7 IS NULL OR EXISTS (
                         SELECT FROM unnest($7, $8) AS wanted (first, behind)
                         WHERE found.phone >= wanted.first AND found.phone < wanted.behind))
                   AND ($9 IS NULL OR EXISTS (
                         SELECT FROM unnest($9, $10) AS wanted (first, behind)
                         WHERE (found.third_party_id >= wanted.first AND found.third_party_id < wanted.behind)
                            OR (found.third_party_id || '::' || found.third_party_user_id >= wanted.first
                                AND found.third_party_id || '::' || found.third_party_user_id < wanted.behind)))
             ) AS matching
             ORDER BY CASE WHEN $3 THEN user_time_joined END DESC, CASE WHEN NOT $3 THEN user_time_joined END,
                      user_id DESC
             LIMIT $4"
        )
    };
}

const BY_EMAIL: &str = ordered!(
    "SELECT t.* FROM unnest($5, $6) AS wanted (first, behind) CROSS JOIN LATERAL (
         SELECT * FROM auth.login_method_tenants t
         WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.email >= wanted.first AND t.email < wanted.behind
           AND t.recipe <> 'thirdparty' OFFSET 0) AS t
     UNION ALL
     SELECT t.* FROM unnest($5, $6) AS wanted (first, behind) CROSS JOIN LATERAL (
         SELECT * FROM auth.login_method_tenants t
         WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.email >= wanted.first AND t.email < wanted.behind
           AND t.recipe = 'thirdparty' OFFSET 0) AS t
     UNION ALL
     SELECT t.* FROM unnest($5, $6) AS wanted (first, behind) CROSS JOIN LATERAL (
         SELECT * FROM auth.login_method_tenants t
         WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.email IS NOT NULL
           AND split_part(t.email, '@', -1) >= wanted.first AND split_part(t.email, '@', -1) < wanted.behind OFFSET 0) AS t"
);

const BY_PHONE: &str = ordered!(
    "SELECT t.* FROM unnest($7, $8) AS wanted (first, behind) CROSS JOIN LATERAL (
         SELECT * FROM auth.login_method_tenants t
         WHERE t.app_id = $1 AND t.tenant_id = $2 AND t.phone >= wanted.first AND t.phone < wanted.behind OFFSET 0) AS t"
);

/// The beginning of a provider's name, or a whole one and the beginning of the user's id there.
const BY_PROVIDER: &str = ordered!(
    "SELECT t.* FROM unnest($9, $10) AS wanted (first, behind) CROSS JOIN LATERAL (
         SELECT * FROM auth.login_method_tenants t
         WHERE t.app_id = $1 AND t.tenant_id = $2 AND strpos(wanted.first, '::') = 0
           AND t.third_party_id >= wanted.first AND t.third_party_id < wanted.behind OFFSET 0) AS t
     UNION ALL
     SELECT t.* FROM unnest($9, $10) AS wanted (first, behind) CROSS JOIN LATERAL (
         SELECT * FROM auth.login_method_tenants t
         WHERE t.app_id = $1 AND t.tenant_id = $2 AND strpos(wanted.first, '::') > 0
           AND t.third_party_id = split_part(wanted.first, '::', 1)
           AND t.third_party_user_id >= split_part(wanted.first, '::', 2)
           -- Without an end where the tag is no more than the name and the colons.
           AND t.third_party_user_id < CASE WHEN strpos(wanted.behind, '::') = 0 THEN chr(1114111)
                                            ELSE split_part(wanted.behind, '::', 2) END OFFSET 0) AS t"
);

#[cfg(test)]
mod unit {
    use super::behind;

    #[test]
    fn what_is_behind_a_prefix() {
        assert_eq!(behind("john"), "joho");
        assert_eq!(behind("a\u{7f}"), "a\u{80}");
        assert_eq!(behind("\u{d7ff}"), "\u{e000}");
        assert_eq!(behind("a\u{10ffff}"), "b");
        assert_eq!(behind("\u{10ffff}"), "");
    }
}
