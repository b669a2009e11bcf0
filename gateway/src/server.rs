//! Listening, and stopping in good order.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::config::{Config, Listen};
use crate::courier::Courier;
use crate::database::Database;
use crate::maintenance::Job;
use crate::outgoing::Http;
use crate::proxy::Gateway;
use crate::{maintenance, measures};

/// A connection on which no request's headers are complete after this time is closed. It also ends idle
/// connections, and so must be longer than load balancers keep theirs (60 seconds is usual), or they would send
/// requests into a connection that is being closed.
const HEADER_LIMIT: Duration = Duration::from_secs(75);
/// A request's headers may have this many bytes in all.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// A message for the administrator when it cannot start.
pub async fn run(config: Config) -> Result<(), String> {
    // First of all, so that no signal is missed.
    let signals = Signals::new()?;
    let measures = measures::init()?;
    let database = Database::new(&config)?;
    let http = Http::new(config.allow_private_addresses)?;
    let courier = if config.courier_interval.is_zero() {
        None
    } else {
        let courier = Courier::new(&config, database.clone(), http.clone())?;
        Some(Arc::new(courier))
    };
    let mut listeners = Vec::new();
    for Listen { address, path } in &config.listen {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| refused(*address, &error))?;
        listeners.push((listener, Arc::<str>::from(path.as_str())));
    }
    for (listener, path) in &listeners {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, path = &**path, version = env!("CARGO_PKG_VERSION"), "listening");
        }
    }
    tokio::spawn(maintenance::keep_measures_small(measures.clone()));
    for (job, interval) in [
        (Job::Maintain, config.maintenance_interval),
        (Job::Import, config.import_interval),
    ] {
        if !interval.is_zero() {
            tokio::spawn(maintenance::run(database.clone(), job, interval));
        }
    }
    tokio::spawn(look_for(database.clone(), config.pool_timeout));
    let (stop, stopping) = watch::channel(());
    let gateway = Arc::new(Gateway {
        config,
        database: database.clone(),
        http,
        measures,
    });
    let mut tasks: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(serve(listener, gateway.clone(), stopping.clone())))
        .collect();
    tasks.extend(courier.map(|courier| tokio::spawn(courier.run(stopping))));
    signals.wait().await;
    tracing::info!("stopping");
    drop(stop);
    for task in tasks {
        let _ = task.await;
    }
    database.close();
    tracing::info!("stopped");
    Ok(())
}

fn refused(address: SocketAddr, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "cannot listen on {address}: another program does already (choose another with --listen)"
        ),
        _ => format!("cannot listen on {address}: {error}"),
    }
}

/// Tells the administrator soon when the database cannot be reached.
async fn look_for(database: Database, limit: Duration) {
    if !database.is_alive(limit).await {
        tracing::warn!("the database does not answer yet; requests get 503 until it does");
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, String> {
        let on = |kind| signal(kind).map_err(|error| format!("cannot wait for signals: {error}"));
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
        })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Accepts connections until `stopping` ends, then lets the running requests finish.
async fn serve(
    (listener, path): (TcpListener, Arc<str>),
    gateway: Arc<Gateway>,
    mut stopping: watch::Receiver<()>,
) {
    let running = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // The sender is dropped.
            _ = stopping.changed() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEADER_LIMIT)
                    .max_header_size(MAX_HEADER_BYTES)
                    .serve_connection(
                        TokioIo::new(stream),
                        service(gateway.clone(), path.clone(), peer),
                    );
                let connection = running.watch(connection);
                // Clients break off all the time; it is no event.
                tokio::spawn(async move { drop(connection.await) });
            }
            Err(error) => {
                // Out of file descriptors, most likely: they come back as connections end.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    let grace = gateway.config.shutdown_grace;
    if tokio::time::timeout(grace, running.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests that took too long are broken off");
    }
}

fn service(
    gateway: Arc<Gateway>,
    path: Arc<str>,
    peer: SocketAddr,
) -> impl hyper::service::Service<
    hyper::Request<hyper::body::Incoming>,
    Response = hyper::Response<http_body_util::Full<bytes::Bytes>>,
    Error = Infallible,
    Future: Send,
> {
    service_fn(move |request| {
        let (gateway, path) = (gateway.clone(), path.clone());
        async move { Ok(gateway.answer(request, &path, peer).await) }
    })
}
