//! The socket and its connections: binding, the accept loop with its deadlines and limits, and an orderly end.
//! What a request means is none of its business.

use crate::app::{App, routes};
use crate::config::{ApiConfig, Tls};
use crate::state::ApiState;
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use runtime::CancellationToken;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

/// After a failed accept: the process is out of file handles, and closing connections takes a moment.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A socket that listens; nothing is answered before [`serve`].
pub struct Bound {
    /// Where it listens, with the port that was given for 0.
    pub local_addr: SocketAddr,
    listener: TcpListener,
    config: ApiConfig,
}

/// Why the server cannot listen; each message says what, why and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error(
        "cannot listen on {listen}: another process uses the port; stop it, or choose another with --set api.listen=127.0.0.1:0"
    )]
    InUse {
        /// The address.
        listen: String,
    },
    /// The address means nothing, or is not one of this machine.
    #[error(
        "cannot listen on {listen}: write api.listen as ADDRESS:PORT of this machine, such as 127.0.0.1:8000"
    )]
    Address {
        /// The address.
        listen: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// Others could read along.
    #[error(
        "refusing to listen on {listen}: others could read keys on the way; put a proxy with TLS before it and set api.tls=\"terminated-by-proxy\", or set api.insecure=true"
    )]
    Public {
        /// The address.
        listen: String,
    },
}

/// Takes the address, so that a used port is known before anything else starts.
pub async fn bind(config: ApiConfig) -> Result<Bound, BindError> {
    let listen = config.listen.clone();
    let listener = TcpListener::bind(&listen)
        .await
        .map_err(|cause| bind_error(&listen, cause))?;
    let local_addr = listener
        .local_addr()
        .map_err(|cause| bind_error(&listen, cause))?;
    if !local_addr.ip().is_loopback() && config.tls == Tls::Off && !config.insecure {
        return Err(BindError::Public { listen });
    }
    Ok(Bound {
        local_addr,
        listener,
        config,
    })
}

fn bind_error(listen: &str, cause: io::Error) -> BindError {
    let listen = listen.to_owned();
    if cause.kind() == io::ErrorKind::AddrInUse {
        BindError::InUse { listen }
    } else {
        BindError::Address { listen, cause }
    }
}

/// Answers until `stop`, then lets requests that are being answered come to their end.
pub async fn serve(bound: Bound, state: ApiState, stop: CancellationToken) {
    let Bound {
        local_addr,
        listener,
        config,
    } = bound;
    let app = App::new(config, state, local_addr.ip(), stop.clone());
    let hub = Arc::clone(&app.hub);
    tokio::join!(hub.run(stop.clone()), accept(&app, &listener, &stop));
}

async fn accept(app: &Arc<App>, listener: &TcpListener, stop: &CancellationToken) {
    let router = routes(app);
    let deadline = Duration::from_secs(app.config.header_deadline_s.max(1));
    let places = Arc::new(Semaphore::new(app.config.connections_max.max(1)));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(ended) = connections.join_next() => report(ended),
            (accepted, place) = arrival(listener, &places) => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, router.clone(), deadline, stop.clone(), place));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    app.state.clock.sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    while let Some(ended) = connections.join_next().await {
        report(ended);
    }
}

/// The next connection, once there is a place for it.
async fn arrival(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (io::Result<(TcpStream, SocketAddr)>, OwnedSemaphorePermit) {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .expect("nobody closes the semaphore");
    (listener.accept().await, place)
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection ended by a defect");
    }
}

/// One connection, from its first request to its last.
async fn converse(
    stream: TcpStream,
    router: Router,
    deadline: Duration,
    stop: CancellationToken,
    place: OwnedSemaphorePermit,
) {
    let _place = place;
    // Small answers must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(deadline);
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection broke");
    }
}
