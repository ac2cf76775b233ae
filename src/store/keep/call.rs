//! How threads that stand aside are called: to work, and to end.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Whoever waits looks this often, called or not: ages pass by themselves.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// A way to call a thread.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Call(Arc<(Mutex<Called>, Condvar)>);

#[derive(Debug, Default)]
struct Called {
    work: bool,
    stop: bool,
}

impl Call {
    /// There may be something to do.
    pub(in crate::store) fn call(&self) {
        self.0.0.lock().expect("nothing panics under the lock").work = true;
        self.0.1.notify_one();
    }

    /// Ends whoever is called when it next looks.
    pub(in crate::store) fn stop(&self) {
        self.0.0.lock().expect("nothing panics under the lock").stop = true;
        self.0.1.notify_one();
    }

    /// Whether it is to end: asked in the middle of long work.
    pub(in crate::store) fn is_stopped(&self) -> bool {
        self.0.0.lock().expect("nothing panics under the lock").stop
    }

    /// Waits to be called; says whether to go on.
    pub(in crate::store) fn wait(&self) -> bool {
        let called = self.0.0.lock().expect("nothing panics under the lock");
        let idle = |called: &mut Called| !called.work && !called.stop;
        let (mut called, _) = self
            .0
            .1
            .wait_timeout_while(called, LOOK_EVERY, idle)
            .expect("nothing panics under the lock");
        called.work = false;
        !called.stop
    }
}
