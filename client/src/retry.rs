//! The retry loop as a state machine (wire §27).
//!
//! A transport asks nothing of a command but this: it does what a [`Step`] says, reports what came of it, and gets
//! the next step. Time comes in from outside, so the rules are tested without a clock or a socket.
//!
//! ```text
//! Connect ──connected──▶ Send ──sent──▶ Receive ──received──▶ Done
//!    ▲                    │               │   └─code worth a retry─┐
//!    │                    └────failed─────┴───────────┐            │
//!    └──────────── Sleep ◀────── attempts and time left ◀──────────┘
//! ```

use crate::error::{Error, ErrorKind};
use crate::policy::Policy;
use aerospike_wire::ResultCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Pause before the second and each further retry after a failure of the client's side.
const LEAST_PAUSE: Duration = Duration::from_millis(1);

/// What a transport does next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Get a connection to the node for [`Execution::attempt`]; from the pool or a new one.
    Connect,
    /// Write the whole request.
    Send,
    /// Read until the reply is complete.
    Receive,
    /// Do nothing until then.
    Sleep(Instant),
    /// The reply is complete, whatever its result code; or the command failed.
    Done(Result<(), Error>),
}

/// One run of a command, from its first attempt to its end.
#[derive(Clone, Debug)]
pub struct Execution {
    socket_timeout: Duration,
    total: Option<Duration>,
    total_deadline: Option<Instant>,
    sleep: Duration,
    max_retries: u32,
    write: bool,
    attempt: u32,
    /// Attempts whose request was handed to a socket, at least in part.
    sent: u32,
    attempt_started: Instant,
    node: Option<Arc<str>>,
}

impl Execution {
    /// A run that starts now; its first step is [`Step::Connect`].
    pub fn new(policy: &Policy, write: bool, now: Instant) -> Execution {
        let total = Some(policy.total_timeout).filter(|total| !total.is_zero());
        Execution {
            socket_timeout: policy.socket_timeout,
            total,
            total_deadline: total.and_then(|total| now.checked_add(total)),
            sleep: policy.sleep_between_retries,
            max_retries: policy.max_retries,
            write,
            attempt: 0,
            sent: 0,
            attempt_started: now,
            node: None,
        }
    }

    /// Number of the present attempt, from 0: the choice of the replica depends on it.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether the command writes.
    pub fn is_write(&self) -> bool {
        self.write
    }

    /// When the whole run has to end.
    pub fn total_deadline(&self) -> Option<Instant> {
        self.total_deadline
    }

    /// When the present attempt has to end: by the socket timeout or by the total, whichever comes first.
    pub fn deadline(&self) -> Option<Instant> {
        let socket = Some(self.socket_timeout).filter(|timeout| !timeout.is_zero());
        let socket = socket.and_then(|timeout| self.attempt_started.checked_add(timeout));
        [socket, self.total_deadline].into_iter().flatten().min()
    }

    /// How long a socket may be silent in the present attempt if the attempt starts now; a constant of the policy
    /// during the first attempt, so that a pooled socket need not be told anew.
    pub fn first_limit(&self) -> Option<Duration> {
        let socket = Some(self.socket_timeout).filter(|timeout| !timeout.is_zero());
        [socket, self.total].into_iter().flatten().min()
    }

    /// There is a connection.
    pub fn connected(&mut self, node: &Arc<str>) -> Step {
        self.node = Some(node.clone());
        Step::Send
    }

    /// The first bytes of the request are about to be written: from here on a write may happen.
    pub fn sending(&mut self) {
        self.sent += 1;
    }

    /// The request is written.
    pub fn sent(&mut self) -> Step {
        Step::Receive
    }

    /// The reply is complete.
    pub fn received(&mut self, code: ResultCode, now: Instant) -> Step {
        if is_transient(code) && self.may_retry(now) {
            self.again(now, self.sleep)
        } else {
            Step::Done(Ok(()))
        }
    }

    /// The attempt failed. A timeout of the attempt comes in as [`Execution::timed_out`] makes it.
    pub fn failed(&mut self, kind: ErrorKind, now: Instant) -> Step {
        let worth = match kind {
            ErrorKind::Timeout { .. } | ErrorKind::Connection(_) | ErrorKind::InvalidNode(_) => true,
            // A peer that does not speak the protocol will not learn it by the next attempt.
            ErrorKind::Malformed(_) | ErrorKind::InvalidArgument(_) | ErrorKind::Closed => false,
            // The total time was spent waiting for a connection.
            ErrorKind::NoMoreConnections { .. } => false,
            ErrorKind::Server(code) => is_transient(code),
        };
        if worth && self.may_retry(now) {
            // What fails at once would be tried as often as the processor can.
            let pause = if self.attempt > 0 { LEAST_PAUSE } else { Duration::ZERO };
            return self.again(now, self.sleep.max(pause));
        }
        Step::Done(Err(self.error(kind)))
    }

    /// Something has come: the attempt's silence is over, and its time begins anew.
    pub fn heard(&mut self, now: Instant) {
        self.attempt_started = now;
    }

    /// The pause is over.
    pub fn slept(&mut self, now: Instant) -> Step {
        self.attempt_started = now;
        Step::Connect
    }

    /// The error of an attempt whose time is up.
    pub fn timed_out(&self, now: Instant) -> ErrorKind {
        let total_passed = self.total_deadline.is_some_and(|deadline| now >= deadline);
        let limit = self.total.filter(|_| total_passed).unwrap_or(self.socket_timeout);
        ErrorKind::Timeout { limit, attempts: self.attempt + 1 }
    }

    /// A failure of this run, with its doubt and its node.
    pub fn error(&self, kind: ErrorKind) -> Error {
        let by_client = !matches!(kind, ErrorKind::Server(code) if code != ResultCode::TIMEOUT);
        let in_doubt = self.write && (self.sent > 1 || (self.sent == 1 && by_client));
        Error { kind, in_doubt, node: self.node.clone() }
    }

    /// Whether rows of a batch that failed are in doubt: only when sent more than once (wire §27).
    pub fn rows_in_doubt(&self) -> bool {
        self.write && self.sent > 1
    }

    fn may_retry(&self, now: Instant) -> bool {
        let in_time = |deadline| now.checked_add(self.sleep).is_some_and(|then| then < deadline);
        self.attempt < self.max_retries && self.total_deadline.is_none_or(in_time)
    }

    fn again(&mut self, now: Instant, pause: Duration) -> Step {
        self.attempt += 1;
        if pause.is_zero() { self.slept(now) } else { Step::Sleep(now + pause) }
    }
}

/// Server codes that may be gone at the next attempt and that tell that nothing was applied, a timeout excepted.
pub fn is_transient(code: ResultCode) -> bool {
    matches!(
        code,
        ResultCode::TIMEOUT | ResultCode::UNAVAILABLE | ResultCode::KEY_BUSY | ResultCode::DEVICE_OVERLOAD
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn run(max_retries: u32, sleep: Duration, write: bool) -> (Execution, Instant) {
        let now = Instant::now();
        let policy = Policy {
            max_retries,
            sleep_between_retries: sleep,
            total_timeout: 100 * MS,
            socket_timeout: 40 * MS,
            ..Policy::default()
        };
        (Execution::new(&policy, write, now), now)
    }

    fn broken() -> ErrorKind {
        ErrorKind::Connection("reset".into())
    }

    #[test]
    fn the_way_of_a_success() {
        let (mut run, now) = run(0, Duration::ZERO, false);
        assert!(matches!(run.connected(&"n:1".into()), Step::Send));
        run.sending();
        assert!(matches!(run.sent(), Step::Receive));
        assert!(matches!(run.received(ResultCode::NOT_FOUND, now), Step::Done(Ok(()))));
    }

    #[test]
    fn retries_are_counted_and_change_the_attempt() {
        let (mut run, now) = run(2, Duration::ZERO, false);
        assert!(matches!(run.failed(broken(), now), Step::Connect));
        assert_eq!(run.attempt(), 1);
        assert!(matches!(run.received(ResultCode::DEVICE_OVERLOAD, now), Step::Connect));
        assert!(matches!(run.failed(broken(), now), Step::Done(Err(_))));
        assert!(matches!(run.received(ResultCode::DEVICE_OVERLOAD, now), Step::Done(Ok(()))));
    }

    #[test]
    fn a_sleep_that_would_pass_the_total_ends_the_run() {
        let (mut run, now) = run(5, 30 * MS, false);
        let Step::Sleep(until) = run.failed(broken(), now) else { panic!("no sleep") };
        assert_eq!(until, now + 30 * MS);
        assert!(matches!(run.slept(until), Step::Connect));
        assert_eq!(run.deadline(), Some(now + 70 * MS));
        assert!(matches!(run.failed(broken(), now + 71 * MS), Step::Done(Err(_))));
    }

    #[test]
    fn the_total_bounds_the_attempt() {
        let (mut run, now) = run(5, Duration::ZERO, false);
        assert_eq!((run.deadline(), run.first_limit()), (Some(now + 40 * MS), Some(40 * MS)));
        let early = run.timed_out(now + 40 * MS);
        assert_eq!(early, ErrorKind::Timeout { limit: 40 * MS, attempts: 1 });
        assert!(matches!(run.failed(early, now + 80 * MS), Step::Connect));
        let again = run.failed(broken(), now + 80 * MS);
        assert!(matches!(again, Step::Sleep(until) if until == now + 81 * MS), "{again:?}");
        run.slept(now + 81 * MS);
        assert_eq!(run.deadline(), Some(now + 100 * MS));
        let late = run.timed_out(now + 100 * MS);
        assert_eq!(late, ErrorKind::Timeout { limit: 100 * MS, attempts: 3 });
        assert!(matches!(run.failed(late, now + 100 * MS), Step::Done(Err(_))));
    }

    #[test]
    fn no_limit_at_all() {
        let policy =
            Policy { total_timeout: Duration::ZERO, socket_timeout: Duration::ZERO, ..Policy::default() };
        let run = Execution::new(&policy, false, Instant::now());
        assert_eq!((run.deadline(), run.first_limit(), run.total_deadline()), (None, None, None));
    }

    /// wire §27.
    #[test]
    fn doubt() {
        let (mut run, _) = run(0, Duration::ZERO, true);
        assert!(!run.error(broken()).in_doubt, "never sent");
        run.sending();
        assert!(run.error(broken()).in_doubt);
        assert!(run.error(ErrorKind::Server(ResultCode::TIMEOUT)).in_doubt);
        assert!(!run.error(ErrorKind::Server(ResultCode::GENERATION)).in_doubt);
        assert!(!run.rows_in_doubt());
        run.sending();
        assert!(run.error(ErrorKind::Server(ResultCode::GENERATION)).in_doubt);
        assert!(run.rows_in_doubt());
        run.write = false;
        assert!(!run.error(broken()).in_doubt && !run.rows_in_doubt());
    }

    #[test]
    fn what_no_attempt_can_mend_is_not_tried_again() {
        let (mut run, now) = run(5, Duration::ZERO, false);
        for kind in
            [ErrorKind::Malformed(String::new()), ErrorKind::Closed, ErrorKind::Server(ResultCode::NOT_FOUND)]
        {
            assert!(matches!(run.failed(kind, now), Step::Done(Err(_))));
        }
    }
}
