use super::*;

/// A policy whose site is elsewhere.
fn list(allow_list: &str) -> RedirectPolicy {
    RedirectPolicy::new("https://elsewhere.example", allow_list).unwrap()
}

#[track_caller]
fn check(policy: &RedirectPolicy, yes: &[&str], no: &[&str]) {
    for url in yes {
        assert!(policy.allows(url), "{url}");
    }
    for url in no {
        assert!(!policy.allows(url), "{url}");
    }
}

/// 4.16, the rows of its table with a list.
#[test]
fn the_list() {
    for (allow_list, yes, no) in [
        (
            "http://localhost:3000",
            &["http://localhost:3000"] as &[&str],
            &["http://localhost:3000/docs"] as &[&str],
        ),
        (
            "http://*.test.dev:3000",
            &["http://bar.test.dev:3000"],
            &["http://foo.bar.test.dev:3000"],
        ),
        ("http://*.*.dev:3000", &["http://foo.bar.dev:3000"], &[]),
        ("http://*.dev:3000", &[], &["http://foo.bar.dev:3000"]),
        ("http://**.dev:3000", &["http://foo.bar.dev:3000"], &[]),
        (
            "com.example.app://**",
            &["com.example.app://sign-in/v2"],
            &["com.example.application://sign-in"],
        ),
        (
            "http://localhost:8000/*",
            &["http://localhost:8000/path?param=1"],
            &[
                "http://localhost:8000/path/to/page",
                "http://localhost:8000",
            ],
        ),
        (
            "https://x.dev/*/*",
            &["https://x.dev/a/b"],
            &["https://x.dev/a"],
        ),
    ] {
        check(&list(allow_list), yes, no);
    }
}

/// 4.16, the row with SITE_URL.
#[test]
fn the_site() {
    let policy = RedirectPolicy::new("https://x.dev", "").unwrap();
    check(
        &policy,
        &[
            "https://x.dev/any?x#y",
            "https://x.dev",
            "https://X.dev:443/",
            "https://x.dev?code=1",
        ],
        &[
            "http://x.dev",
            "https://x.dev:8443",
            "https://x.dev.evil.com",
            "https://evil.com/https://x.dev",
            "//x.dev",
            "/path",
            "x.dev",
            "",
        ],
    );
    let local = RedirectPolicy::new("http://localhost:3000", "").unwrap();
    check(
        &local,
        &["http://localhost:5173/x"],
        &["https://localhost:3000"],
    );
    // A site may be an address that no other redirect may have.
    let address = RedirectPolicy::new("http://192.168.1.10:3000", "**").unwrap();
    check(
        &address,
        &["http://192.168.1.10:3000/x"],
        &["http://192.168.1.10/x", "http://192.168.1.11:3000/x"],
    );
}

/// 4.16, the rows for any list.
#[test]
fn hosts_that_no_list_allows() {
    check(
        &list("**,http://*.example.com,http://*.example.com/**"),
        &[
            "http://127.0.0.1:12345/x",
            "http://[0:0:0:0:0:0:0:1]:12345",
            "http://a.example.com",
        ],
        &[
            "http://123?.example.com",
            "http://123.123.123.123/x",
            "http://[2001:db8::1]/",
            "http://japanese。.example.com",
            "exp://192.168.22.47:8081/--/auth",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://example.com./",
            "http://-a.example.com/",
            "http://a_b.example.com/",
        ],
    );
    check(
        &list("http://*.example.com,http://*.example.com/**"),
        &[],
        &["http://something#.example.com/abc"],
    );
    // Without a list, too.
    check(&list(""), &["https://127.0.0.1/", "http://[::1]/"], &[]);
}

/// What browsers read otherwise than it looks.
#[test]
fn disguises() {
    check(
        &list(
            "https://*.x.dev,https://*.x.dev/**,http://localhost:**,https://**.y.dev,https://y.dev/app/**",
        ),
        &[
            "https://a.x.dev/b",
            "https://a.x.dev/b#c",
            "https://a.y.dev",
            "https://y.dev/app/.a",
        ],
        &[
            "https://evil?.x.dev",
            "https://evil?.x.dev/a",
            "https://evil#.x.dev",
            "https://evil\\.x.dev",
            "https://a.x.dev\t/b",
            " https://a.x.dev/b",
            "https://a.x.dev/b\n",
            "http://localhost:1@evil.com/",
            "https://evil@a.x.dev/",
            "https:a.x.dev",
            "https:/a.x.dev",
            "https:///a.x.dev",
            "https://y.dev/app/../admin",
            "https://y.dev/app/%2E%2e/admin",
            "javascript:alert(1)//https://a.y.dev",
        ],
    );
    check(
        &list("**"),
        &[
            "myapp:/callback",
            "myapp:callback",
            "https://any.where/at?all",
        ],
        &[
            "javascript:alert(1)",
            "javascript://127.0.0.1/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
        ],
    );
    // A query right behind the host is matched as browsers send it.
    check(
        &list("https://x.dev/**"),
        &["https://x.dev?code=1"],
        &["https://x.dev"],
    );
}

/// 1.7.
#[test]
fn the_first_allowed_candidate_is_taken_as_it_was_given() {
    let policy = list("https://a.dev/**, https://{b,c}.dev/*,,");
    let given = Some("https://a.dev/x?y#z");
    let refused = Some("https://evil.com/");
    assert_eq!(policy.resolve([given, refused]), "https://a.dev/x?y#z");
    assert_eq!(policy.resolve([refused, given]), "https://a.dev/x?y#z");
    assert_eq!(
        policy.resolve([None, Some("https://c.dev/1")]),
        "https://c.dev/1"
    );
    assert_eq!(policy.resolve([None, refused]), "https://elsewhere.example");
    assert_eq!(policy.resolve([]), policy.site_url());
}

#[test]
fn settings_that_are_wrong() {
    for site_url in ["", "x.dev", "/path", "https://"] {
        let error = RedirectPolicy::new(site_url, "").unwrap_err();
        assert_eq!(error, RedirectError::SiteUrl, "{site_url}");
    }
    let error =
        RedirectPolicy::new("https://x.dev", r"https://a.dev/{x\,},https://{a,b").unwrap_err();
    assert_eq!(
        error.to_string(),
        "'https://{a,b' in URI_ALLOW_LIST is no glob: alternatives in braces are not closed"
    );
}
