//! Calls one function for many items, on all processors. The results have the order of the items,
//! so that the output does not depend on the number of processors.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// With fewer items, threads cost more time than they save.
const MIN_ITEMS: usize = 32;
/// A worker takes this many adjacent items at a time: they often share a context.
const BATCH: usize = 8;

/// The results of `each`, in the order of the items.
pub(crate) fn map<'t, T: Sync, R: Send>(items: &'t [T], each: impl Fn(&'t T) -> R + Sync) -> Vec<R> {
    map_with(items, || (), |(), item| each(item))
}

/// [`map`], where each worker has its own state from `start`.
pub(crate) fn map_with<'t, T: Sync, W, R: Send>(
    items: &'t [T],
    start: impl Fn() -> W + Sync,
    each: impl Fn(&mut W, &'t T) -> R + Sync,
) -> Vec<R> {
    if items.is_empty() {
        return Vec::new();
    }
    // One worker where the number of processors is unknown: such a platform may have no threads.
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let workers = if items.len() < MIN_ITEMS { 1 } else { processors };
    on(workers, items, &start, &each)
}

/// [`map_with`] on this number of workers.
fn on<'t, T: Sync, W, R: Send>(
    workers: usize,
    items: &'t [T],
    start: &(impl Fn() -> W + Sync),
    each: &(impl Fn(&mut W, &'t T) -> R + Sync),
) -> Vec<R> {
    if workers <= 1 {
        let mut state = start();
        return items.iter().map(|item| each(&mut state, item)).collect();
    }
    let batches: Vec<&'t [T]> = items.chunks(BATCH).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut state = start();
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(batch) = batches.get(number) else { return done };
            done.push((number, batch.iter().map(|item| each(&mut state, item)).collect::<Vec<R>>()));
        }
    };
    let mut done = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let results = threads.into_iter().map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.flatten().collect::<Vec<_>>()
    });
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_the_order_of_the_items() {
        let items: Vec<usize> = (0..1_000).collect();
        for workers in [1, 2, 7] {
            assert_eq!(on(workers, &items, &|| (), &|(), item| item * 2), (0..2_000).step_by(2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_worker_keeps_its_state() {
        let items = [(); 100];
        let seen = on(3, &items, &|| 0, &|count: &mut usize, ()| {
            *count += 1;
            *count
        });
        let firsts = seen.iter().filter(|&&count| count == 1).count();
        assert!((1..=3).contains(&firsts), "{seen:?}");
    }

    #[test]
    #[should_panic(expected = "item 40")]
    fn a_panic_of_a_worker_reaches_the_caller() {
        let items: Vec<usize> = (0..100).collect();
        on(2, &items, &|| (), &|(), item| assert!(*item != 40, "item {item}"));
    }
}
