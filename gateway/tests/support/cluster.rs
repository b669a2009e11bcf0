//! A throw-away Postgres with a stand-in for the extension.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A cluster of its own in a temporary directory, reached through a socket there. It goes with the value.
pub struct Cluster {
    directory: PathBuf,
    programs: PathBuf,
    port: Cell<u16>,
}

impl Cluster {
    /// Makes and starts one.
    ///
    /// # Panics
    /// When there is no Postgres server: these tests prove nothing without one.
    pub fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("auth-gateway-{}-{number}", std::process::id());
        let cluster = Self {
            directory: std::env::temp_dir().join(name),
            programs: programs(),
            port: Cell::new(5432),
        };
        std::fs::create_dir(&cluster.directory).expect("a directory for the cluster");
        if is_root() {
            let mut chown = Command::new("chown");
            succeed(chown.arg(user()).arg(&cluster.directory));
        }
        let mut initdb = cluster.program("initdb");
        let options = [
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ];
        succeed(initdb.args(options).arg("-D").arg(cluster.data()));
        let settings = "listen_addresses = ''\n";
        std::fs::write(cluster.data().join("postgresql.auto.conf"), settings).expect("settings");
        cluster.boot();
        cluster.sql(include_str!("../stand_in.sql"));
        cluster
    }

    /// Starts Postgres, also after a crash.
    pub fn boot(&self) {
        let settings = format!(
            "-c unix_socket_directories={} -c fsync=off -c shared_buffers=16MB -c logging_collector=off",
            self.directory.display()
        );
        super::wait_until("Postgres starts", || {
            // After a crash it refuses as long as a process of the former server is alive.
            let mut start = self.program("pg_ctl");
            let log = self.directory.join("log");
            let start = start.args(["-w", "-t", "20", "-o", &settings, "-l"]);
            let start = start.arg(log).arg("-D").arg(self.data()).arg("start");
            run(start).status.success()
        });
    }

    /// Makes a certificate for 127.0.0.1 and lets the server offer it there: the port, and the file to trust.
    pub fn encrypt(&self) -> (u16, PathBuf) {
        let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
        let key = key.expect("a certificate");
        let certificate = self.directory.join("server.crt");
        std::fs::write(&certificate, key.cert.pem()).expect("the certificate");
        let secret = self.data().join("server.key");
        std::fs::write(&secret, key.signing_key.serialize_pem()).expect("its key");
        if is_root() {
            succeed(Command::new("chown").arg(user()).arg(&secret));
        }
        succeed(Command::new("chmod").arg("600").arg(&secret));
        let free =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let port = free.expect("a free port").port();
        for setting in [
            "listen_addresses = '127.0.0.1'".to_owned(),
            format!("port = {port}"),
            format!("ssl_cert_file = '{}'", certificate.display()),
            "ssl = on".to_owned(),
        ] {
            self.sql(&format!("ALTER SYSTEM SET {setting}"));
        }
        // No way in without encryption.
        let rules = "local all postgres trust\nhostssl all all all trust\n";
        std::fs::write(self.data().join("pg_hba.conf"), rules).expect("the rules");
        let mut stop = self.program("pg_ctl");
        succeed(stop.args(["-m", "fast", "-D"]).arg(self.data()).arg("stop"));
        self.port.set(port);
        self.boot();
        (port, certificate)
    }

    /// Kills the server as a crash or a lack of memory would.
    pub fn crash(&self) {
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid"));
        let pid = pid.expect("Postgres runs");
        succeed(Command::new("kill").args(["-9", pid.lines().next().expect("its id")]));
    }

    /// Runs SQL as superuser; rows come back as lines.
    pub fn sql(&self, text: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args([
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-c",
            text,
            "postgres",
        ]);
        let output = succeed(
            psql.args(["-p", &self.port.get().to_string()])
                .arg("-h")
                .arg(&self.directory),
        );
        String::from_utf8(output.stdout)
            .expect("text")
            .trim_end()
            .to_owned()
    }

    /// A folder of its own, which goes with it.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// How often the stand-in was called at one of its counting paths.
    pub fn tries(&self) -> u32 {
        let count =
            self.sql("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM auth.tries");
        count.parse().expect("a number")
    }

    /// Where a role finds it.
    pub fn url(&self, role: &str) -> String {
        format!(
            "host={} user={role} dbname=postgres",
            self.directory.display()
        )
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// A program of Postgres, which does not run as root.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", &user(), "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(&self.directory);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        run(stop
            .args(["-m", "immediate", "-D"])
            .arg(self.data())
            .arg("stop"));
        if std::thread::panicking() {
            eprintln!("the cluster's log:\n{}", tail(&self.directory.join("log")));
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn programs() -> PathBuf {
    let pg_config = std::env::var("PG_CONFIG").unwrap_or_else(|_| "pg_config".to_owned());
    let output = Command::new(&pg_config).arg("--bindir").output();
    let output = output.unwrap_or_else(|error| {
        panic!("{pg_config} --bindir: {error}; install Postgres or set PG_CONFIG")
    });
    let directory = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let initdb = directory.join("initdb");
    assert!(
        initdb.exists(),
        "{} is missing: install the server",
        initdb.display()
    );
    directory
}

fn is_root() -> bool {
    let output = run(Command::new("id").arg("-u"));
    output.stdout.trim_ascii() == b"0"
}

/// Who runs Postgres when the tests run as root.
fn user() -> String {
    std::env::var("AUTH_RUN_USER").unwrap_or_else(|_| {
        let known = run(Command::new("id").arg("postgres")).status.success();
        if known { "postgres" } else { "nobody" }.to_owned()
    })
}

fn run(command: &mut Command) -> Output {
    let output = command.output();
    output.unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn succeed(command: &mut Command) -> Output {
    let output = run(command);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
