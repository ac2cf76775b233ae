//! The way to the broker step by step, in words: `uplink test` (UPLINK §1.7).

use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

use super::agreed::{Agreed, Agreement, agree};
use super::dial;
use super::error::{ConnectionError, LimitError};
use super::login::login;
use super::opening::{check_identity, on_the_wire};
use super::wire::{Incoming, Line, Message, Opening, Wire, WireError};
use crate::http::way_out::ProxyAddress;
use crate::tls::{Outbound, OutboundTls, Step, StepVerdict};
use crate::uplink::config::{Auth, Config, Kind};
use crate::uplink::cumulocity;
use crate::uplink::patience::Patience;
use crate::uplink::plain::{self, Topics};
use crate::uplink::topic::Topic;

/// A certificate that ends sooner is worth a look.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);
/// As long as the longest message of discovery: a meter with all its values, and its alarms.
const LARGE: usize = 16 << 10;
/// For the broker to take a message.
const TAKING: Duration = Duration::from_secs(10);

/// Goes as far as it works, and says of each step what came of it.
///
/// The session is opened under a name of its own, so that the one that runs is not cut off. A tenant lets a device in
/// under its own name only: while that session is open (`connected`), it is the proof.
pub async fn rehearse(config: &Config, client_id: &str, connected: Option<Timestamp>) -> Vec<Step> {
    let mut rehearsal = Rehearsal {
        config,
        client_id,
        connected,
        steps: Vec::new(),
    };
    // The step that failed has said so.
    let _ = rehearsal.walk().await;
    rehearsal.steps
}

struct Rehearsal<'a> {
    config: &'a Config,
    client_id: &'a str,
    connected: Option<Timestamp>,
    steps: Vec<Step>,
}

/// A step failed and has said so.
struct Failed;

impl Rehearsal<'_> {
    async fn walk(&mut self) -> Result<(), Failed> {
        self.settings()?;
        self.enrolment()?;
        let tls = self.files()?;
        let config = self.config;
        let stream = match config.way.proxy_to(&config.url.host, config.url.port) {
            Some(proxy) => self.through(proxy).await?,
            None => self.straight().await?,
        };
        let line: Box<dyn Line> = match &tls {
            Some(tls) => {
                let line = dial::encrypt(&config.url, tls, stream).await;
                self.fine("tls", line, |_| {
                    format!("{} shows a certificate that is believed", config.url.host)
                })?
            }
            None => {
                self.report(
                    "tls",
                    StepVerdict::Doubtful,
                    "the line is in clear: anybody between can read and change it",
                );
                Box::new(stream)
            }
        };
        // Each way of logging in is tried on a line of its own.
        drop(line);
        if let (Kind::Cumulocity, Some(since)) = (config.kind, self.connected) {
            self.report("login", StepVerdict::Good, format!("the session is open since {since}"));
            return Ok(());
        }
        let agreement = self.login(tls.as_ref()).await?;
        self.as_a_session_does(agreement).await
    }

    async fn straight(&mut self) -> Result<TcpStream, Failed> {
        let url = &self.config.url;
        let addresses = dial::resolve(url).await;
        let addresses = self.fine("dns", addresses, |found| {
            let found: Vec<String> = found.iter().map(|address| address.ip().to_string()).collect();
            format!("{} is {}", url.host, found.join(", "))
        })?;
        let stream = dial::connect(url, &addresses).await;
        self.fine("tcp", stream, |stream| match stream.peer_addr() {
            Ok(address) => format!("{address} takes connections"),
            Err(_) => "it takes connections".to_owned(),
        })
    }

    async fn through(&mut self, proxy: &ProxyAddress) -> Result<TcpStream, Failed> {
        let url = &self.config.url;
        let stream = dial::through(url, &self.config.way, proxy).await;
        let words = format!("the proxy {proxy} opens a way to {}:{}", url.host, url.port);
        self.fine("proxy", stream, |_| words)
    }

    fn settings(&mut self) -> Result<(), Failed> {
        let faults = self.config.faults();
        for fault in faults.iter() {
            self.bad("config", format!("`{}` {}", fault.key, fault.what), fault.right.clone());
        }
        if !faults.is_empty() {
            return Err(Failed);
        }
        let how = match self.config.auth() {
            Auth::Certificate => "by certificate",
            Auth::Password if self.config.username.is_some() => "by user name and password",
            Auth::Password => "without a proof of who it is",
            Auth::Est => "by a certificate that the platform gives it",
            Auth::Bootstrap => "by a login that the platform grants it",
        };
        let words = format!("{} as {} {how}", self.config.url, self.client_id);
        self.report("config", StepVerdict::Good, words);
        Ok(())
    }

    /// Whether the platform gave the box what it proves itself by.
    fn enrolment(&mut self) -> Result<(), Failed> {
        let Some(kept) = self
            .config
            .credential_folder
            .as_ref()
            .filter(|_| self.config.auth().is_given())
        else {
            return Ok(());
        };
        let given = match self.config.auth() {
            Auth::Bootstrap => kept
                .login()
                .map(|login| login.map(|_| "the platform granted the box a login".to_owned())),
            _ => kept.life().map(|life| {
                let next = if kept.next().exists() {
                    ", and the next one waits for a session"
                } else {
                    ""
                };
                life.map(|life| format!("the platform certified the box until {}{next}", life.until))
            }),
        };
        let given = given
            .map_err(ConnectionError::from)
            .and_then(|given| given.ok_or(ConnectionError::NotEnrolled));
        self.fine("enrolment", given, Clone::clone).map(drop)
    }

    fn files(&mut self) -> Result<Option<OutboundTls>, Failed> {
        let tls = self.config.outbound().as_ref().map(Outbound::load).transpose();
        let tls = tls.map_err(ConnectionError::Files).and_then(|tls| {
            login(self.config)?;
            if let Some(tls) = &tls {
                check_identity(tls, self.config.kind, self.client_id)?;
            }
            Ok(tls)
        });
        let tls = self.fine("files", tls, |_| {
            "authorities, certificate, key and password are readable".to_owned()
        })?;
        if let Some(identity) = tls.as_ref().and_then(|tls| tls.identity.clone())
            && identity.not_after.duration_since(Timestamp::now()) < SOON
        {
            let words = format!("the box's certificate ends at {}; renew it", identity.not_after);
            self.report("certificate", StepVerdict::Doubtful, words);
        }
        Ok(tls)
    }

    /// Logs in as the session does, with its will, and says what the broker does not allow.
    async fn login(&mut self, tls: Option<&OutboundTls>) -> Result<Agreement, Failed> {
        let config = self.config;
        let client_id = match config.kind {
            Kind::Mqtt => format!("{}-test", self.client_id),
            Kind::Cumulocity => on_the_wire(config.kind, self.client_id),
        };
        let agreement = match login(config) {
            Ok(login) => {
                let opening = Opening {
                    will: Some(self.will()),
                    client_id,
                    login,
                    keep_alive_s: u16::try_from(config.keep_alive.0.as_secs()).unwrap_or(600),
                    window: 1,
                    patience: Patience::default().opening,
                };
                agree(config, &Agreed::new(config), &opening, tls).await
            }
            Err(fault) => Err(fault),
        };
        let words = "the broker lets the box in, with its will".to_owned();
        let agreement = self.fine("login", agreement, |_| words)?;
        for limit in &agreement.found {
            self.report("limits", StepVerdict::Doubtful, limit.to_string());
            if let Some(last) = self.steps.last_mut() {
                last.next_step = Some(limit.mend().to_owned());
            }
        }
        Ok(agreement)
    }

    /// Sends what a session sends, and asks for what it listens to.
    async fn as_a_session_does(&mut self, agreement: Agreement) -> Result<(), Failed> {
        let Agreement {
            mut wire,
            opened,
            agreed,
            ..
        } = agreement;
        let surely = agreed.surely;
        let fitting = |mut message: Message| {
            message.unacknowledged |= !surely;
            message
        };
        let word = fitting(self.word());
        let topic = word.topic.clone();
        let taken = send(&mut wire, &word).await;
        self.fine("topic", taken, |()| format!("a message to {topic} was taken"))?;
        if self.config.kind == Kind::Mqtt {
            if agreed.retain {
                // It is taken away again, so that nothing is left.
                let kept = fitting(self.word().retained());
                let empty = fitting(Message::new(topic.clone(), "").retained());
                let taken = send(&mut wire, &kept).await;
                let taken = self.as_retained(taken);
                self.fine("retain", taken, |()| "a retained message was taken".to_owned())?;
                let _ = send(&mut wire, &empty).await;
            } else {
                let words = "nothing is retained: who subscribes hears of a thing when it changes next";
                self.report("retain", StepVerdict::Doubtful, words);
            }
            let large = fitting(Message::new(topic, vec![b' '; LARGE]));
            let taken = send(&mut wire, &large).await;
            self.fine("size", taken, |()| format!("a message of {LARGE} bytes was taken"))?;
        }
        let wanted = self.listens_to(!opened.no_wildcards);
        let granted = subscribe(&mut wire, &wanted).await;
        let names: Vec<&str> = wanted.iter().map(|topic| topic.name.as_str()).collect();
        let _ = wire.close().await;
        self.fine("subscriptions", granted, |()| {
            format!("{} are granted", names.join(", "))
        })
    }

    /// MQTT 3.1.1 has no word for it: a broker hangs up on a message that it is to keep, and took the same without.
    fn as_retained(&self, taken: Result<(), ConnectionError>) -> Result<(), ConnectionError> {
        match taken {
            Err(ConnectionError::Wire(WireError::Closed | WireError::Io(_))) => {
                Err(ConnectionError::Limited(LimitError::HangsUpOnRetain))
            }
            taken => taken,
        }
    }

    /// The will of the session. Should the line be lost now, what the broker publishes is still true.
    fn will(&self) -> Message {
        if self.config.kind == Kind::Cumulocity {
            return self.word();
        }
        let word = if self.connected.is_some() { "online" } else { "offline" };
        Message::new(self.topics().status(), word).retained()
    }

    /// A message that harms nothing: of a device that is there already, a tenant takes its first line as no news.
    fn word(&self) -> Message {
        if self.config.kind == Kind::Cumulocity {
            return Message::new("s/us", "100");
        }
        Message::new(self.topics().test(), Timestamp::now().to_string())
    }

    fn listens_to(&self, wildcards: bool) -> Vec<Topic> {
        match self.config.kind {
            Kind::Cumulocity => cumulocity::listens_to(self.config.operations),
            Kind::Mqtt => plain::listens_to(self.config, &self.topics(), wildcards),
        }
    }

    fn topics(&self) -> Topics {
        let prefix = self.config.mqtt.prefix.clone();
        Topics::new(prefix.unwrap_or_else(|| format!("emop/{}", self.client_id)))
    }

    fn fine<T>(
        &mut self,
        step: &str,
        done: Result<T, ConnectionError>,
        words: impl FnOnce(&T) -> String,
    ) -> Result<T, Failed> {
        match done {
            Ok(done) => {
                self.report(step, StepVerdict::Good, words(&done));
                Ok(done)
            }
            Err(fault) => {
                self.bad(step, fault.to_string(), fault.mend().to_owned());
                Err(Failed)
            }
        }
    }

    fn report(&mut self, step: &str, verdict: StepVerdict, words: impl Into<String>) {
        self.steps.push(Step {
            step: step.to_owned(),
            verdict,
            words: words.into(),
            next_step: None,
        });
    }

    fn bad(&mut self, step: &str, words: String, next_step: String) {
        self.report(step, StepVerdict::Bad, words);
        if let Some(last) = self.steps.last_mut() {
            last.next_step = Some(next_step);
        }
    }
}

/// Sends one message, and waits until it is taken.
async fn send(wire: &mut Wire, message: &Message) -> Result<(), ConnectionError> {
    let id = u16::from(!message.unacknowledged);
    let taken = timeout(TAKING, async {
        wire.publish(message, id).await?;
        wire.flush().await?;
        if id == 0 {
            return Ok(());
        }
        loop {
            match wire.next().await? {
                Incoming::Taken(1, None) => break Ok(()),
                Incoming::Taken(1, Some(why)) => {
                    let topic = message.topic.clone();
                    break Err(ConnectionError::NotTaken { topic, why });
                }
                Incoming::HangsUp(why) => break Err(ConnectionError::HungUp(why)),
                _ => {}
            }
        }
    });
    taken.await.unwrap_or(Err(ConnectionError::Slow {
        step: "the acknowledgement of a message",
        limit: TAKING,
    }))
}

/// Asks for messages on these topics, and waits until they are granted.
async fn subscribe(wire: &mut Wire, wanted: &[Topic]) -> Result<(), ConnectionError> {
    let granted = timeout(TAKING, async {
        wire.subscribe(wanted, 2).await?;
        loop {
            match wire.next().await? {
                Incoming::Subscribed(2, granted) => {
                    let refused = granted.iter().position(|granted| !granted);
                    let refused = refused.and_then(|place| wanted.get(place));
                    break refused.map_or(Ok(()), |topic| Err(ConnectionError::NotSubscribed(topic.name.clone())));
                }
                Incoming::HangsUp(why) => break Err(ConnectionError::HungUp(why)),
                _ => {}
            }
        }
    });
    granted.await.unwrap_or(Err(ConnectionError::Slow {
        step: "the answer to the subscriptions",
        limit: TAKING,
    }))
}
