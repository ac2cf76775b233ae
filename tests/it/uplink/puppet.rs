//! A broker that behaves as badly as it is told: MQTT 3.1.1 in clear, read and written here byte by byte.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::support::eventually;

/// How it behaves; a change counts at once.
#[derive(Clone, Debug)]
pub struct Manners {
    /// The answer to an opening; `None`: never one.
    pub connack: Option<u8>,
    /// Whether messages and pings are answered.
    pub answers: bool,
    /// What each subscription is granted; `None`: it is never answered.
    pub granted: Option<u8>,
    /// Whoever sends this is hung up on.
    pub minds: Option<String>,
    /// Whether it keeps what it is to retain; else it hangs up on that, a will excepted.
    pub keeps: bool,
    /// A longer keep-alive is refused as if it were the client id.
    pub longest_keep_alive_s: u16,
}

/// What a client said.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Connect(Opening),
    Publish {
        topic: String,
        text: String,
        surely: bool,
        retained: bool,
    },
    Subscribe(Vec<(String, u8)>),
    Ping,
    Bye,
    /// The line ended without a word.
    Gone,
}

/// How a client opened its session.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    pub level: u8,
    pub flags: u8,
    pub keep_alive_s: u16,
    /// Name, will's topic, will, user and password, as far as the flags say that they are there.
    pub texts: Vec<String>,
}

fn opening(body: &[u8]) -> Opening {
    let (mut at, mut texts) = (10, Vec::new());
    while at < body.len() {
        let (text, next) = text_at(body, at);
        texts.push(text);
        at = next;
    }
    Opening {
        level: body[6],
        flags: body[7],
        keep_alive_s: u16::from_be_bytes([body[8], body[9]]),
        texts,
    }
}

pub struct Puppet {
    pub port: u16,
    manners: Arc<Mutex<Manners>>,
    said: Arc<Mutex<Vec<(usize, Said)>>>,
    lines: Arc<Mutex<BTreeMap<usize, TcpStream>>>,
}

impl Puppet {
    pub fn start() -> Puppet {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let puppet = Puppet {
            port: listener.local_addr().unwrap().port(),
            manners: Arc::new(Mutex::new(Manners {
                connack: Some(0),
                answers: true,
                granted: Some(1),
                minds: None,
                keeps: true,
                longest_keep_alive_s: u16::MAX,
            })),
            said: Arc::default(),
            lines: Arc::default(),
        };
        let (manners, said, lines) = (puppet.manners.clone(), puppet.said.clone(), puppet.lines.clone());
        std::thread::spawn(move || {
            for (number, line) in listener.incoming().enumerate() {
                let line = line.unwrap();
                lines.lock().unwrap().insert(number, line.try_clone().unwrap());
                let (manners, said) = (manners.clone(), said.clone());
                std::thread::spawn(move || {
                    let last = serve(line.try_clone().unwrap(), &manners, &mut |what| {
                        said.lock().unwrap().push((number, what));
                    });
                    if last.is_none() {
                        said.lock().unwrap().push((number, Said::Gone));
                    }
                    let _ = line.shutdown(Shutdown::Both);
                });
            }
        });
        puppet
    }

    pub fn behave(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.manners.lock().unwrap());
    }

    /// Everything that was said, with the number of the connection.
    pub fn said(&self) -> Vec<(usize, Said)> {
        self.said.lock().unwrap().clone()
    }

    /// Waits until the newest connection's end was read, too: everything that was said, how it ended last.
    pub fn said_to_the_end(&self) -> Vec<(usize, Said)> {
        eventually("the connection's end is read", || {
            let said = self.said();
            matches!(said.last(), Some((_, Said::Bye | Said::Gone))).then_some(said)
        })
    }

    pub fn connects(&self) -> usize {
        let is_connect = |(_, said): &(usize, Said)| matches!(said, Said::Connect(_));
        self.said().iter().filter(|one| is_connect(one)).count()
    }

    /// Every line of SmartREST that came, in order.
    pub fn texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for (_, said) in self.said() {
            if let Said::Publish { text, .. } = said {
                texts.extend(text.lines().map(str::to_owned));
            }
        }
        texts
    }

    /// Waits for a line that begins so.
    pub fn hears(&self, beginning: &str) -> String {
        eventually(&format!("a line begins with {beginning}"), || {
            self.texts().into_iter().find(|text| text.starts_with(beginning))
        })
    }

    /// Publishes to whoever is connected.
    pub fn tell(&self, topic: &str, payload: &[u8]) {
        let topic = topic.as_bytes();
        let mut body = u16::try_from(topic.len()).unwrap().to_be_bytes().to_vec();
        body.extend_from_slice(topic);
        body.extend_from_slice(payload);
        let mut packet = vec![0x30];
        let mut length = body.len();
        loop {
            let more = length >= 128;
            packet.push(u8::try_from(length % 128).unwrap() | if more { 128 } else { 0 });
            length /= 128;
            if !more {
                break;
            }
        }
        packet.extend(body);
        self.tell_raw(&packet);
    }

    /// Sends bytes to whoever is connected.
    pub fn tell_raw(&self, bytes: &[u8]) {
        let lines = self.lines.lock().unwrap();
        let (_, mut line) = lines.last_key_value().unwrap();
        line.write_all(bytes).unwrap();
    }

    /// Breaks every line.
    pub fn reset(&self) {
        for line in self.lines.lock().unwrap().values() {
            let _ = line.shutdown(Shutdown::Both);
        }
    }

    /// The section of a tenant at this broker.
    pub fn section(&self, folder: &Path) -> String {
        let password = folder.join("password");
        std::fs::write(&password, "secret").unwrap();
        format!(
            "[uplink]\nkind = \"cumulocity\"\nurl = \"mqtt://127.0.0.1:{}\"\nclient_id = \"lodge-1\"\ntenant = \"t1\"\n\
             username = \"lodge\"\npassword_file = {password:?}\nreplay_rate = \"off\"\n",
            self.port
        )
    }
}

/// One connection; `None`: the client was gone without a word.
fn serve(mut line: TcpStream, manners: &Mutex<Manners>, note: &mut dyn FnMut(Said)) -> Option<()> {
    loop {
        let (kind, body) = packet(&mut line)?;
        let now = manners.lock().unwrap().clone();
        let id = |at: usize| [body[at], body[at + 1]];
        match kind >> 4 {
            1 => {
                let opening = opening(&body);
                let code = (opening.keep_alive_s > now.longest_keep_alive_s).then_some(2);
                note(Said::Connect(opening));
                let connack = code.or(now.connack);
                match connack {
                    Some(code) => line.write_all(&[0x20, 2, 0, code]).ok()?,
                    None => continue,
                }
                if connack != Some(0) {
                    return Some(());
                }
            }
            3 => {
                let (topic, at) = text_at(&body, 0);
                let surely = kind & 0b110 != 0;
                let from = if surely { at + 2 } else { at };
                let text = String::from_utf8(body[from..].to_vec()).unwrap();
                let minded = now.minds.is_some_and(|minded| text.contains(&minded));
                let retained = kind & 1 == 1;
                note(Said::Publish {
                    topic,
                    text,
                    surely,
                    retained,
                });
                if minded || (retained && !now.keeps) {
                    return Some(());
                }
                if surely && now.answers {
                    let [high, low] = id(at);
                    line.write_all(&[0x40, 2, high, low]).ok()?;
                }
            }
            8 => {
                let (mut at, mut topics) = (2, Vec::new());
                while at < body.len() {
                    let (topic, next) = text_at(&body, at);
                    topics.push((topic, body[next]));
                    at = next + 1;
                }
                if let Some(granted) = now.granted.filter(|_| now.answers) {
                    let [high, low] = id(0);
                    let mut answer = vec![0x90, 2 + u8::try_from(topics.len()).unwrap(), high, low];
                    answer.extend(topics.iter().map(|_| granted));
                    line.write_all(&answer).ok()?;
                }
                note(Said::Subscribe(topics));
            }
            12 => {
                note(Said::Ping);
                if now.answers {
                    line.write_all(&[0xd0, 0]).ok()?;
                }
            }
            14 => {
                note(Said::Bye);
                return Some(());
            }
            4 => {}
            other => panic!("the client sent packet type {other}"),
        }
    }
}

fn packet(line: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut byte = || {
        let mut one = [0];
        line.read_exact(&mut one).ok()?;
        Some(one[0])
    };
    let kind = byte()?;
    let (mut length, mut shift) = (0usize, 0);
    loop {
        let part = byte()?;
        length |= usize::from(part & 127) << shift;
        shift += 7;
        if part & 128 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    line.read_exact(&mut body).ok()?;
    Some((kind, body))
}

fn text_at(body: &[u8], at: usize) -> (String, usize) {
    let length = usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
    let end = at + 2 + length;
    (String::from_utf8(body[at + 2..end].to_vec()).unwrap(), end)
}
