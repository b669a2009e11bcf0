//! Starting, running for long, and stopping.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::assert_unavailable;
use crate::support::{Cluster, Gateway, read_reply, send, wait_until};

#[test]
fn a_restart_of_postgres_needs_none_of_the_gateway() {
    let cluster = Cluster::start();
    let gateway = Gateway::start(&cluster.url("gateway"), &[]);
    assert_eq!(gateway.get("/healthz").json(), json!({"status": "ok"}));
    let running = send(
        gateway.address,
        b"GET /sleep/20000 HTTP/1.1\r\nhost: x\r\n\r\n",
    );
    wait_until("the call runs", || cluster.tries() == 1);
    for round in 0..2 {
        cluster.crash();
        if round == 0 {
            // It may have been done, so it is not for the gateway to try again.
            assert_unavailable(&read_reply(&running));
        }
        wait_until("the server is gone", || gateway.get("/").status == 503);
        assert_unavailable(&gateway.get("/"));
        assert_eq!(gateway.get("/healthz").status, 503);
        cluster.boot();
        assert_eq!(gateway.get("/").status, 200);
        assert_eq!(gateway.get("/healthz").status, 200);
    }
}

#[test]
fn it_can_be_started_before_the_database_and_the_extension() {
    let cluster = Cluster::start();
    cluster.crash();
    let gateway = Gateway::start(&cluster.url("gateway"), &["--maintenance-interval", "1s"]);
    assert_unavailable(&gateway.get("/"));
    cluster.boot();
    assert_eq!(gateway.get("/").status, 200);

    cluster.sql("ALTER SCHEMA auth RENAME TO away");
    assert_unavailable(&gateway.get("/"));
    wait_until("a hint", || gateway.log().contains("CREATE EXTENSION auth"));
    cluster
        .sql("ALTER SCHEMA away RENAME TO auth; REVOKE EXECUTE ON FUNCTION auth.http FROM gateway");
    assert_unavailable(&gateway.get("/"));
    wait_until("a hint", || gateway.log().contains("GRANT auth_gateway"));
    cluster.sql("GRANT EXECUTE ON FUNCTION auth.http TO gateway");
    assert_eq!(gateway.get("/").status, 200);
}

#[test]
fn stopping_lets_requests_finish() {
    let cluster = Cluster::start();
    let mut gateway = Gateway::start(&cluster.url("gateway"), &[]);
    let idle = send(gateway.address, b"");
    let running = send(
        gateway.address,
        b"GET /sleep/1000 HTTP/1.1\r\nhost: x\r\n\r\n",
    );
    wait_until("the call runs", || cluster.tries() == 1);
    gateway.terminate();
    wait_until("it stops listening", || {
        TcpStream::connect(gateway.address).is_err()
    });
    let reply = read_reply(&running);
    assert_eq!((reply.status, reply.text()), (200, "done"));
    assert_eq!(gateway.wait().code(), Some(0));
    drop(idle);

    let mut gateway = Gateway::start(&cluster.url("gateway"), &["--shutdown-grace", "300ms"]);
    let endless = send(
        gateway.address,
        b"GET /sleep/60000 HTTP/1.1\r\nhost: x\r\n\r\n",
    );
    wait_until("the call runs", || cluster.tries() == 2);
    let started = Instant::now();
    gateway.terminate();
    assert_eq!(gateway.wait().code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(!gateway.log().contains("panicked"));
    drop(endless);
}

#[test]
fn maintenance_is_done_by_several_gateways() {
    let cluster = Cluster::start();
    let flags = ["--maintenance-interval", "1s"];
    let gateways = [(); 2].map(|()| Gateway::start(&cluster.url("gateway"), &flags));
    let count = || {
        cluster
            .sql("SELECT count(*) FROM auth.maintained")
            .parse::<u32>()
            .expect("a number")
    };
    wait_until("maintenance", || count() >= 4);
    for gateway in &gateways {
        wait_until("a log line", || gateway.log().contains("maintenance"));
    }

    let stranger = Gateway::start(&cluster.url("stranger"), &flags);
    wait_until("a hint", || stranger.log().contains("GRANT auth_gateway"));
    let off = Gateway::start(&cluster.url("gateway"), &["--maintenance-interval", "0"]);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!off.log().contains("maintenance"));
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("its address").to_string();
    let url = "postgresql://u:geheim@localhost/d";
    let base = ["--database-url", url];
    for (flags, expected) in [
        (vec![], "--database-url"),
        (
            vec!["--database-url", "postgresql://u:geheim@h:x/"],
            "--database-url <URL>",
        ),
        (vec!["--database-url", "geheim"], "--database-url <URL>"),
        ([&base[..], &["--nonsense"]].concat(), "--nonsense"),
        (
            [&base[..], &["--listen", "nowhere"]].concat(),
            "--listen <ADDR[=PATH]>",
        ),
        (
            [&base[..], &["--request-timeout", "5"]].concat(),
            "--request-timeout <TIME>",
        ),
        (
            [
                &base[..],
                &[
                    "--database-ca-file",
                    "/nonexistent",
                    "--database-url",
                    "host=db.example",
                ],
            ]
            .concat()[2..]
                .to_vec(),
            "/nonexistent",
        ),
        ([&base[..], &["--listen", &taken]].concat(), &taken),
        (
            [&base[..], &["--mail-ca-file", "/nonexistent"]].concat(),
            "/nonexistent",
        ),
        (
            [&base[..], &["--mail-folder", "/dev/null/x"]].concat(),
            "--mail-folder",
        ),
        (
            [&base[..], &["--courier-interval", "5"]].concat(),
            "--courier-interval <TIME>",
        ),
    ] {
        let (code, out, said) = Gateway::run(&flags);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{flags:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{flags:?}: {said}");
        assert!(
            said.contains(expected) && !said.contains("geheim"),
            "{flags:?}: {said}"
        );
    }
    let (code, help, _) = Gateway::run(&["--help"]);
    assert_eq!(code, Some(0));
    assert!(
        ["Database:", "Courier:", "HTTP:", "Logs:", "AUTH_LISTEN"]
            .iter()
            .all(|word| help.contains(word))
    );
    let (code, version, _) = Gateway::run(&["--version"]);
    assert_eq!(
        (code, version.trim()),
        (Some(0), concat!("auth-gateway ", env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn it_stays_small() {
    let cluster = Cluster::start();
    let gateway = Gateway::start(&cluster.url("gateway"), &[]);
    let address = gateway.address;
    let clients = (0..16).map(|_| {
        std::thread::spawn(move || {
            let mut stream = send(address, b"");
            for _ in 0..200 {
                stream
                    .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                    .expect("it is open");
                assert_eq!(read_reply(&stream).status, 200);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.join().expect("every request is answered");
    }
    let memory = gateway.memory();
    assert!(memory <= 30 * 1024, "{memory} KiB");
}
