use super::*;

/// Variables as a mail has them.
fn values() -> Value {
    json!({
        "SiteURL": "https://x.dev",
        "ConfirmationURL": "https://api.x.dev/verify?token=abc&type=signup&redirect_to=https://x.dev/",
        "RedirectTo": "https://x.dev/welcome?a=b&c=d",
        "Email": "o'neil+x@x.dev",
        "Token": "012345",
        "Data": {
            "name": "<b>Ada</b> & \"Co\"",
            "locale": "de",
            "address": {"city": "Bonn"},
            "tags": ["a", "b"],
            "first-name": "Ada",
            "age": 36,
            "evil": "javascript:alert(1)",
            "subject": "a\r\nBcc: eve@x.dev",
        },
    })
}

fn text(source: &str) -> Result<String, TemplateError> {
    Template::text(source)?.render(&values())
}

fn html(source: &str) -> Result<String, TemplateError> {
    Template::html(source)?.render(&values())
}

/// The results are those of Go 1.26.
#[test]
fn what_mail_templates_do() {
    for (source, expected) in [
        ("Code: {{ .Token }}{{.Token}}", "Code: 012345012345"),
        ("{{ .Data.address.city }}", "Bonn"),
        ("{{ index .Data \"first-name\" }}", "Ada"),
        ("{{ .Data.age }}", "36"),
        ("a {{- /* a comment */ -}} b", "ab"),
        ("a  {{- .Token -}}\n b", "a012345b"),
        (
            "{{ if eq .Data.locale \"en\" }}Hi{{ else if eq .Data.locale \"de\" }}Hallo{{ else }}?{{ end }}",
            "Hallo",
        ),
        ("{{ if .Data.missing }}x{{ else }}y{{ end }}", "y"),
        ("{{ if .Data.missing.deep }}x{{ end }}", ""),
        ("{{ if and .Data.name (not .Data.missing) }}x{{ end }}", "x"),
        ("{{ if or .Data.missing .Token }}x{{ end }}", "x"),
        ("{{ if ne .Data.locale \"de\" }}x{{ end }}", ""),
        (
            "{{ range $i, $t := .Data.tags }}{{ if $i }}, {{ end }}{{ $t }}{{ end }}",
            "a, b",
        ),
        (
            "{{ with .Data.address }}{{ .city }} {{ $.Token }}{{ end }}",
            "Bonn 012345",
        ),
        ("{{ $c := .Data.address.city }}{{ $c }}", "Bonn"),
        ("{{ printf \"%s!\" .Token }}", "012345!"),
        ("{{ len .Data.tags }}", "2"),
    ] {
        assert_eq!(text(source).as_deref(), Ok(expected), "{source}");
        assert_eq!(html(source).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn text_is_not_escaped() {
    assert_eq!(text("{{ .Email }}").unwrap(), "o'neil+x@x.dev");
    assert_eq!(text("{{ .Data.nothing }}").unwrap(), "<no value>");
}

/// The results are those of Go 1.26.
#[test]
fn html_is_escaped_by_where_a_value_stands() {
    for (source, expected) in [
        (
            "<p>{{ .Data.name }}</p>",
            "<p>&lt;b&gt;Ada&lt;/b&gt; &amp; &#34;Co&#34;</p>",
        ),
        ("{{ .Email }}", "o&#39;neil&#43;x@x.dev"),
        ("{{ .Data.nothing }}", ""),
        (
            "<a title=\"{{ .Data.name }}\">",
            "<a title=\"&lt;b&gt;Ada&lt;/b&gt; &amp; &#34;Co&#34;\">",
        ),
        (
            "<a href=\"{{ .ConfirmationURL }}\">",
            "<a href=\"https://api.x.dev/verify?token=abc&amp;type=signup&amp;redirect_to=https://x.dev/\">",
        ),
        (
            "<a href='{{ .SiteURL }}/auth/confirm?type=email&next={{ .RedirectTo }}'>",
            "<a href='https://x.dev/auth/confirm?type=email&next=https%3a%2f%2fx.dev%2fwelcome%3fa%3db%26c%3dd'>",
        ),
        ("<a href=\"{{ .Data.evil }}\">", "<a href=\"#ZgotmplZ\">"),
        (
            "<p style=\"color: {{ .Data.name }}\">",
            "<p style=\"color: ZgotmplZ\">",
        ),
        (
            "<script>x = {{ .Data.tags }}</script>",
            "<script>x = [\"a\",\"b\"]</script>",
        ),
        ("a<!-- {{ .Token }} -->b", "ab"),
    ] {
        assert_eq!(html(source).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn a_line_is_one_line() {
    let subject = Template::text(" Hello\n {{ .Data.subject }} ").unwrap();
    assert_eq!(
        subject.render_line(&values()).unwrap(),
        "Hello a Bcc: eve@x.dev"
    );
}

#[test]
fn errors_name_the_line() {
    for (source, line) in [
        ("{{ .Token ", 1),
        ("\n\n{{ if .Token }}", 3),
        ("\n{{ end }}", 2),
        ("a\nb {{ if }}{{ end }}", 2),
        ("\n{{ nothing .Token }}", 2),
        ("\n{{ $x }}", 2),
    ] {
        for error in [Template::text(source).err(), Template::html(source).err()] {
            let Some(TemplateError::Syntax(found, _)) = error else {
                panic!("{source:?} {error:?}");
            };
            assert_eq!(found, line, "{source:?}");
        }
    }
    // Only HTML minds.
    let source = "\n{{ if .Token }}<a href=\"{{ end }}x";
    assert!(Template::text(source).is_ok());
    let error = Template::html(source).err().unwrap();
    assert!(
        error
            .to_string()
            .starts_with("line 2: {{if}} branches end in different contexts")
    );
}

#[test]
fn nothing_is_without_end() {
    let deep = "{{ if .Token }}".repeat(100_000);
    assert!(matches!(
        Template::html(&deep),
        Err(TemplateError::TooLarge)
    ));
    let deep = format!("{}{}", "{{if .T}}".repeat(50_000), "{{end}}".repeat(50_000));
    assert!(matches!(
        Template::text(&deep),
        Err(TemplateError::Syntax(..))
    ));
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(300_000), ")".repeat(300_000));
    assert!(matches!(
        Template::html(&deep),
        Err(TemplateError::Syntax(..))
    ));
    let rounds = Template::text("{{ range 1000000000 }}{{ end }}").unwrap();
    assert!(matches!(
        rounds.render(&json!({})),
        Err(TemplateError::Values(_))
    ));
    let large = Template::text("{{ range 50000 }}{{ $.Data }}{{ end }}").unwrap();
    assert_eq!(large.render(&values()), Err(TemplateError::TooLarge));
    let itself = "{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}";
    assert!(matches!(text(itself), Err(TemplateError::Values(_))));
    assert!(matches!(
        text("{{ len .Data.age }}"),
        Err(TemplateError::Values(_))
    ));
}
