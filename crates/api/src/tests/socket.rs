//! The socket itself: ports, deadlines, broken requests, and an orderly end. Real sockets on loopback.

use super::*;
use crate::server::{bind, serve};
use crate::{ApiConfig, BindError};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn config() -> ApiConfig {
    ApiConfig {
        listen: "127.0.0.1:0".to_owned(),
        header_deadline_s: 1,
        ..ApiConfig::default()
    }
}

/// Runs a server around a conversation, then stops it and waits for its end.
async fn with_server<Talk: Future<Output = ()>>(
    counter: &Counter,
    talk: impl FnOnce(SocketAddr) -> Talk,
) {
    let bound = bind(config()).await.expect("a free port");
    let address = bound.local_addr;
    let talk = async {
        talk(address).await;
        counter.stop.cancel();
    };
    tokio::join!(serve(bound, counter.state(), counter.stop.clone()), talk);
}

/// Sends bytes and reads until the server closes.
async fn converse(address: SocketAddr, bytes: &str) -> String {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("the server listens");
    stream
        .write_all(bytes.as_bytes())
        .await
        .expect("the server reads");
    let mut answer = Vec::new();
    // A server that refuses a body may close before all of it was read; what came until then counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_used_port_is_told_before_anything_else() {
    let bound = bind(config()).await.expect("a free port");
    let listen = bound.local_addr.to_string();
    let error = bind(ApiConfig {
        listen: listen.clone(),
        ..config()
    })
    .await
    .err()
    .expect("it is used");
    let expected = format!(
        "cannot listen on {listen}: another process uses the port; stop it, or choose another with --set api.listen=127.0.0.1:0"
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn an_address_that_means_nothing_is_told() {
    for listen in ["127.0.0.1:70000", "nowhere", "192.0.2.1:0", ""] {
        let outcome = bind(ApiConfig {
            listen: listen.to_owned(),
            ..config()
        })
        .await;
        assert!(
            matches!(outcome, Err(BindError::Address { .. })),
            "{listen}"
        );
    }
}

#[tokio::test]
async fn a_public_address_wants_tls_or_a_word() {
    let public = ApiConfig {
        listen: "0.0.0.0:0".to_owned(),
        ..config()
    };
    assert!(matches!(
        bind(public.clone()).await,
        Err(BindError::Public { .. })
    ));
    assert!(
        bind(ApiConfig {
            tls: crate::Tls::TerminatedByProxy,
            ..public.clone()
        })
        .await
        .is_ok()
    );
    assert!(
        bind(ApiConfig {
            insecure: true,
            ..public
        })
        .await
        .is_ok()
    );
}

#[tokio::test]
async fn requests_are_answered_over_a_socket() {
    let counter = Counter::new();
    with_server(&counter, async |address| {
        let answer = converse(
            address,
            &format!("GET /health/live HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"),
        )
        .await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("{\"status\":\"live\"}"),
            "{answer}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_not_taken_in() {
    let counter = Counter::new();
    let key = counter.keys.admin_key().to_owned();
    with_server(&counter, async |address| {
        let head = format!("POST /api/v1/events HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {key}\r\nContent-Length: 100\r\n\r\n{{}}");
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        stream.write_all(head.as_bytes()).await.expect("the server reads");
        stream.shutdown().await.expect("our half is closed");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("the server answers or closes");
        assert!(!answer.contains(" 202 "), "{answer}");
    })
    .await;
    assert!(counter.door.requests.lock().is_empty());
}

#[tokio::test]
async fn a_length_that_is_no_number_is_refused() {
    let counter = Counter::new();
    with_server(&counter, async |address| {
        for length in ["-1", "1e3", "5, 6", "99999999999999999999"] {
            let answer = converse(address, &format!("POST /api/v1/events HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{length}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let counter = Counter::new();
    with_server(&counter, async |address| {
        // The server's deadline of a second ends this, or the test would hang.
        let answer = converse(address, "GET /health/live HTTP/1.1\r\nHost: loc").await;
        assert!(!answer.contains("200 OK"), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn a_stop_ends_open_streams_and_idle_connections() {
    let counter = Counter::new();
    let key = counter.keys.admin_key().to_owned();
    let mut stream = None;
    with_server(&counter, async |address| {
        let mut open = TcpStream::connect(address)
            .await
            .expect("the server listens");
        let head =
            format!("GET /api/v1/stream HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {key}\r\n\r\n");
        open.write_all(head.as_bytes())
            .await
            .expect("the server reads");
        let mut first = [0; 16];
        open.read_exact(&mut first)
            .await
            .expect("the stream begins");
        assert_eq!(&first, b"HTTP/1.1 200 OK\r");
        stream = Some(open);
    })
    .await;
    let mut rest = String::new();
    stream
        .expect("the stream was open")
        .read_to_string(&mut rest)
        .await
        .expect("the stream has ended");
    assert!(
        rest.contains("event: snapshot") && rest.ends_with("0\r\n\r\n"),
        "{rest}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_answers_while_the_file_still_comes() {
    let counter = Counter::new();
    let key = counter.keys.admin_key().to_owned();
    with_server(&counter, async |address| {
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        let head = format!(
            "POST /api/v1/imports?name=a.csv HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {key}\r\nConnection: close\r\nContent-Length: 8\r\n\r\na\nb\n"
        );
        stream.write_all(head.as_bytes()).await.expect("the server reads");
        let mut first = [0; 15];
        stream.read_exact(&mut first).await.expect("the answer begins before the file has ended");
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        stream.write_all(b"c\nd\n").await.expect("the server reads on");
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.expect("the answer ends");
        assert!(rest.contains("{\"done\":{\"name\":\"a.csv\"") && rest.contains("\"rows\":4"), "{rest}");
    })
    .await;
}
