//! Paths of the CDI: `[/appid-<app>][/<tenant>]<operation>` (CDI, "Base URL and path shape").

use crate::tenant::PUBLIC;

/// Segments that begin an operation and so cannot name a tenant.
const STOP_WORDS: [&str; 4] = ["recipe", "config", "users", "hello"];

/// A path taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Path {
    pub app_id: String,
    /// The tenant that the path names, if it names one.
    pub tenant_id: Option<String>,
    /// In lower case, without a slash at the end.
    pub operation: String,
}

/// Takes a path apart, given which operations there are; `None` when it leads to none of them.
pub fn parse(path: &str, base_path: &str, exists: impl Fn(&str) -> bool) -> Option<Path> {
    let path = path.strip_prefix(base_path)?.to_ascii_lowercase();
    if !path.is_empty() && !path.starts_with('/') {
        return None;
    }
    // Without an operation's name there must be the slash of "/".
    let names_root = path.is_empty() || path.ends_with('/');
    let path = path.strip_suffix('/').unwrap_or(&path);
    let found = |app_id: &str, tenant_id: Option<&str>, operation: &str| {
        let or_public = |id: &str| if id.is_empty() { PUBLIC } else { id }.to_owned();
        (exists(operation) && (names_root || !operation.is_empty())).then(|| Path {
            app_id: or_public(app_id),
            tenant_id: tenant_id.map(str::to_owned),
            operation: operation.to_owned(),
        })
    };
    if let Some(path) = found("", None, path) {
        return Some(path);
    }
    let (app_id, rest) = match path.strip_prefix("/appid-") {
        Some(rest) => split_segment(rest),
        None => ("", path),
    };
    if !is_identifier(app_id) {
        return None;
    }
    if let Some(path) = found(app_id, None, rest) {
        return Some(path);
    }
    let (tenant_id, rest) = split_segment(rest.strip_prefix('/')?);
    if tenant_id.is_empty() || !is_identifier(tenant_id) || STOP_WORDS.contains(&tenant_id) {
        return None;
    }
    found(app_id, Some(tenant_id), rest)
}

/// The text up to the next slash, and the rest with the slash.
fn split_segment(text: &str) -> (&str, &str) {
    text.split_at(text.find('/').unwrap_or(text.len()))
}

fn is_identifier(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod unit {
    use super::*;

    fn at(path: &str) -> Option<(String, Option<String>, String)> {
        let exists = |operation: &str| ["", "/hello", "/recipe/signin"].contains(&operation);
        parse(path, "", exists).map(|path| (path.app_id, path.tenant_id, path.operation))
    }

    fn found(
        app: &str,
        tenant: Option<&str>,
        op: &str,
    ) -> Option<(String, Option<String>, String)> {
        Some((app.into(), tenant.map(Into::into), op.into()))
    }

    #[test]
    fn app_and_tenant_are_optional_and_lower_cased() {
        let signin = "/recipe/signin";
        assert_eq!(at("/recipe/signin"), found("public", None, signin));
        assert_eq!(at("/RECIPE/SignIn/"), found("public", None, signin));
        assert_eq!(at("/T1/recipe/signin"), found("public", Some("t1"), signin));
        assert_eq!(
            at("/appid-aBc/T2/recipe/signin"),
            found("abc", Some("t2"), signin)
        );
        assert_eq!(at("/appid-/recipe/signin"), found("public", None, signin));
        assert_eq!(
            at("/appid-public/recipe/signin"),
            found("public", None, signin)
        );
        assert_eq!(
            at("/appid-appid-abc/recipe/signin"),
            found("appid-abc", None, signin)
        );
        assert_eq!(at("/"), found("public", None, ""));
        assert_eq!(at("/appid-a/hello"), found("a", None, "/hello"));
    }

    #[test]
    fn what_leads_nowhere() {
        for path in [
            "/t1/appid-abc/recipe/signin",
            "/a/b/recipe/signin",
            "/nothing",
            "/recipe/recipe/signin",
            "/t_1/recipe/signin",
            "/appid-a_b/recipe/signin",
            "/%00/recipe/signin",
            "//recipe/signin",
        ] {
            assert_eq!(at(path), None, "{path}");
        }
    }

    #[test]
    fn a_base_path_is_demanded() {
        let exists = |operation: &str| operation == "/hello";
        assert!(parse("/base/hello", "/base", exists).is_some());
        assert!(parse("/hello", "/base", exists).is_none());
        assert!(parse("/basehello", "/base", exists).is_none());
    }
}
