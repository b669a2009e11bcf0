//! Requests that the database has the gateway make before it answers. The stand-in asks the URL in the body.

use serde_json::json;

use crate::support::{Cluster, Gateway, Receiver, Reply, exchange, wait_until};

const ALLOWED: [&str; 1] = ["--allow-private-addresses"];

fn fetch(gateway: &Gateway, times: usize, method: &str, url: &str) -> Reply {
    let length = url.len();
    let request = format!(
        "POST /fetch/{times}/{method} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{url}"
    );
    exchange(gateway.address, request.as_bytes())
}

#[test]
fn the_database_is_told_what_others_say() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    let gateway = Gateway::start(&cluster.url("gateway"), &ALLOWED);
    receiver.answer(200, "", "one ✓");
    receiver.answer(404, "", "");
    let reply = fetch(&gateway, 2, "PUT", &receiver.url("/a%20b?c=d"));
    let expected = json!([
        {"id": "0", "status": 200, "body": "one ✓"},
        {"id": "1", "status": 404, "body": ""},
    ]);
    assert_eq!((reply.status, reply.json()), (200, expected));
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].line, "PUT /a%20b?c=d");
    assert_eq!(received[0].header("x-secret"), "s3cret");
    assert!(
        received[0]
            .header("user-agent")
            .starts_with("auth-gateway/")
    );
    assert_eq!(received[0].body, b"asked");
}

#[test]
fn what_cannot_be_fetched_has_a_reason() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    let gateway = Gateway::start(&cluster.url("gateway"), &ALLOWED);
    let failure = |url: &str| {
        let reply = fetch(&gateway, 1, "GET", url);
        assert_eq!(reply.status, 200, "{url}");
        let said = reply.json()[0]["failure"].as_str().map(str::to_owned);
        said.unwrap_or_else(|| panic!("no failure: {url}"))
    };
    assert!(failure("http://127.0.0.1:1/").starts_with("no connection to 127.0.0.1:1"));
    assert!(failure("http://169.254.169.254/").contains("reserved or link-local"));
    assert!(failure("http://1.1.1.1/").contains("needs https"));
    assert!(failure("file:///etc/passwd").contains("not an HTTP address"));
    assert!(failure("no URL").contains("the URL"));
    receiver.answer(200, "", "\0");
    assert_eq!(failure(&receiver.url("/")), "the answer is no text");
    receiver.answer(200, "", &"x".repeat(300_000));
    assert!(failure(&receiver.url("/")).contains("too long"));
    receiver.hold();
    assert_eq!(failure(&receiver.url("/")), "it takes too long");
    assert!(!gateway.log().contains("s3cret"));
}

#[test]
fn private_addresses_need_leave() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    let gateway = Gateway::start(&cluster.url("gateway"), &[]);
    let reply = fetch(&gateway, 1, "GET", &receiver.url("/"));
    let said = reply.json()[0]["failure"].to_string();
    assert!(said.contains("--allow-private-addresses"), "{said}");
    assert!(receiver.received().is_empty());
}

#[test]
fn nothing_is_asked_for_ever() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    let gateway = Gateway::start(&cluster.url("gateway"), &ALLOWED);
    assert_eq!(fetch(&gateway, 100, "GET", &receiver.url("/")).status, 500);
    assert_eq!(receiver.received().len(), 8);
}

/// Others may be slow; who asks the database something else does not wait for them.
#[test]
fn no_connection_waits_for_others() {
    let cluster = Cluster::start();
    let receiver = Receiver::start(None);
    let one_connection = [ALLOWED[0], "--pool-size", "1"];
    let gateway = Gateway::start(&cluster.url("gateway"), &one_connection);
    receiver.hold();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| fetch(&gateway, 1, "GET", &receiver.url("/")));
        wait_until("somebody is asked", || !receiver.received().is_empty());
        assert_eq!(gateway.get("/").status, 200);
        receiver.release();
        let said = asking.join().expect("an answer").json();
        assert_eq!(said, json!([{"id": "0", "status": 204, "body": ""}]));
    });
}
