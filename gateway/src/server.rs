//! Listening, and stopping in good order.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::config::Config;
use crate::database::Database;
use crate::proxy::Gateway;
use crate::{maintenance, measures};

/// A client that does not finish its headers in this time is cut off.
const HEADER_LIMIT: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// A message for the administrator when it cannot start.
pub async fn run(config: Config) -> Result<(), String> {
    let measures = measures::init()?;
    let database = Database::new(&config)?;
    let mut listeners = Vec::new();
    for address in &config.listen {
        let listener = TcpListener::bind(address).await;
        listeners.push(listener.map_err(|error| format!("cannot listen on {address}: {error}"))?);
    }
    let (stop, stopping) = watch::channel(());
    let gateway = Arc::new(Gateway {
        config: config.clone(),
        database: database.clone(),
        measures,
    });
    let mut tasks: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(serve(listener, gateway.clone(), stopping.clone())))
        .collect();
    if config.maintenance_minutes > 0 {
        let interval = Duration::from_secs(60 * u64::from(config.maintenance_minutes));
        tokio::spawn(maintenance::run(database.clone(), interval));
    }
    if !database.is_alive(config.pool_timeout).await {
        tracing::warn!("the database does not answer yet; requests get 503 until it does");
    }
    for address in &config.listen {
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");
    }
    wait_for_signal().await?;
    tracing::info!("stopping");
    drop(stop);
    for task in &mut tasks {
        let _ = task.await;
    }
    database.close();
    Ok(())
}

async fn wait_for_signal() -> Result<(), String> {
    let listen = |kind| signal(kind).map_err(|error| format!("cannot wait for signals: {error}"));
    let (mut terminate, mut interrupt) = (
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
    );
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Accepts connections until `stopping` ends, then lets the running requests finish.
async fn serve(listener: TcpListener, gateway: Arc<Gateway>, mut stopping: watch::Receiver<()>) {
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
                    .serve_connection(TokioIo::new(stream), service(gateway.clone(), peer));
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
    let _ = tokio::time::timeout(gateway.config.shutdown_grace, running.shutdown()).await;
}

fn service(
    gateway: Arc<Gateway>,
    peer: SocketAddr,
) -> impl hyper::service::Service<
    hyper::Request<hyper::body::Incoming>,
    Response = hyper::Response<http_body_util::Full<bytes::Bytes>>,
    Error = Infallible,
    Future: Send,
> {
    service_fn(move |request| {
        let gateway = gateway.clone();
        async move { Ok(gateway.answer(request, peer).await) }
    })
}
