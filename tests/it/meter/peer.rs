//! A meter's end of a line that says what it is told to. It frames bytes by itself: a mistake in our codec
//! must not be shared by the other side.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the other end does, in order.
#[derive(Clone, Debug)]
pub enum Step {
    /// Waits for a whole request.
    Hear,
    /// Sends these bytes in one piece.
    Say(Vec<u8>),
    /// Sends these bytes one at a time.
    Spell(Vec<u8>),
    /// Sends a reply to the request heard last, with this verdict and payload.
    Answer(u8, Vec<u8>),
    /// Sends a reply to an earlier request, 0 the first one.
    AnswerTo(usize, Vec<u8>),
    /// Sends what was heard last.
    Echo,
    /// Waits until the line ends.
    Hang,
}

/// The requests that were heard, as they came.
pub type Heard = Arc<Mutex<Vec<Vec<u8>>>>;

/// A meter's end of TCP connections: the first gets the first script, and so on; then nobody listens.
pub struct Peer {
    pub address: SocketAddr,
    pub heard: Heard,
    running: JoinHandle<usize>,
}

impl Peer {
    pub async fn start(scripts: Vec<Vec<Step>>) -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, heard) = (listener.local_addr().unwrap(), Heard::default());
        let memory = Arc::clone(&heard);
        let running = tokio::spawn(async move {
            let mut served = 0;
            for script in scripts {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                play(&script, &mut stream, &memory).await;
                let _ = stream.shutdown().await;
                served += 1;
            }
            served
        });
        Peer {
            address,
            heard,
            running,
        }
    }

    /// How many connections came; waits until all scripts were played.
    pub async fn served(self) -> usize {
        self.running.await.unwrap()
    }

    pub fn requests(&self) -> usize {
        self.heard.lock().unwrap().len()
    }
}

/// Plays one script on a line.
pub async fn play(script: &[Step], line: &mut (impl AsyncRead + AsyncWrite + Unpin), heard: &Heard) {
    for step in script {
        let request = |back: usize| heard.lock().unwrap()[back].clone();
        let last = || heard.lock().unwrap().last().cloned().unwrap();
        match step {
            Step::Hear => {
                let Some(request) = hear(line).await else { return };
                heard.lock().unwrap().push(request);
            }
            Step::Say(bytes) => drop(line.write_all(bytes).await),
            Step::Spell(bytes) => {
                for byte in bytes {
                    let _ = line.write_all(&[*byte]).await;
                    tokio::task::yield_now().await;
                }
            }
            Step::Answer(ack, payload) => drop(line.write_all(&reply(&last(), *ack, payload)).await),
            Step::AnswerTo(which, payload) => drop(line.write_all(&reply(&request(*which), 0, payload)).await),
            Step::Echo => drop(line.write_all(&last()).await),
            Step::Hang => while hear(line).await.is_some() {},
        }
    }
}

pub async fn hear(line: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut request = vec![0; 2];
    line.read_exact(&mut request).await.ok()?;
    assert_eq!(request[0], 0x7E);
    request.resize(usize::from(request[1]) + 1, 0);
    line.read_exact(&mut request[2..]).await.ok()?;
    Some(request)
}

/// The reply to a request: addresses swapped, number and header repeated, then `payload`.
pub fn reply(request: &[u8], ack: u8, payload: &[u8]) -> Vec<u8> {
    let header = &request[11..request.len().min(16)];
    let data = [header, payload].concat();
    let ends = [&request[6..10], &[0x00, 0x00, 0x18, 0xB0]].concat();
    frame(&ends, request[10] & 7 | ack << 3, &data)
}

/// A frame, made without the codec under test.
pub fn frame(ends: &[u8], control: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x7E, u8::try_from(data.len() + 12).unwrap()];
    bytes.extend(ends);
    bytes.push(control);
    bytes.extend(data);
    let sum = checksum(&bytes[1..]);
    bytes.extend(sum.to_be_bytes());
    bytes
}

fn checksum(bytes: &[u8]) -> u16 {
    let mut sum = 0xFFFFu16;
    for bit in bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1))
    {
        let carry = sum >> 15 != u16::from(bit);
        sum = sum << 1 ^ if carry { 0x1021 } else { 0 };
    }
    sum
}

/// What `asking` comes to while the other end plays its script, however far that gets.
pub async fn beside<T>(asking: impl Future<Output = T>, script: impl Future<Output = ()>) -> T {
    let script = async {
        script.await;
        std::future::pending::<T>().await
    };
    tokio::select! { answer = asking => answer, never = script => never }
}
