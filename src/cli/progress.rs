//! What a terminal shows while a command works.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Work that takes less time shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a line of progress is drawn again.
const TICK: Duration = Duration::from_millis(500);

/// Does the work. If it takes longer than a second, a terminal shows the message and the time that
/// has passed.
pub(super) fn while_working<T>(message: &'static str, work: impl FnOnce() -> T) -> T {
    let (done, is_done) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if is_done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let line = line("{spinner} {elapsed} {msg}").with_elapsed(PATIENCE).with_message(message);
                // It returns an error when the work has ended.
                let _ = is_done.recv();
                line.finish_and_clear();
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// A line of progress on a terminal; nothing is drawn elsewhere. An invalid template leaves the
/// default style.
pub(super) fn line(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    let line = ProgressBar::new_spinner().with_style(style);
    line.enable_steady_tick(TICK);
    line
}
