//! Meters behind a SOCKS5 proxy with a login (RFC 1928, RFC 1929), played by this test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gatelodge::meter::link::Link;
use gatelodge::meter::session::{AttemptError, Rules, Session, SessionError};
use gatelodge::meter::simulator::Faults;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::fixture::{dialect, quick, read, simulated};

/// A proxy that knows one name, `meter.internal`, and one login.
async fn proxy(meter: SocketAddr, served: Arc<AtomicUsize>, tasks: &mut JoinSet<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            if serve(&mut client, meter).await.is_ok() {
                served.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    address
}

async fn serve(client: &mut TcpStream, meter: SocketAddr) -> std::io::Result<()> {
    let greeting = [client.read_u8().await?, client.read_u8().await?];
    let mut methods = vec![0; usize::from(greeting[1])];
    client.read_exact(&mut methods).await?;
    assert!(greeting[0] == 5 && methods.contains(&2), "a login is offered");
    client.write_all(&[5, 2]).await?;
    assert_eq!(client.read_u8().await?, 1);
    let (name, password) = (text(client).await?, text(client).await?);
    let known = name == b"lodge" && password == b"p@ss:word";
    client.write_all(&[1, u8::from(!known)]).await?;
    if !known {
        return Err(std::io::ErrorKind::PermissionDenied.into());
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    assert_eq!(request, [5, 1, 0, 3], "the name goes to the proxy unresolved");
    let (host, port) = (text(client).await?, client.read_u16().await?);
    let code = if host == b"meter.internal" && port == 8080 {
        0
    } else {
        5
    };
    client.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    if code == 0 {
        let mut line = TcpStream::connect(meter).await?;
        copy_bidirectional(client, &mut line).await?;
    }
    Ok(())
}

async fn text(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut text = vec![0; usize::from(client.read_u8().await?)];
    client.read_exact(&mut text).await?;
    Ok(text)
}

fn through(proxy: &str, target: &str) -> Session {
    let link = Link::new(target.parse().unwrap(), Some(proxy.parse().unwrap()));
    Session::new(link, dialect(), Rules { attempts: 2, ..quick() })
}

#[tokio::test]
async fn a_meter_behind_a_proxy_is_read_by_its_name() {
    let (mut tasks, served) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
    let meter = simulated(Faults::default(), &mut tasks).await;
    let proxy = proxy(meter, Arc::clone(&served), &mut tasks).await;
    let mut session = through(&format!("socks5://lodge:p%40ss%3Aword@{proxy}"), "tcp://meter.internal");
    for _ in 0..3 {
        assert_eq!(read(&mut session, "serial").await.unwrap(), b"EML2137580761   ");
    }

    for (login, target) in [
        ("lodge:guess", "tcp://meter.internal"),
        ("lodge:p%40ss%3Aword", "tcp://other.internal"),
    ] {
        let mut session = through(&format!("socks5://{login}@{proxy}"), target);
        let error = read(&mut session, "serial").await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("no answer after 2 tries: the SOCKS proxy 127.0.0.1:"),
            "{text}"
        );
        assert!(!text.contains("guess") && !text.contains("p@ss"), "{text}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_away_is_named() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = read(
        &mut through(&format!("socks5://a:b@{address}"), "tcp://meter.internal"),
        "serial",
    )
    .await
    .unwrap_err();
    assert!(
        matches!(
            &error,
            SessionError::Failed {
                attempts: 2,
                last: AttemptError::Link(_)
            }
        ) && error
            .to_string()
            .contains(&format!("the SOCKS proxy {address} cannot be reached")),
        "{error}"
    );
}
