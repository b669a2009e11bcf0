//! Mails.

use serde_json::json;

use super::*;

/// A certificate for a name, in files: the certificate's and the key's.
fn certificate(cluster: &Cluster, name: &str) -> (String, String) {
    let certified = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let write = |file: &str, text: String| {
        let path = cluster.directory().join(file);
        std::fs::write(&path, text).expect("it is written");
        path.to_str().expect("a path").to_owned()
    };
    (
        write("mail.crt", certified.cert.pem()),
        write("mail.key", certified.signing_key.serialize_pem()),
    )
}

#[test]
fn mails_arrive_as_they_are_meant() {
    let cluster = Cluster::start();
    let (file, key) = certificate(&cluster, "127.0.0.1");
    let server = MailServer::start(&[
        "--encryption",
        "starttls",
        "--certificate",
        &file,
        "--key",
        &key,
        "--user",
        "ada",
        "--password",
        "geheim",
    ]);
    let _gateway = start(&cluster, &["--mail-ca-file", &file]);
    let login = json!({"user": "ada", "password": "geheim"});
    let transport = with(&server.transport("starttls"), &login);
    let long = "Weiße Zeilen, die lang sind. ".repeat(100);
    let mail = json!({
        "from": {"address": "noreply@example.org", "name": "Bücher, \"Ömer\" & Söhne"},
        "to": "zoe@bücher.example",
        "subject": "Grüße aus 北京 ".repeat(15).trim(),
        "text": format!("Hallo Zoë,\n.\n..\nFrom here: https://example.org/?token=a=b\n{long}\n"),
        "html": "<p>Hallo Zoë</p>\n<p>北京</p>\n",
        "headers": {"Reply-To": "help@example.org", "X-Note": "für Zoë"},
    });
    let id = put(&cluster, "email", &mail, &transport);
    let row = wait_for(&cluster, &id, "done");
    assert_eq!(row["attempt"], 1);
    assert!(
        row["detail"]
            .as_str()
            .expect("text")
            .contains("queued as 4711")
    );

    let arrived = &server.mails()[0];
    assert_eq!(arrived["envelope_from"], "noreply@example.org");
    assert_eq!(arrived["envelope_to"], json!(["zoe@xn--bcher-kva.example"]));
    assert_eq!(
        (&arrived["is_encrypted"], &arrived["user"]),
        (&json!(true), &json!("ada"))
    );
    assert_eq!(arrived["is_ascii"], true);
    assert_eq!(arrived["type"], "multipart/alternative");
    assert_eq!(arrived["sender"], json!(["Bücher, \"Ömer\" & Söhne"]));
    assert_eq!(arrived["parts"]["text/plain"], mail["text"]);
    assert_eq!(arrived["parts"]["text/html"], mail["html"]);
    assert_eq!(
        header(arrived, "Subject"),
        [mail["subject"].as_str().expect("text")]
    );
    assert_eq!(
        header(arrived, "Message-ID"),
        [format!("<{id}@example.org>")]
    );
    assert_eq!(header(arrived, "Auto-Submitted"), ["auto-generated"]);
    assert_eq!(header(arrived, "Reply-To"), ["help@example.org"]);
    assert_eq!(header(arrived, "X-Note"), ["für Zoë"]);
    assert_eq!(
        (header(arrived, "Date").len(), header(arrived, "From").len()),
        (1, 1)
    );

    // The next one goes over the same connection.
    let next = put(&cluster, "email", &mail_to("ada@example.org"), &transport);
    wait_for(&cluster, &next, "done");
    let mails = server.mails();
    assert_eq!(mails[0]["connection"], mails[1]["connection"]);
    assert_eq!(server.events("login").len(), 1);
}

#[test]
fn addresses_in_other_scripts_need_a_server_that_takes_them() {
    let cluster = Cluster::start();
    let servers = [&["--smtputf8"][..], &[]].map(MailServer::start);
    let _gateway = start(&cluster, &[]);
    let mail = mail_to("zoë@bücher.example");
    let id = put(&cluster, "email", &mail, &servers[0].transport("none"));
    wait_for(&cluster, &id, "done");
    let arrived = &servers[0].mails()[0];
    let address = "zoë@xn--bcher-kva.example";
    assert_eq!(arrived["envelope_to"], json!([address]));
    assert_eq!(header(arrived, "To"), [address]);

    let id = put(&cluster, "email", &mail, &servers[1].transport("none"));
    let row = wait_for(&cluster, &id, "dead");
    assert!(
        row["error"].as_str().expect("text").contains("SMTPUTF8"),
        "{row}"
    );
}

#[test]
fn encryption_is_as_asked_for() {
    let cluster = Cluster::start();
    let (file, key) = certificate(&cluster, "127.0.0.1");
    let files = ["--certificate", &file, "--key", &key];
    let starttls = MailServer::start(&[&["--encryption", "starttls"], &files[..]].concat());
    let tls = MailServer::start(&[&["--encryption", "tls"], &files[..]].concat());
    let plain = MailServer::start(&["--user", "ada", "--password", "geheim"]);
    let gateway = start(&cluster, &["--mail-ca-file", &file]);
    let login = json!({"user": "ada", "password": "geheim"});
    let mail = mail_to("ada@example.org");
    for (server, security, is_encrypted) in [
        (&starttls, "starttls", true),
        (&starttls, "opportunistic", true),
        (&tls, "tls", true),
        (&plain, "none", false),
    ] {
        let mut transport = server.transport(security);
        if security == "none" {
            transport = with(&transport, &login);
        }
        let id = put(&cluster, "email", &mail, &transport);
        wait_for(&cluster, &id, "done");
        let last = server.mails().pop().expect("a mail");
        assert_eq!(last["is_encrypted"], is_encrypted, "{security}");
    }
    assert_eq!(plain.events("login").len(), 1);

    // A server that does not encrypt, or somebody in between who says so, gets neither mail nor password.
    for transport in [
        plain.transport("starttls"),
        with(&plain.transport("starttls"), &login),
        with(&plain.transport("opportunistic"), &login),
    ] {
        let id = put(&cluster, "email", &mail, &transport);
        let error = wait_for_failure(&cluster, &id);
        assert!(error.contains("STARTTLS"), "{error}");
    }
    assert_eq!((plain.events("login").len(), plain.mails().len()), (1, 1));
    drop(gateway);

    // One that nobody vouches for neither.
    let _gateway = start(&cluster, &[]);
    for (server, security) in [
        (&starttls, "starttls"),
        (&starttls, "opportunistic"),
        (&tls, "tls"),
    ] {
        let before = server.mails().len();
        let id = put(&cluster, "email", &mail, &server.transport(security));
        let error = wait_for_failure(&cluster, &id);
        assert!(error.contains("certificate"), "{security}: {error}");
        assert_eq!(server.mails().len(), before);
    }
}

#[test]
fn a_certificate_for_another_name_is_none() {
    let cluster = Cluster::start();
    let (file, key) = certificate(&cluster, "mail.example.org");
    let server = MailServer::start(&["--encryption", "tls", "--certificate", &file, "--key", &key]);
    let _gateway = start(&cluster, &["--mail-ca-file", &file]);
    let id = put(
        &cluster,
        "email",
        &mail_to("ada@example.org"),
        &server.transport("tls"),
    );
    let error = wait_for_failure(&cluster, &id);
    assert!(error.contains("not valid for name"), "{error}");
    assert_eq!(server.mails().len(), 0);
}

#[test]
fn what_may_go_better_is_told_from_what_will_not() {
    let cluster = Cluster::start();
    let server = MailServer::start(&["--user", "ada", "--password", "geheim"]);
    let _gateway = start(&cluster, &[]);
    let login = json!({"user": "ada", "password": "geheim"});
    let transport = with(&server.transport("none"), &login);

    let busy = put(&cluster, "email", &mail_to("busy@example.org"), &transport);
    let row = wait_for(&cluster, &busy, "done");
    assert_eq!(row["attempt"], 2);
    assert!(
        row["error"].as_str().expect("text").contains("451"),
        "{row}"
    );

    for (to, answer) in [("unknown@example.org", "550"), ("spam@example.org", "554")] {
        let id = put(&cluster, "email", &mail_to(to), &transport);
        let row = wait_for(&cluster, &id, "dead");
        let error = row["error"].as_str().expect("text");
        assert_eq!(row["attempt"], 1);
        assert!(error.contains(answer), "{error}");
    }

    // Matters of the configuration, which somebody may put right.
    let wrong = with(&transport, &json!({"password": "falsch"}));
    let nobody = with(&transport, &json!({"port": 1}));
    for (transport, answer) in [(wrong, "535"), (nobody, "refused")] {
        let id = put(&cluster, "email", &mail_to("ada@example.org"), &transport);
        let error = wait_for_failure(&cluster, &id);
        assert!(error.contains(answer), "{error}");
        let right = format!(
            "UPDATE auth.outbox SET transport = transport || '{login}' || '{{\"port\": {}}}'",
            server.port
        );
        cluster.sql(&format!("{right} WHERE id = '{id}'"));
        wait_for(&cluster, &id, "done");
    }

    for (message, transport, answer) in [
        (
            mail_to("ada@example.org"),
            json!(null),
            "no mail server is configured",
        ),
        (
            mail_to("ada@example.org"),
            json!({"host": "x"}),
            "missing field `port`",
        ),
        (
            json!({"to": "ada@example.org"}),
            transport.clone(),
            "missing field `from`",
        ),
        (mail_to("ada"), transport, "the recipient's address"),
    ] {
        let id = put(&cluster, "email", &message, &transport);
        let row = wait_for(&cluster, &id, "dead");
        assert!(
            row["error"].as_str().expect("text").contains(answer),
            "{row}"
        );
    }
}

#[test]
fn what_was_broken_off_does_not_answer_for_the_next() {
    let cluster = Cluster::start();
    let server = MailServer::start(&[]);
    let flags = ["--courier-timeout", "1s", "--courier-concurrency", "1"];
    let _gateway = start(&cluster, &flags);
    let transport = server.transport("none");
    let slow = put(&cluster, "email", &mail_to("slow@example.org"), &transport);
    let unknown = put(
        &cluster,
        "email",
        &mail_to("unknown@example.org"),
        &transport,
    );
    let row = wait_for(&cluster, &unknown, "dead");
    assert!(
        row["error"].as_str().expect("text").contains("550"),
        "{row}"
    );
    assert!(wait_for_failure(&cluster, &slow).contains("too long"));
}

#[test]
fn nothing_is_smuggled_into_mails() {
    let cluster = Cluster::start();
    let server = MailServer::start(&[]);
    let _gateway = start(&cluster, &[]);
    let ids: Vec<_> = [
        json!({"to": "ada@example.org\r\nRCPT TO:<eve@example.org>"}),
        json!({"subject": "Hello\r\nBcc: eve@example.org"}),
        json!({"from": {"address": "noreply@example.org", "name": "A\nBcc: eve@example.org"}}),
        json!({"headers": {"X-A": "b\r\n\r\nanother body"}}),
        json!({"headers": {"Bcc": "eve@example.org"}}),
    ]
    .iter()
    .map(|change| {
        let mail = with(&mail_to("ada@example.org"), change);
        put(&cluster, "email", &mail, &server.transport("none"))
    })
    .collect();
    for id in ids {
        assert_eq!(wait_for(&cluster, &id, "dead")["attempt"], 1);
    }
    let good = put(
        &cluster,
        "email",
        &mail_to("ada@example.org"),
        &server.transport("none"),
    );
    wait_for(&cluster, &good, "done");
    assert_eq!(server.mails().len(), 1);
}

#[test]
fn a_folder_takes_what_has_no_server() {
    let cluster = Cluster::start();
    let server = MailServer::start(&[]);
    let folder = cluster.directory().join("mails/new");
    let gateway = start(
        &cluster,
        &["--mail-folder", folder.to_str().expect("a path")],
    );
    let mail = json!({"subject": "Grüße", "text": "Your code is 4711\u{1b}[2J\n"});
    let mail = with(&mail_to("ada@example.org"), &mail);
    let id = put(&cluster, "email", &mail, &json!(null));
    wait_for(&cluster, &id, "done");
    let kept = std::fs::read_to_string(folder.join(format!("{id}.eml"))).expect("the mail");
    assert!(kept.contains(&format!("<{id}@example.org>")) && kept.contains("text/html"));
    let block = "-----\nTo: ada@example.org\nSubject: Grüße\n\nYour code is 4711[2J\n-----\n";
    wait_until("it is printed", || gateway.output().contains(block));

    let text = json!({"to": "+15551234567", "text": "Code 0815", "channel": "sms"});
    let id = put(&cluster, "sms", &text, &json!(null));
    wait_for(&cluster, &id, "done");
    wait_until("it is printed", || {
        gateway.output().contains("To: +15551234567\n\nCode 0815\n")
    });
    let kept = std::fs::read_to_string(folder.join(format!("{id}.txt"))).expect("the message");
    assert!(kept.contains("0815"));

    // What has one goes there.
    let id = put(&cluster, "email", &mail, &server.transport("none"));
    wait_for(&cluster, &id, "done");
    assert_eq!(server.mails().len(), 1);
    assert!(!folder.join(format!("{id}.eml")).exists());
}
