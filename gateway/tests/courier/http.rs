//! Webhooks and text messages.

use std::process::Command;

use serde_json::json;

use super::*;

const ALLOWED: [&str; 1] = ["--allow-private-addresses"];
const SECRETS: [&str; 2] = [
    "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_YW5vdGhlciBzZWNyZXQsIHRoZSBuZXcgb25l",
];

/// What somebody else computes, who knows the secret.
fn signature(secret: &str, signed: &str) -> String {
    let program = "import base64, hashlib, hmac, sys\n\
        key = base64.b64decode(sys.argv[1].removeprefix('v1,').removeprefix('whsec_'))\n\
        print('v1,' + base64.b64encode(hmac.digest(key, sys.argv[2].encode(), hashlib.sha256)).decode())";
    let mut python = Command::new("python3");
    let output = python
        .args(["-c", program, secret, signed])
        .output()
        .expect("Python");
    String::from_utf8(output.stdout)
        .expect("text")
        .trim()
        .to_owned()
}

fn webhook(url: &str) -> serde_json::Value {
    json!({"url": url, "secrets": SECRETS})
}

fn event() -> serde_json::Value {
    json!({"event": "user.created", "body": {"type": "user.created", "data": {"name": "Zoë ✓"}}})
}

#[test]
fn webhooks_are_signed() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    let _gateway = start(&cluster, &ALLOWED);
    receiver.answer(500, "", "");
    receiver.answer(200, "", "thanks");
    let transport = webhook(&receiver.url("/hook/a%20b?key=x&y"));
    let id = put(&cluster, "webhook", &event(), &transport);
    let row = wait_for(&cluster, &id, "done");
    assert_eq!(
        (&row["attempt"], &row["detail"]),
        (&json!(2), &json!("the webhook answered 200"))
    );

    let received = receiver.received();
    assert_eq!(received.len(), 2);
    for request in &received {
        assert_eq!(request.line, "POST /hook/a%20b?key=x&y");
        assert_eq!(request.header("host"), receiver.address.to_string());
        assert_eq!(request.header("content-type"), "application/json");
        assert_eq!(request.json(), event()["body"]);
        // The same each time: the receiver can tell that it has it already.
        assert_eq!(request.header("webhook-id"), id);
        let time = request.header("webhook-timestamp");
        let age = std::time::UNIX_EPOCH.elapsed().expect("a time").as_secs()
            - time.parse::<u64>().expect("seconds");
        assert!(age < 60, "{age}");
        let body = std::str::from_utf8(&request.body).expect("text");
        let expected = SECRETS.map(|secret| signature(secret, &format!("{id}.{time}.{body}")));
        assert_eq!(request.header("webhook-signature"), expected.join(" "));
    }
}

#[test]
fn what_a_receiver_answers_counts() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    let _gateway = start(
        &cluster,
        &[&ALLOWED[..], &["--courier-timeout", "1s"]].concat(),
    );
    let transport = webhook(&receiver.url("/"));
    let put = |message: &Value, transport: &Value| put(&cluster, "webhook", message, transport);

    receiver.answer(503, "retry-after: 3600\r\n", "");
    let id = put(&event(), &transport);
    assert_eq!(wait_for_failure(&cluster, &id), "the webhook answered 503");
    assert_eq!(look(&cluster, &id)["retry_after"], 3600);
    receiver.answer(429, "Retry-After: Fri, 31 Dec 2049 23:59:59 GMT\r\n", "");
    let id = put(&event(), &transport);
    wait_for_failure(&cluster, &id);
    assert_eq!(look(&cluster, &id)["retry_after"], 24 * 3600);

    receiver.answer(410, "", "");
    let id = put(&event(), &transport);
    let row = wait_for(&cluster, &id, "dead");
    assert_eq!(
        (&row["attempt"], &row["error"]),
        (&json!(1), &json!("the webhook answered 410"))
    );

    let other = Receiver::start(None);
    receiver.answer(
        307,
        &format!("location: {}\r\nretry-after: 9\r\n", other.url("/")),
        "",
    );
    let id = put(&event(), &transport);
    assert!(wait_for_failure(&cluster, &id).contains("redirects are not followed"));
    wait_for(&cluster, &id, "done");
    assert_eq!(other.received().len(), 0);

    receiver.hold();
    let id = put(&event(), &transport);
    assert!(wait_for_failure(&cluster, &id).contains("too long"));
    receiver.release();
    wait_for(&cluster, &id, "done");

    let before = receiver.received().len();
    let unsigned = with(&transport, &json!({"secrets": []}));
    let unreadable = with(&transport, &json!({"secrets": ["geheim"]}));
    let named = with(
        &transport,
        &json!({"url": format!("http://a:b@{}/", receiver.address)}),
    );
    let file = with(&transport, &json!({"url": "file:///etc/passwd"}));
    for transport in [json!(null), unsigned, unreadable, named, file] {
        let id = put(&event(), &transport);
        let row = wait_for(&cluster, &id, "dead");
        assert!(
            !row["error"].as_str().expect("text").contains("geheim"),
            "{row}"
        );
    }
    assert_eq!(receiver.received().len(), before);
}

#[test]
fn private_addresses_need_leave() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    let _gateway = start(&cluster, &[]);
    let port = receiver.address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "169.254.169.254",
    ] {
        for transport in [
            webhook(&format!("http://{host}:{port}/")),
            webhook(&format!("https://{host}:{port}/")),
        ] {
            let id = put(&cluster, "webhook", &event(), &transport);
            let row = wait_for(&cluster, &id, "dead");
            assert!(
                row["error"].as_str().expect("text").contains("refused"),
                "{row}"
            );
        }
    }
    let twilio = json!({"provider": "twilio", "account_sid": "AC1", "auth_token": "t", "from": "+1999",
        "base_url": receiver.url("")});
    let text = json!({"to": "+15551234567", "text": "Code", "channel": "sms"});
    wait_for(&cluster, &put(&cluster, "sms", &text, &twilio), "dead");
    assert_eq!(receiver.received().len(), 0);
}

#[test]
fn certificates_of_receivers_are_checked() {
    let cluster = Cluster::start();
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
    let certified = certified.expect("a certificate");
    let receiver = Receiver::start(Some(&certified));
    let port = receiver.address.port();
    let gateway = start(&cluster, &ALLOWED);
    let transport = webhook(&format!("https://localhost:{port}/"));
    let id = put(&cluster, "webhook", &event(), &transport);
    let error = wait_for_failure(&cluster, &id);
    assert!(error.contains("certificate"), "{error}");
    drop(gateway);

    let file = cluster.directory().join("receiver.crt");
    std::fs::write(&file, certified.cert.pem()).expect("it is written");
    let environment = [
        ("SSL_CERT_FILE", file.to_str().expect("a path")),
        ("AUTH_ALLOW_PRIVATE_ADDRESSES", "1"),
    ];
    let _gateway = Gateway::start_in(&cluster.url("gateway"), &OFTEN, &environment);
    cluster.sql("UPDATE auth.outbox SET leased_until = NULL");
    wait_for(&cluster, &id, "done");
    assert_eq!(receiver.received().len(), 1);
    let other = webhook(&format!("https://127.0.0.1:{port}/"));
    let id = put(&cluster, "webhook", &event(), &other);
    let error = wait_for_failure(&cluster, &id);
    assert!(error.contains("not valid for name"), "{error}");
}

#[test]
fn text_messages_go_through_twilio() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    let _gateway = start(&cluster, &ALLOWED);
    let account = json!({"provider": "twilio", "account_sid": "AC123", "auth_token": "geheim", "from": "+19998887777",
        "base_url": receiver.url("")});
    let service = json!({"provider": "twilio", "account_sid": "AC123", "auth_token": "geheim",
        "messaging_service_sid": "MG456", "base_url": receiver.url("")});
    let text = json!({"to": "+15551234567", "text": "Dein Code für Zoë: 12&34", "channel": "sms", "otp": "1234"});
    let put = |message: &Value, transport: &Value| put(&cluster, "sms", message, transport);

    receiver.answer(201, "", r#"{"sid": "SM789", "status": "queued"}"#);
    let row = wait_for(&cluster, &put(&text, &account), "done");
    assert_eq!(
        (&row["attempt"], &row["detail"]),
        (&json!(1), &json!("SM789"))
    );
    // Far more of an answer than anybody needs.
    receiver.answer(201, "", &"x".repeat(1 << 20));
    let whatsapp = with(&text, &json!({"channel": "whatsapp"}));
    wait_for(&cluster, &put(&whatsapp, &account), "done");
    wait_for(&cluster, &put(&text, &service), "done");
    let to = "To=%2B15551234567";
    let body = "Body=Dein+Code+f%C3%BCr+Zo%C3%AB%3A+12%2634";
    for (request, expected) in receiver.received().iter().zip([
        format!("{to}&From=%2B19998887777&{body}"),
        format!("To=whatsapp%3A%2B15551234567&From=whatsapp%3A%2B19998887777&{body}"),
        format!("{to}&MessagingServiceSid=MG456&{body}"),
    ]) {
        assert_eq!(
            request.line,
            "POST /2010-04-01/Accounts/AC123/Messages.json"
        );
        assert_eq!(
            request.header("content-type"),
            "application/x-www-form-urlencoded"
        );
        assert_eq!(request.header("authorization"), "Basic QUMxMjM6Z2VoZWlt");
        assert_eq!(std::str::from_utf8(&request.body), Ok(expected.as_str()));
    }

    receiver.answer(
        400,
        "",
        r#"{"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400}"#,
    );
    let row = wait_for(&cluster, &put(&text, &account), "dead");
    assert_eq!(
        row["error"],
        "Twilio answered 400 (error 21211): Invalid 'To' Phone Number"
    );
    receiver.answer(
        429,
        "retry-after: 1\r\n",
        r#"{"code": 20429, "message": "Too Many Requests"}"#,
    );
    let row = wait_for(&cluster, &put(&text, &account), "done");
    assert_eq!(
        (&row["attempt"], &row["retry_after"]),
        (&json!(2), &json!(1))
    );
    for status in [401, 500, 503] {
        receiver.answer(status, "", "");
        let row = wait_for(&cluster, &put(&text, &account), "done");
        assert_eq!(row["attempt"], 2, "{status}");
    }
}

#[test]
fn text_messages_go_through_webhooks() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    let _gateway = start(&cluster, &ALLOWED);
    let transport = json!({"provider": "webhook", "url": receiver.url("/sms"), "secrets": SECRETS});
    let text = json!({"to": "+15551234567", "text": "Code 1234", "channel": "sms", "otp": "1234"});
    let id = put(&cluster, "sms", &text, &transport);
    wait_for(&cluster, &id, "done");
    let request = &receiver.received()[0];
    assert_eq!(
        (request.line.as_str(), request.json()),
        ("POST /sms", text.clone())
    );
    assert_eq!(request.header("webhook-id"), id);

    let row = wait_for(&cluster, &put(&cluster, "sms", &text, &json!(null)), "dead");
    assert!(
        row["error"].as_str().expect("text").contains("no provider"),
        "{row}"
    );
}
