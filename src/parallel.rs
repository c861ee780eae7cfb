//! Calls one function for many items, on all processors. The results have the order of the items,
//! so that the output does not depend on the number of processors.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// With fewer items, such as tables, threads cost more time than they save.
const MIN_ITEMS: usize = 32;
/// A thread takes this many adjacent items at a time: they often share a context.
const BATCH: usize = 8;
/// So many statements count as one item.
const STATEMENTS: usize = 32;

/// The results of `each`, in the order of the statements.
pub(crate) fn map_statements<'t, T: Sync, R: Send>(statements: &'t [T], each: impl Fn(&'t T) -> R + Sync) -> Vec<R> {
    let parts: Vec<&'t [T]> = statements.chunks(STATEMENTS).collect();
    let results = map(&parts, &mut (), || (), |(), part| part.iter().map(&each).collect::<Vec<_>>());
    results.into_iter().flatten().collect()
}

/// The results of `each`, in the order of the items. The caller's thread works with `own`. Each
/// other thread has a state of its own from `start`.
pub(crate) fn map<'t, T: Sync, W, R: Send>(
    items: &'t [T],
    own: &mut W,
    start: impl Fn() -> W + Sync,
    each: impl Fn(&mut W, &'t T) -> R + Sync,
) -> Vec<R> {
    // One thread where the number of processors is unknown: such a platform may have no threads.
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let threads = if items.len() < MIN_ITEMS { 1 } else { processors };
    on(threads, items, own, &start, &each)
}

/// [`map`] on this number of threads.
fn on<'t, T: Sync, W, R: Send>(
    threads: usize,
    items: &'t [T],
    own: &mut W,
    start: &(impl Fn() -> W + Sync),
    each: &(impl Fn(&mut W, &'t T) -> R + Sync),
) -> Vec<R> {
    if threads <= 1 {
        return items.iter().map(|item| each(own, item)).collect();
    }
    let batches: Vec<&'t [T]> = items.chunks(BATCH).collect();
    let next = AtomicUsize::new(0);
    let work = |state: &mut W| {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(batch) = batches.get(number) else { return done };
            done.push((number, batch.iter().map(|item| each(state, item)).collect::<Vec<R>>()));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| work(&mut start()))).collect();
        let mut done = work(own);
        for other in others {
            match other.join() {
                Ok(theirs) => done.extend(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
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
        for threads in [1, 2, 7] {
            let doubled = on(threads, &items, &mut (), &|| (), &|(), item| item * 2);
            assert_eq!(doubled, (0..2_000).step_by(2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_thread_keeps_its_state() {
        let items = [(); 100];
        let seen = on(3, &items, &mut 0, &|| 0, &|count: &mut usize, ()| {
            *count += 1;
            *count
        });
        let firsts = seen.iter().filter(|&&count| count == 1).count();
        assert!((1..=3).contains(&firsts), "{seen:?}");
    }

    #[test]
    #[should_panic(expected = "item 40")]
    fn a_panic_of_a_thread_reaches_the_caller() {
        let items: Vec<usize> = (0..100).collect();
        on(2, &items, &mut (), &|| (), &|(), item| assert!(*item != 40, "item {item}"));
    }
}
