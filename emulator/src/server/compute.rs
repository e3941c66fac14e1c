//! The compute pool: threads that run clients' functions beside the network threads.
//!
//! A call takes microseconds, so the hand-over must not take more: a queue, and one thread for each core that takes
//! from it. While these are at work nobody is woken for a further call. A thread that is held up, by a function that
//! runs long or waits for its record, is replaced as soon as calls behind it have waited for a moment.

use parking_lot::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Most threads of the pool.
const MAX_THREADS: usize = 64;
/// How long a call may wait before another thread comes to help.
const PATIENCE: Duration = Duration::from_millis(5);
/// How long a thread beyond the usual ones waits for work.
const KEEP_ALIVE: Duration = Duration::from_secs(2);

/// Work for the pool.
type Job = Box<dyn FnOnce() + Send>;

/// A pool of threads; they are started when there is work for them first.
#[derive(Debug)]
pub struct Compute {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// There is work.
    work: Condvar,
    /// There is something to watch, or nothing any more.
    watch: Condvar,
    /// Threads that stay.
    usual: usize,
}

struct Queue {
    /// Each with the time of its arrival.
    jobs: VecDeque<(Instant, Job)>,
    threads: usize,
    idle: usize,
    /// Whether the watching thread looks at the queue.
    is_watched: bool,
    is_closed: bool,
    handles: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("jobs", &self.jobs.len())
            .field("threads", &self.threads)
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}

impl Compute {
    /// A pool of usually so many threads.
    pub fn new(usual: usize) -> Compute {
        let queue = Queue {
            jobs: VecDeque::new(),
            threads: 0,
            idle: 0,
            is_watched: false,
            is_closed: false,
            handles: Vec::new(),
        };
        Compute {
            shared: Arc::new(Shared {
                queue: Mutex::new(queue),
                work: Condvar::new(),
                watch: Condvar::new(),
                usual: usual.clamp(1, MAX_THREADS),
            }),
        }
    }

    /// Runs a job on some thread of the pool, soon. A pool that was closed drops it.
    pub fn run(&self, job: impl FnOnce() + Send + 'static) {
        let mut queue = self.shared.queue.lock();
        if queue.is_closed {
            return;
        }
        queue.jobs.push_back((Instant::now(), Box::new(job)));
        if queue.idle > 0 {
            self.shared.work.notify_one();
        } else if queue.threads < self.shared.usual {
            if queue.threads == 0 {
                self.shared.start_watch(&mut queue);
            }
            self.shared.start_thread(&mut queue);
        } else if !queue.is_watched {
            self.shared.watch.notify_one();
        }
    }

    /// Whether a job waits or runs.
    pub fn is_busy(&self) -> bool {
        let queue = self.shared.queue.lock();
        !queue.jobs.is_empty() || queue.idle < queue.threads
    }

    /// Lets the threads finish what they are at, and ends them. Work that nobody has begun is dropped.
    pub fn close(&self) {
        let (jobs, handles) = {
            let mut queue = self.shared.queue.lock();
            queue.is_closed = true;
            (std::mem::take(&mut queue.jobs), std::mem::take(&mut queue.handles))
        };
        self.shared.work.notify_all();
        self.shared.watch.notify_all();
        drop(jobs);
        for handle in handles {
            // A panic was reported by the thread itself.
            let _ = handle.join();
        }
    }
}

impl Drop for Compute {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// Starts a thread; without one, its work waits for those that there are.
    fn start_thread(self: &Arc<Self>, queue: &mut Queue) {
        let shared = self.clone();
        let name = format!("compute-{}", queue.threads);
        match std::thread::Builder::new().name(name).spawn(move || shared.work()) {
            Ok(handle) => {
                queue.threads += 1;
                queue.handles.retain(|handle| !handle.is_finished());
                queue.handles.push(handle);
            }
            Err(error) => tracing::error!(%error, "cannot start a compute thread"),
        }
    }

    fn start_watch(self: &Arc<Self>, queue: &mut Queue) {
        let shared = self.clone();
        match std::thread::Builder::new().name("compute-watch".into()).spawn(move || shared.keep_watch()) {
            Ok(handle) => queue.handles.push(handle),
            Err(error) => tracing::error!(%error, "cannot watch the compute threads"),
        }
    }

    /// What each thread does.
    fn work(self: Arc<Self>) {
        let mut queue = self.queue.lock();
        while !queue.is_closed {
            if let Some((_, job)) = queue.jobs.pop_front() {
                MutexGuard::unlocked(&mut queue, || {
                    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                    if ended.is_err() {
                        tracing::error!("a compute job has panicked");
                    }
                });
                continue;
            }
            queue.idle += 1;
            let is_surplus = queue.threads > self.usual;
            let timed_out = match is_surplus {
                true => self.work.wait_for(&mut queue, KEEP_ALIVE).timed_out(),
                false => {
                    self.work.wait(&mut queue);
                    false
                }
            };
            queue.idle -= 1;
            if timed_out && queue.jobs.is_empty() && queue.threads > self.usual {
                break;
            }
        }
        queue.threads -= 1;
    }

    /// Watches a queue that nobody is free for.
    fn keep_watch(self: Arc<Self>) {
        let mut queue = self.queue.lock();
        while !queue.is_closed {
            match queue.jobs.front() {
                None => {
                    queue.is_watched = false;
                    self.watch.wait(&mut queue);
                    queue.is_watched = true;
                }
                Some((since, _)) => {
                    if since.elapsed() >= PATIENCE && queue.idle == 0 && queue.threads < MAX_THREADS {
                        self.start_thread(&mut queue);
                    }
                    self.watch.wait_for(&mut queue, PATIENCE);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_job_that_takes_long_holds_up_nobody() {
        let compute = Compute::new(1);
        let (release, blocked) = mpsc::channel::<()>();
        compute.run(move || blocked.recv().unwrap_or_default());
        let (sender, receiver) = mpsc::channel();
        for index in 0..100 {
            let sender = sender.clone();
            compute.run(move || sender.send(index).unwrap_or_default());
        }
        let mut ended: Vec<i32> = receiver.iter().take(100).collect();
        ended.sort_unstable();
        assert_eq!(ended, (0..100).collect::<Vec<_>>());
        drop(release);
        compute.close();
        compute.run(|| unreachable!("the pool is closed"));
    }

    #[test]
    fn a_panic_ends_its_job_alone() {
        let compute = Compute::new(1);
        compute.run(|| panic!("as the test wants it"));
        let (sender, receiver) = mpsc::channel();
        compute.run(move || sender.send(1).unwrap_or_default());
        assert_eq!(receiver.recv(), Ok(1));
    }
}
