//! One service, started again when it breaks.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::state::{State, States};

pub(super) const FAILURES_ALLOWED: usize = 5;
const FAILURE_WINDOW: Duration = Duration::from_secs(600);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// One run of a service: until it is told to stop, or fails.
pub type Run = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// What happens to the box when a service has failed for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The others go on without it.
    Room,
    /// Nothing works without it: the process ends.
    Essential,
}

/// Stands by one service.
pub(super) struct Attendant {
    pub(super) name: String,
    pub(super) weight: Weight,
    pub(super) states: Arc<watch::Sender<States>>,
    pub(super) fallen: watch::Sender<Option<String>>,
    pub(super) stop: CancellationToken,
    /// Ends it in the midst of what it does.
    pub(super) cut: CancellationToken,
}

impl Attendant {
    pub(super) async fn keep(
        self,
        before: Option<watch::Receiver<bool>>,
        run: impl Fn(CancellationToken) -> Run + Send + 'static,
    ) {
        if let Some(mut before) = before {
            // The sender going means that it is over as well.
            let _ = before.wait_for(|ended| *ended).await;
            if self.stop.is_cancelled() {
                return;
            }
        }
        let mut failures: VecDeque<Instant> = VecDeque::new();
        loop {
            let reason = match self.once(run(self.stop.clone())).await {
                Ok(()) => return,
                Err(reason) => reason,
            };
            let now = Instant::now();
            failures.push_back(now);
            failures.retain(|at| now.duration_since(*at) <= FAILURE_WINDOW);
            if failures.len() >= FAILURES_ALLOWED {
                tracing::error!(
                    service = self.name,
                    reason,
                    "failed {FAILURES_ALLOWED} times in ten minutes and is left alone"
                );
                self.tell(State::Failed { reason: reason.clone() });
                if self.weight == Weight::Essential {
                    self.fallen.send_replace(Some(format!("{}: {reason}", self.name)));
                }
                return;
            }
            let pause = pause_after(failures.len());
            tracing::error!(
                service = self.name,
                reason,
                pause_ms = pause.as_millis(),
                "broke and is started again"
            );
            self.tell(State::Retrying { reason });
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(pause) => self.tell(State::Running),
            }
        }
    }

    /// One try in a task of its own, so that a panic ends only that.
    async fn once(&self, run: Run) -> Result<(), String> {
        #[expect(clippy::disallowed_methods, reason = "waited for in the next line")]
        let mut task = AbortOnDrop(tokio::spawn(run));
        let ended = tokio::select! {
            ended = &mut task.0 => ended,
            () = self.cut.cancelled() => {
                task.0.abort();
                (&mut task.0).await
            }
        };
        match ended {
            Ok(Ok(())) if self.stop.is_cancelled() => Ok(()),
            Ok(Ok(())) => Err("ended by itself".to_owned()),
            Ok(Err(error)) => Err(causes(&error)),
            Err(error) if error.is_cancelled() => Ok(()),
            Err(error) => Err(panic_text(error.into_panic())),
        }
    }

    pub(super) fn tell(&self, state: State) {
        self.states.send_modify(|states| {
            states.insert(self.name.clone(), state);
        });
    }
}

/// The error and its causes, each said once: many an error names its cause itself.
fn causes(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !said.contains(&cause) {
            said = if said.is_empty() {
                cause
            } else {
                format!("{said}: {cause}")
            };
        }
    }
    said
}

/// Cutting the attendant off cuts the service off.
struct AbortOnDrop(JoinHandle<anyhow::Result<()>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn pause_after(failures: usize) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    (FIRST_PAUSE * 2u32.pow(doublings)).min(LONGEST_PAUSE)
}

fn panic_text(panic: Box<dyn std::any::Any + Send>) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without words"))
}
