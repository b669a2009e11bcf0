//! The gateway against a real Postgres. A stand-in takes the place of the extension, so that what is tested here is
//! the gateway alone: `tests/stand_in.sql` says which path does what.

mod courier;
mod fetches;
mod running;
mod support;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use serde_json::json;
use support::{Cluster, Gateway, exchange, get, read_reply, send, wait_until};

/// What must never be logged.
const CANARY: &str = "canary-bf21";

fn assert_unavailable(reply: &support::Reply) {
    assert_eq!(
        (reply.status, reply.text()),
        (503, "Database is not available\n")
    );
    assert_eq!(reply.all("retry-after"), ["1"]);
}

fn gateway_is_idle(cluster: &Cluster) -> bool {
    let active =
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'gateway' AND state = 'active'";
    cluster.sql(active) == "0"
}

#[test]
fn requests_and_answers_are_carried_as_they_are() {
    let cluster = Cluster::start();
    let gateway = Gateway::start(&cluster.url("gateway"), &[]);

    let request = b"PUT /appid-a%2Fb/t%20//%00?x=%41&y HTTP/1.1\r\nHost: h\r\nB: 2\r\nA: 1\r\nb: 3\r\ncontent-length: 3\r\n\r\n\x00\xff\x01";
    let seen = exchange(gateway.address, request).json();
    assert_eq!(seen["method"], "PUT");
    assert_eq!(seen["path"], "/appid-a%2Fb/t%20//%00");
    assert_eq!(seen["query"], "x=%41&y");
    assert_eq!(seen["body"], "00ff01");
    let headers = seen["headers"].as_array().expect("pairs");
    let values: Vec<_> = headers
        .iter()
        .filter(|pair| pair[0] == "b")
        .map(|pair| &pair[1])
        .collect();
    assert_eq!(values, ["2", "3"]);
    assert_eq!(
        headers.last(),
        Some(&json!(["x-auth-client-address", "127.0.0.1"]))
    );

    let seen = gateway.get("/plain").json();
    assert_eq!(
        (&seen["query"], &seen["body"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(gateway.get("/plain?").json()["query"], "");

    let reply = gateway.get("/cookies");
    assert_eq!(reply.all("set-cookie"), ["a=1; Path=/", "b=2"]);
    assert_eq!(reply.all("vary"), ["x"]);
    assert_eq!(
        (reply.all("content-length"), reply.all("connection")),
        (vec!["4"], vec![])
    );
    assert_eq!(gateway.get("/binary").body, [0, 255, 0]);
    assert!(gateway.get("/nulls").body.is_empty());
    for status in [201, 204, 302, 304, 404, 429, 599] {
        assert_eq!(gateway.get(&format!("/status/{status}")).status, status);
    }
    let fault = gateway.get("/effect");
    assert_eq!(
        (fault.status, fault.text()),
        (500, "Internal Server Error\n")
    );
    assert_eq!(gateway.get("/nothing").status, 500);
    assert_eq!(gateway.get("/status/101").status, 500);
}

#[test]
fn a_port_can_stand_for_a_path() {
    let cluster = Cluster::start();
    let flags = ["--listen", "127.0.0.1:0=/appid-a/t/auth/v1"];
    let gateway = Gateway::start(&cluster.url("gateway"), &flags);
    let bound = || {
        let log = gateway.log();
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let mut lines: Vec<serde_json::Value> = lines.collect();
        lines.retain(|line| line["path"] == "/appid-a/t/auth/v1");
        lines.first()?["address"].as_str()?.parse().ok()
    };
    wait_until("the second port", || bound().is_some());
    let address = bound().expect("it is there");
    let seen = get(address, "/user?a=b", "").json();
    assert_eq!(seen["path"], "/appid-a/t/auth/v1/user");
    assert_eq!(seen["query"], "a=b");
    assert_eq!(get(address, "/healthz", "").status, 200);
    assert_eq!(gateway.get("/user").json()["path"], "/user");
}

#[test]
fn odd_bytes_are_no_trouble() {
    let cluster = Cluster::start();
    let gateway = Gateway::start(&cluster.url("gateway"), &["--pool-size", "1"]);
    let value = exchange(
        gateway.address,
        b"GET / HTTP/1.1\r\nhost: x\r\nodd: \xff\xe9\r\n\r\n",
    );
    assert!(
        value.text().contains("\u{fffd}\u{fffd}"),
        "{}",
        value.text()
    );
    for request in [
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n".as_slice(),
        b"GET /\x00 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nodd: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
    ] {
        let status = exchange(gateway.address, request).status;
        assert_eq!(status, 400, "{}", request.escape_ascii());
    }
    let many = format!("x: {}\r\n", "y".repeat(70_000));
    assert_eq!(get(gateway.address, "/", &many).status, 431);
    assert_eq!(gateway.get("/").status, 200);
    // Another encoding of the database, another set of characters.
    assert_eq!(gateway.get("/error/22P05").status, 400);
}

#[test]
fn only_the_gateway_says_who_the_client_is() {
    let cluster = Cluster::start();
    let spoofed = "X-Auth-Client-Address: 6.6.6.6\r\nx-forwarded-for: 7.7.7.7, 8.8.8.8\r\n";
    let address = |flags: &[&str]| {
        let gateway = Gateway::start(&cluster.url("gateway"), flags);
        let seen = get(gateway.address, "/", spoofed).json();
        let pairs = seen["headers"].as_array().expect("pairs").clone();
        let mut named = pairs
            .into_iter()
            .filter(|pair| pair[0] == "x-auth-client-address");
        let address = named.next().expect("an address")[1].clone();
        assert_eq!(named.next(), None);
        address
    };
    assert_eq!(address(&[]), "127.0.0.1");
    assert_eq!(address(&["--trusted-proxies", "10.0.0.0/8"]), "127.0.0.1");
    assert_eq!(address(&["--trusted-proxies", "127.0.0.1"]), "8.8.8.8");
    assert_eq!(
        address(&["--trusted-proxies", "127.0.0.0/8,8.8.8.0/24"]),
        "7.7.7.7"
    );
}

#[test]
fn errors_of_the_database_are_told_apart() {
    let cluster = Cluster::start();
    let gateway = Gateway::start(&cluster.url("gateway"), &["--pool-size", "2"]);
    for (code, status) in [
        ("XX000", 500),
        ("22023", 500),
        ("P0001", 500),
        ("0A000", 500),
        ("42883", 500),
        ("40003", 500),
        // Of something else than the way in, so no matter of the gateway's own rights.
        ("42501", 500),
        ("53100", 503),
        ("57014", 504),
        ("22021", 400),
    ] {
        let before = cluster.tries();
        let reply = gateway.get(&format!("/error/{code}"));
        assert_eq!(reply.status, status, "{code}");
        let calls = cluster.tries() - before;
        // An undefined function can be that of an upgrade that is under way: it is tried on new connections.
        assert_eq!(calls, if code == "42883" { 4 } else { 1 }, "{code}");
    }
    wait_until("the reason", || {
        gateway.log().contains("XX000: an error of the stand-in")
    });
    // The answer is not given before the transaction is committed.
    assert_eq!(gateway.get("/late").status, 500);
    assert_eq!(gateway.get("/").status, 200);
}

#[test]
fn only_what_was_rolled_back_is_repeated() {
    let cluster = Cluster::start();
    let gateway = Gateway::start(&cluster.url("gateway"), &[]);
    for code in ["40001", "40P01"] {
        cluster.sql("ALTER SEQUENCE auth.tries RESTART");
        assert_eq!(
            gateway.get(&format!("/conflict/3/{code}")).status,
            200,
            "{code}"
        );
        assert_eq!(cluster.tries(), 4, "{code}");
    }
    cluster.sql("ALTER SEQUENCE auth.tries RESTART");
    assert_unavailable(&gateway.get("/conflict/1000/40001"));
    assert_eq!(cluster.tries(), 4);

    cluster.sql("ALTER SEQUENCE auth.tries RESTART");
    for times in 1..=20 {
        assert_unavailable(&gateway.get("/break"));
        assert_eq!(cluster.tries(), times);
        // The broken connection is not given to the next request.
        assert_eq!(gateway.get("/").status, 200);
    }
}

#[test]
fn an_upgrade_and_lost_connections_cost_no_request() {
    let cluster = Cluster::start();
    let gateway = Gateway::start(&cluster.url("gateway"), &["--pool-size", "4"]);
    // Several connections, each with its prepared statement.
    let fill_the_pool = || {
        let request = b"GET /sleep/300 HTTP/1.1\r\nhost: x\r\n\r\n";
        let running = [(); 4].map(|()| send(gateway.address, request));
        for stream in &running {
            assert_eq!(read_reply(stream).status, 200);
        }
    };
    fill_the_pool();
    cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway'");
    std::thread::sleep(Duration::from_millis(200));
    for _ in 0..6 {
        assert_eq!(gateway.get("/").status, 200);
    }
    // The first loses the statement; the next finds it lost.
    assert_eq!(gateway.get("/deallocate").status, 200);
    for _ in 0..6 {
        assert_eq!(gateway.get("/").status, 200);
    }
    // An upgrade that changes the type of a column.
    fill_the_pool();
    cluster.sql(
        "ALTER FUNCTION auth.http RENAME TO former;
         CREATE FUNCTION auth.http(m text, p text, q text, h jsonb, b bytea, f jsonb)
         RETURNS TABLE (status int, headers jsonb, body bytea, effect json) LANGUAGE sql SECURITY DEFINER
         AS $$ SELECT status, headers, body, effect::json FROM auth.former(m, p, q, h, b, f) $$",
    );
    for _ in 0..6 {
        assert_eq!(gateway.get("/").status, 200);
    }
}

#[test]
fn a_busy_database_is_no_endless_wait() {
    let cluster = Cluster::start();
    let flags = [
        "--pool-size",
        "1",
        "--pool-timeout",
        "300ms",
        "--request-timeout",
        "2s",
    ];
    let gateway = Gateway::start(&cluster.url("gateway"), &flags);
    let slow = send(
        gateway.address,
        b"GET /sleep/60000 HTTP/1.1\r\nhost: x\r\n\r\n",
    );
    wait_until("the call runs", || cluster.tries() == 1);
    assert_unavailable(&gateway.get("/"));
    assert_eq!(read_reply(&slow).status, 504);
    wait_until("the statement is cancelled", || gateway_is_idle(&cluster));
    assert_eq!(gateway.get("/").status, 200);

    // Nobody waits for this one any more.
    let gone = send(
        gateway.address,
        b"GET /sleep/60000 HTTP/1.1\r\nhost: x\r\n\r\n",
    );
    wait_until("the call runs", || cluster.tries() == 2);
    gone.shutdown(Shutdown::Both).expect("it is open");
    wait_until("the statement is cancelled", || gateway_is_idle(&cluster));
    wait_until("a log line", || {
        gateway.log().contains("its client went away")
    });
    assert_eq!(gateway.get("/").status, 200);

    cluster.sql("ALTER ROLE gateway CONNECTION LIMIT 0");
    cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway'");
    wait_until("no connection is left", || gateway.get("/").status == 503);
    wait_until("a log line", || gateway.log().contains("53300"));
}

#[test]
fn bodies_have_a_limit() {
    let cluster = Cluster::start();
    let gateway = Gateway::start(&cluster.url("gateway"), &["--max-body-bytes", "1000"]);
    let post = |length: usize| {
        let mut request =
            format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n").into_bytes();
        request.resize(request.len() + length, b'x');
        exchange(gateway.address, &request)
    };
    assert_eq!(post(1000).status, 200);
    let refused = post(1001);
    assert_eq!(
        (refused.status, refused.text()),
        (413, "The body is too large\n")
    );
    // The client has sent everything before it reads.
    assert_eq!(post(15_000).status, 413);

    let chunk = format!("190\r\n{}\r\n", "x".repeat(400));
    let chunked = |chunks: usize| {
        let body = chunk.repeat(chunks);
        let head = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
        exchange(gateway.address, format!("{head}{body}0\r\n\r\n").as_bytes())
    };
    assert_eq!(chunked(2).json()["body"].as_str().map(str::len), Some(1600));
    assert_eq!(chunked(3).status, 413);

    // Who asks first is told at once.
    let asks =
        b"POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5000\r\n\r\n";
    assert_eq!(exchange(gateway.address, asks).status, 413);
    assert_eq!(gateway.get("/").status, 200);
}

#[test]
fn connections_are_kept() {
    let cluster = Cluster::start();
    let gateway = Gateway::start(&cluster.url("gateway"), &[]);
    let mut stream = send(gateway.address, b"");
    for path in ["/", "/error/XX000", "/healthz", "/status/404"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it is open");
        assert!(read_reply(&stream).status > 0);
    }
    stream
        .write_all(b"HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .expect("it is open");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).expect("the answer");
    assert!(
        rest.starts_with("HTTP/1.1 200") && rest.ends_with("\r\n\r\n"),
        "{rest}"
    );
}

#[test]
fn logs_and_measures_hold_no_secrets() {
    let cluster = Cluster::start();
    let gateway = Gateway::start_with(&cluster.url("gateway"), &[], "trace");
    for path in [
        "/",
        "/error/XX000",
        "/error/40001",
        "/error/53100",
        "/break",
        "/effect",
    ] {
        let head = format!(
            "POST {path}?q={CANARY} HTTP/1.1\r\nhost: x\r\napi-key: {CANARY}\r\ncookie: a={CANARY}\r\n"
        );
        let request = format!("{head}content-length: {}\r\n\r\n{CANARY}", CANARY.len());
        exchange(gateway.address, request.as_bytes());
    }
    let long = format!("/{}", "p".repeat(5000));
    assert_eq!(gateway.get(&long).status, 200);
    let measures = gateway.get("/metrics");
    wait_until("the last line", || gateway.log().contains("\"/metrics\""));
    let log = gateway.log();
    assert!(log.contains("XX000") && !log.contains(CANARY), "{log}");
    assert!(!log.contains(&"p".repeat(300)));
    let line = log
        .lines()
        .find(|line| line.contains("\"/error/XX000\""))
        .expect("a line");
    let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(
        (&line["method"], &line["status"]),
        (&json!("POST"), &json!(500))
    );
    assert_eq!(line["client"], "127.0.0.1");
    assert!(line["microseconds"].is_u64());

    let measures = measures.text();
    for expected in [
        "auth_gateway_requests_total{method=\"POST\",status=\"2xx\"} 1",
        "auth_gateway_request_seconds_bucket{le=\"0.001\"}",
        "auth_gateway_database_errors_total{kind=\"fault\"}",
        "auth_gateway_connections_open",
    ] {
        assert!(measures.contains(expected), "{expected} in {measures}");
    }
    assert!(!measures.contains("/error") && !measures.contains(CANARY));
}

#[test]
fn connections_are_encrypted_and_certificates_checked() {
    let cluster = Cluster::start();
    let (port, certificate) = cluster.encrypt();
    let url = |mode: &str| format!("postgresql://gateway@127.0.0.1:{port}/postgres{mode}");
    let trusted = ["--database-ca-file", certificate.to_str().expect("a path")];
    for mode in ["?sslmode=require", "?sslmode=verify-full"] {
        let gateway = Gateway::start(&url(mode), &trusted);
        assert_eq!(gateway.get("/").status, 200, "{mode}");
        let gateway = Gateway::start(&url(mode), &[]);
        assert_unavailable(&gateway.get("/"));
        wait_until("the reason", || gateway.log().contains("certificate"));
    }
    let gateway = Gateway::start(&url("?sslmode=disable"), &trusted);
    assert_unavailable(&gateway.get("/"));
    // Cancelling goes over a connection of its own.
    let flags = [&trusted[..], &["--request-timeout", "300ms"]].concat();
    let gateway = Gateway::start(&url("?sslmode=require"), &flags);
    assert_eq!(gateway.get("/").status, 200);
    assert_eq!(gateway.get("/sleep/60000").status, 504);
    wait_until("the statement is cancelled", || gateway_is_idle(&cluster));
}
