//! Decides when an order is placed, and what is shown until it has worked.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use super::vault::{Plan, Vault};
use super::{
    AcmeError, AcmeSettings, AcmeTally, Challenge, Challenges, Step, advice, order, proof, rehearsal, schedule,
};
use crate::http::network;
use crate::store::Store;
use crate::tls::pair::{Pair, Served};

/// The clock is looked at this often at least: it may have jumped.
const LOOK: Duration = Duration::from_secs(60);

/// A certificate by ACME; clones share it.
#[derive(Clone)]
pub struct Acme {
    inner: Arc<Inner>,
}

struct Inner {
    settings: AcmeSettings,
    vault: Vault,
    challenges: Challenges,
    tally: AcmeTally,
    requests: mpsc::Sender<RenewalReply>,
    requested: Mutex<mpsc::Receiver<RenewalReply>>,
    /// One order or rehearsal at a time: there is one answer to challenges.
    busy: Mutex<()>,
    open: watch::Receiver<bool>,
    /// Another certificate lies ready than the one that is shown.
    brought: Notify,
}

type RenewalReply = oneshot::Sender<Result<Renewed, String>>;

/// A certificate was renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewed {
    /// For these names.
    pub names: Vec<String>,
    /// By this authority.
    pub issuer: String,
    /// It is good until then.
    pub not_after: Timestamp,
}

/// How it stands, put together from what is stored and the time.
pub(in crate::tls) struct Standing {
    /// The stored pair, when it may be shown now.
    pub(in crate::tls) pair: Option<Pair>,
    plan: Plan,
    pub(super) due: Timestamp,
    /// When the server is asked when it wants a renewal; `None`: there is nothing to renew.
    ask_at: Option<Timestamp>,
    pub(super) alarm: bool,
}

impl Acme {
    /// A certificate as `settings` say, with its rows in `store`. Orders begin when `open` says that the doors are.
    #[must_use]
    pub fn new(
        mut settings: AcmeSettings,
        store: Store,
        challenges: Challenges,
        tally: AcmeTally,
        open: watch::Receiver<bool>,
    ) -> Acme {
        for name in &mut settings.domains {
            name.make_ascii_lowercase();
        }
        settings.domains.sort_unstable();
        settings.domains.dedup();
        let (requests, requested) = mpsc::channel(8);
        Acme {
            inner: Arc::new(Inner {
                vault: Vault::new(store, &settings),
                settings,
                challenges,
                tally,
                requests,
                requested: Mutex::new(requested),
                busy: Mutex::new(()),
                open,
                brought: Notify::new(),
            }),
        }
    }

    /// Orders a certificate at once, whatever the schedule says.
    ///
    /// # Errors
    /// In words, when the order failed or no door runs that keeps this certificate.
    pub async fn renew(&self) -> Result<Renewed, String> {
        let idle = || AcmeError::Idle.to_string();
        let (reply, granted) = oneshot::channel();
        self.inner.requests.send(reply).await.map_err(|_| idle())?;
        let patience = 2 * self.inner.settings.deadline + LOOK;
        let granted = timeout(patience, granted).await.map_err(|_| idle())?;
        granted.map_err(|_| idle())?
    }

    /// Goes through an order step by step and stops before the certificate is issued.
    pub async fn rehearse(&self) -> Vec<Step> {
        let inner = &self.inner;
        let _busy = inner.busy.lock().await;
        rehearsal::rehearse(&inner.settings, &inner.vault, &inner.challenges).await
    }

    /// Shows a certificate that another program had issued for the same names, until the next is due; `pem` holds its key
    /// and its chain. `None`: it is here already. A dry run says what would come of it.
    ///
    /// # Errors
    /// When it is for other names, is over, or is good for less long than the one that is here.
    pub async fn bring(&self, pem: &[u8], dry_run: bool) -> Result<Option<Renewed>, AcmeError> {
        let inner = &self.inner;
        let places = ["the chain", "the key"].map(str::to_owned);
        let pair = Pair::parse(pem, pem, places, "acme")?;
        let now = Timestamp::now();
        proof::prove(&pair, &inner.settings.domains, now)?;
        let _busy = inner.busy.lock().await;
        if let Some(here) = inner.vault.pair()? {
            if here.key.cert == pair.key.cert {
                return Ok(None);
            }
            let (here, brought) = (here.served.not_after, pair.served.not_after);
            if here >= brought {
                return Err(AcmeError::Order(format!(
                    "the box has a certificate for these names that is good until {here}, and this one ends on {brought}"
                )));
            }
        }
        let renewed = Renewed {
            names: pair.served.names.clone(),
            issuer: pair.served.issuer.clone(),
            not_after: pair.served.not_after,
        };
        if !dry_run {
            inner.vault.put_pair(pem, &pair, now).await?;
            inner.brought.notify_one();
        }
        Ok(Some(renewed))
    }

    /// The names that are ordered.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.inner.settings.domains
    }

    /// How it stands at `now`.
    pub(in crate::tls) fn standing(&self, now: Timestamp) -> Result<Standing, AcmeError> {
        let plan = self.inner.vault.plan()?;
        let mut pair = self.inner.vault.pair()?;
        // A clock that is not believed makes nothing too old, and places no order for what is there.
        let believed = self.inner.vault.clock_is_trusted() && pair.as_ref().is_none_or(|pair| now >= pair.not_before);
        let life = pair.as_ref().map(|pair| (pair.not_before, pair.served.not_after));
        let advice = plan
            .advice
            .as_ref()
            .filter(|known| plan.certificate.as_ref() == Some(&known.certificate));
        let renewal = life.map(|(from, until)| {
            let advised = advice.and_then(|advice| advice.renewal);
            advised.map_or(schedule::renewal(from, until), |(_, at)| {
                schedule::advised(at, from, until)
            })
        });
        let due = match renewal {
            Some(_) if !believed => now.saturating_add(SignedDuration::from_hours(1)).unwrap_or(now),
            Some(renewal) => renewal.max(plan.next_try.unwrap_or(Timestamp::MIN)),
            None => plan.next_try.unwrap_or(now),
        };
        let alarm = match renewal.zip(life) {
            Some((renewal, (_, until))) => believed && now >= schedule::alarm(renewal, until),
            None => false,
        };
        if believed && life.is_some_and(|(_, until)| now >= until) {
            pair = None;
        }
        if let Some(pair) = &mut pair {
            pair.served.next_try = Some(due);
            pair.served.last_error = if believed {
                plan.last_error.clone()
            } else {
                Some(format!(
                    "the clock says {now:.0} and is not believed: nothing is ordered until it is set"
                ))
            };
            pair.served.alarm = alarm;
        }
        let ask_at = pair
            .as_ref()
            .filter(|_| believed)
            .map(|_| advice.map_or(now, |advice| advice.ask_at));
        let until = life.map(|(_, until)| until);
        self.inner.tally.show(plan.failures, until, due, alarm);
        Ok(Standing {
            pair,
            plan,
            due,
            ask_at,
            alarm,
        })
    }

    /// Says of the own certificate, shown meanwhile, that it is not what was ordered.
    pub(in crate::tls) fn excuse(&self, standing: &Standing, served: &mut Served) {
        let directory = &self.inner.settings.directory;
        let names = self.inner.settings.domains.join(", ");
        served.next_try = Some(standing.due);
        served.alarm = standing.alarm;
        served.last_error = Some(match &standing.plan.last_error {
            Some(fault) => format!("the box's own certificate is shown meanwhile: {fault}"),
            None => format!("the box's own certificate is shown until {directory} has issued one for {names}"),
        });
    }

    /// Waits until it may stand otherwise: an order was placed, or it is time to look at the clock again.
    pub(in crate::tls) async fn work(&self, standing: &Standing) {
        let inner = &self.inner;
        let mut open = inner.open.clone();
        if open.wait_for(|open| *open).await.is_err() {
            return std::future::pending().await;
        }
        let now = Timestamp::now();
        // What is due anyway is not asked about.
        if now < standing.due && standing.ask_at.is_some_and(|at| now >= at) {
            if let Err(error) = self.ask(&standing.plan).await {
                self.not_written(&error).await;
            }
            return;
        }
        let next = standing.ask_at.map_or(standing.due, |at| at.min(standing.due));
        let left = next.duration_since(now);
        let pause = Duration::try_from(left).unwrap_or_default().min(LOOK);
        let mut requested = inner.requested.lock().await;
        let (request, network) = tokio::select! {
            request = requested.recv() => (request, false),
            () = sleep(pause) => (None, false),
            // A box that is started before its network has another try as soon as there is one.
            () = network::changed(), if standing.plan.unreached => (None, true),
            () = inner.brought.notified() => return,
        };
        if request.is_none() && !network && Timestamp::now() < standing.due {
            return;
        }
        let done = self.place(standing).await;
        // Whoever asked while the order was under way asked for this one.
        let replies = request
            .into_iter()
            .chain(std::iter::from_fn(|| requested.try_recv().ok()));
        for reply in replies {
            let _ = reply.send(done.clone());
        }
    }

    /// Asks when the server wants a renewal, and writes down what it says.
    async fn ask(&self, plan: &Plan) -> Result<(), AcmeError> {
        let inner = &self.inner;
        let (Some(pair), Some(certificate)) = (inner.vault.pair()?, &plan.certificate) else {
            return Ok(());
        };
        let (before, by) = (plan.advice.clone(), (Timestamp::now(), chance()));
        let advice = advice::ask(&inner.settings, (&pair, certificate), before, by).await;
        let plan = Plan {
            advice: Some(advice),
            ..plan.clone()
        };
        inner.vault.put_plan(plan).await
    }

    /// Places an order and writes down what came of it.
    async fn place(&self, standing: &Standing) -> Result<Renewed, String> {
        let inner = &self.inner;
        let challenge = self.challenge(standing.plan.failures);
        let names = inner.settings.domains.join(", ");
        tracing::info!(directory = inner.settings.directory, names, %challenge, "a certificate is ordered");
        // Written down before: a box that is stopped or breaks while it orders does not order again at every start.
        let stopped = AcmeError::Order("the box stopped while it was under way".to_owned());
        let under_way = self.after_failure(&standing.plan, &stopped);
        if let Err(error) = inner.vault.put_plan(under_way).await {
            return Err(self.not_written(&error).await);
        }
        let ordered = {
            let _busy = inner.busy.lock().await;
            self.order(challenge).await
        };
        inner.tally.ordered(ordered.is_ok());
        let fault = match ordered {
            Ok(renewed) => {
                tracing::info!(names, issuer = renewed.issuer, not_after = %renewed.not_after, "a certificate was issued");
                return Ok(renewed);
            }
            Err(fault) => fault,
        };
        let plan = self.after_failure(&standing.plan, &fault);
        let fault = fault.to_string();
        let (failures, next_try) = (plan.failures, plan.next_try.unwrap_or_default());
        if standing.alarm {
            tracing::error!(names, fault, failures, %next_try, "the certificate is not renewed and ends soon");
        } else {
            tracing::warn!(names, fault, failures, %next_try, "no certificate was issued");
        }
        if let Err(error) = inner.vault.put_plan(plan).await {
            return Err(self.not_written(&error).await);
        }
        Err(fault)
    }

    /// A schedule that cannot be written down is kept by waiting.
    async fn not_written(&self, error: &AcmeError) -> String {
        tracing::error!(%error, "the schedule of certificates cannot be written down");
        sleep(self.inner.settings.retry_first).await;
        error.to_string()
    }

    async fn order(&self, challenge: Challenge) -> Result<Renewed, AcmeError> {
        let inner = &self.inner;
        let pem = order::order(&inner.settings, &inner.vault, &inner.challenges, challenge).await?;
        let places = ["the issued chain", "the issued key"].map(str::to_owned);
        let pair = Pair::parse(&pem, &pem, places, "acme")?;
        proof::prove(&pair, &inner.settings.domains, Timestamp::now())?;
        let now = Timestamp::now();
        let not_again = now.checked_add(inner.settings.retry_first).unwrap_or(now);
        inner.vault.put_pair(&pem, &pair, not_again).await?;
        Ok(Renewed {
            names: pair.served.names,
            issuer: pair.served.issuer,
            not_after: pair.served.not_after,
        })
    }

    /// The preferred proof first; where there are two, each failure turns to the other.
    fn challenge(&self, failures: u32) -> Challenge {
        let known = &self.inner.settings.challenges;
        let turn = failures as usize % known.len().max(1);
        known.get(turn).copied().unwrap_or(Challenge::TlsAlpn01)
    }

    fn after_failure(&self, before: &Plan, fault: &AcmeError) -> Plan {
        let settings = &self.inner.settings;
        let failures = before.failures.saturating_add(1);
        let unreached = fault.is_unreached();
        let pause = if unreached {
            schedule::unreached(settings.retry_first).pause(failures, chance())
        } else {
            schedule::pause(failures, settings.retry_first, settings.retry_longest, chance())
        };
        let now = Timestamp::now();
        let next = now.checked_add(pause).unwrap_or(now);
        let words = fault.to_string();
        let told = fault.again().max(schedule::told_to_wait(&words));
        Plan {
            certificate: before.certificate.clone(),
            failures,
            next_try: Some(told.map_or(next, |told| told.max(next))),
            last_error: Some(words),
            unreached,
            advice: before.advice.clone(),
        }
    }
}

/// From 0 to 1.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    // Without chance the pause is the plain one: no harm.
    let drawn = aws_lc_rs::rand::fill(&mut bytes).map(|()| u32::from_le_bytes(bytes));
    drawn.map_or(0.5, |drawn| f64::from(drawn) / f64::from(u32::MAX))
}
