//! Several gateways, their ends, and what they leave behind.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::*;

const ALLOWED: [&str; 1] = ["--allow-private-addresses"];
/// What must never be logged.
const CANARY: &str = "canary-77c0";

fn webhook(receiver: &Receiver) -> serde_json::Value {
    json!({"url": receiver.url("/"), "secrets": ["whsec_YW5vdGhlciBzZWNyZXQsIHRoZSBuZXcgb25l"]})
}

fn event() -> serde_json::Value {
    json!({"event": "user.created", "body": {}})
}

#[test]
fn several_gateways_share_the_work() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    receiver.delay(Duration::from_millis(200));
    let gateways = [(); 2].map(|()| start(&cluster, &ALLOWED));
    let transport = webhook(&receiver);
    cluster.sql(&format!(
        "INSERT INTO auth.outbox (channel, message, transport)
         SELECT 'webhook', '{}', '{transport}' FROM generate_series(1, 100)",
        event()
    ));
    let waiting = "SELECT count(*) FROM auth.outbox WHERE state <> 'done'";
    wait_until("everything is delivered", || cluster.sql(waiting) == "0");
    let received = receiver.received();
    let ids: std::collections::HashSet<_> =
        received.iter().map(|r| r.header("webhook-id")).collect();
    assert_eq!((received.len(), ids.len()), (100, 100));
    assert_eq!(cluster.sql("SELECT max(attempt) FROM auth.outbox"), "1");
    for gateway in &gateways {
        let delivered = gateway.log().matches("\"delivered\"").count();
        assert!(delivered > 0 && delivered < 100, "{delivered}");
    }
}

#[test]
fn what_a_dead_gateway_held_goes_to_another_in_time() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    receiver.hold();
    let first = start(&cluster, &ALLOWED);
    let id = put(&cluster, "webhook", &event(), &webhook(&receiver));
    wait_until("it is on its way", || receiver.received().len() == 1);
    drop(first);
    receiver.release();
    let _second = start(&cluster, &ALLOWED);
    let other = put(&cluster, "webhook", &event(), &webhook(&receiver));
    wait_for(&cluster, &other, "done");
    assert_eq!(look(&cluster, &id)["attempt"], 1);
    // The lease is longer than a delivery can take.
    let lease = cluster.sql(&format!(
        "SELECT leased_until - clock_timestamp() > interval '60 seconds' FROM auth.outbox WHERE id = '{id}'"
    ));
    assert_eq!(lease, "t");
    cluster.sql("UPDATE auth.outbox SET leased_until = clock_timestamp()");
    assert_eq!(wait_for(&cluster, &id, "done")["attempt"], 2);
    let repeated = receiver
        .received()
        .iter()
        .filter(|r| r.header("webhook-id") == id)
        .count();
    assert_eq!(repeated, 2);
}

#[test]
fn stopping_lets_deliveries_finish() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    receiver.hold();
    let mut gateway = start(&cluster, &ALLOWED);
    let id = put(&cluster, "webhook", &event(), &webhook(&receiver));
    wait_until("it is on its way", || receiver.received().len() == 1);
    gateway.terminate();
    wait_until("it stops", || TcpStream::connect(gateway.address).is_err());
    // Nothing new is begun.
    let late = put(&cluster, "webhook", &event(), &webhook(&receiver));
    receiver.release();
    assert_eq!(gateway.wait().code(), Some(0));
    assert_eq!(look(&cluster, &id)["state"], "done");
    assert_eq!(look(&cluster, &late)["attempt"], 0);

    // Nobody waits for ever.
    receiver.hold();
    let mut gateway = start(
        &cluster,
        &[&ALLOWED[..], &["--shutdown-grace", "300ms"]].concat(),
    );
    wait_until("it is on its way", || receiver.received().len() == 2);
    gateway.terminate();
    assert_eq!(gateway.wait().code(), Some(0));
    assert!(gateway.log().contains("broken off"));
    assert_eq!(look(&cluster, &late)["state"], "waiting");
}

#[test]
fn a_restart_of_postgres_repeats_nothing() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    receiver.hold();
    let _gateway = start(&cluster, &ALLOWED);
    let id = put(&cluster, "webhook", &event(), &webhook(&receiver));
    wait_until("it is on its way", || receiver.received().len() == 1);
    // What is claimed is on disk.
    cluster.sql("CHECKPOINT");
    cluster.crash();
    receiver.release();
    cluster.boot();
    assert_eq!(wait_for(&cluster, &id, "done")["attempt"], 1);
    let next = put(&cluster, "webhook", &event(), &webhook(&receiver));
    wait_for(&cluster, &next, "done");
    assert_eq!(receiver.received().len(), 2);
}

#[test]
fn it_can_be_turned_off() {
    let cluster = Cluster::start();
    let id = put(&cluster, "webhook", &event(), &json!(null));
    let _off = Gateway::start(&cluster.url("gateway"), &["--courier-interval", "0"]);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(look(&cluster, &id)["attempt"], 0);
    let _on = Gateway::start(&cluster.url("gateway"), &[]);
    wait_for(&cluster, &id, "dead");
}

#[test]
fn logs_and_measures_hold_nothing_of_messages() {
    let cluster = Cluster::start();
    let server = MailServer::start(&["--user", CANARY, "--password", CANARY]);
    let receiver = Receiver::start(None);
    let flags = [&OFTEN[..], &ALLOWED].concat();
    let gateway = Gateway::start_with(&cluster.url("gateway"), &flags, "trace");
    let mail = |to: &str| {
        with(
            &mail_to(to),
            &json!({"subject": CANARY, "text": CANARY, "html": CANARY, "headers": {"X-A": CANARY}}),
        )
    };
    let login = json!({"user": CANARY, "password": CANARY});
    let smtp = with(&server.transport("none"), &login);
    let wrong = with(&smtp, &json!({"password": format!("{CANARY}x")}));
    let hook =
        json!({"url": receiver.url(&format!("/{CANARY}?k={CANARY}")), "secrets": ["whsec_YWJj"]});
    let event = json!({"event": "user.created", "body": {"otp": CANARY}});
    let twilio = json!({"provider": "twilio", "account_sid": CANARY, "auth_token": CANARY, "from": CANARY,
        "base_url": receiver.url("")});
    let text = json!({"to": CANARY, "text": CANARY, "channel": "sms", "otp": CANARY});
    let put = |channel: &str, message: &Value, transport: &Value, state: &str| {
        let id = put(&cluster, channel, message, transport);
        match state {
            "waiting" => drop(wait_for_failure(&cluster, &id)),
            state => drop(wait_for(&cluster, &id, state)),
        }
    };
    put(
        "email",
        &mail(&format!("{CANARY}@example.org")),
        &smtp,
        "done",
    );
    // Their server quotes the address.
    put(
        "email",
        &mail(&format!("unknown@{CANARY}.example")),
        &smtp,
        "dead",
    );
    put(
        "email",
        &mail(&format!("busy@{CANARY}.example")),
        &smtp,
        "done",
    );
    put("email", &mail("ada@example.org"), &wrong, "waiting");
    put(
        "email",
        &json!({"to": CANARY, "from": CANARY}),
        &smtp,
        "dead",
    );
    put(
        "email",
        &mail(&format!("{CANARY}\n@example.org")),
        &smtp,
        "dead",
    );
    cluster.sql("UPDATE auth.outbox SET state = 'dead' WHERE state = 'waiting'");
    put("webhook", &event, &hook, "done");
    receiver.answer(410, "", CANARY);
    put("webhook", &event, &hook, "dead");
    put(
        "webhook",
        &event,
        &with(&hook, &json!({"url": CANARY})),
        "dead",
    );
    put(
        "webhook",
        &event,
        &with(&hook, &json!({"secrets": [CANARY]})),
        "dead",
    );
    put(
        "webhook",
        &event,
        &with(
            &hook,
            &json!({"url": format!("http://127.0.0.1:1/{CANARY}")}),
        ),
        "waiting",
    );
    cluster.sql("UPDATE auth.outbox SET state = 'dead' WHERE state = 'waiting'");
    receiver.answer(
        400,
        "",
        &json!({"code": 21211, "message": CANARY}).to_string(),
    );
    put("sms", &text, &twilio, "dead");
    put("sms", &text, &twilio, "done");
    put("pigeon", &json!(CANARY), &json!(CANARY), "waiting");

    let log = gateway.log();
    for expected in [
        "\"delivered\"",
        "\"not delivered\"",
        "answered 550",
        "answered 535",
        "error 21211",
    ] {
        assert!(log.contains(expected), "{expected} in {log}");
    }
    assert!(!log.contains(CANARY), "{log}");
    assert!(!gateway.output().contains(CANARY));
    let line = log
        .lines()
        .find(|line| line.contains("answered 550"))
        .expect("a line");
    let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(
        (&line["channel"], &line["attempt"]),
        (&json!("email"), &json!(1))
    );
    assert_eq!(line["is_permanent"], true);

    let measures = gateway.get("/metrics");
    let measures = measures.text();
    for expected in [
        "auth_gateway_messages_delivered_total{channel=\"email\"} 2",
        "auth_gateway_messages_delivered_total{channel=\"webhook\"} 1",
        "auth_gateway_messages_delivered_total{channel=\"sms\"} 1",
        "auth_gateway_messages_failed_total{channel=\"email\",kind=\"permanent\"} 3",
        "auth_gateway_messages_failed_total{channel=\"webhook\",kind=\"permanent\"} 3",
        "auth_gateway_messages_failed_total{channel=\"other\",kind=\"transient\"}",
    ] {
        assert!(measures.contains(expected), "{expected} in {measures}");
    }
    assert!(!measures.contains(CANARY));
}
