//! `_heapq`: lists as heaps, the least item or the greatest one first.
//!
//! Comparing runs Python code that may change the list: every step looks its length up again. The same job as
//! CPython's `Modules/_heapqmodule.c`.

use krait_objects::prelude::*;

use crate::support::less;

/// Priority queues: a list whose first item is always the least, or the greatest in a max-heap.
///
/// In a heap, heap[k] <= heap[2*k+1] and heap[k] <= heap[2*k+2] hold for all k.
#[pymodule(name = "_heapq")]
pub struct Heapq;

/// Which item comes first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Min,
    Max,
}

type Heap<'a> = Borrowed<'a, List>;

impl Order {
    /// Whether `a` belongs before `b`.
    fn before(self, th: &Thread, a: &Owned, b: &Owned) -> PyResult<bool> {
        let (a, b) = if self == Order::Min { (a, b) } else { (b, a) };
        less(th, a.object(), b.object())
    }
}

fn item(th: &Thread, heap: Heap<'_>, at: usize) -> PyResult {
    heap.get().get(at).ok_or_else(|| th.raise(exc::INDEX_ERROR, "index out of range"))
}

fn check_size(th: &Thread, heap: Heap<'_>, size: usize) -> PyResult<()> {
    if heap.len() == size {
        return Ok(());
    }
    Err(th.raise(exc::RUNTIME_ERROR, "list changed size during iteration"))
}

fn swap(th: &Thread, heap: Heap<'_>, a: usize, b: usize) -> PyResult<()> {
    match heap.get().swap(a, b) {
        true => Ok(()),
        false => Err(th.raise(exc::INDEX_ERROR, "index out of range")),
    }
}

/// Moves the item at `at` towards the root, until its parent is not behind it.
fn sift_down(
    th: &Thread,
    order: Order,
    heap: Heap<'_>,
    root: usize,
    mut at: usize,
) -> PyResult<()> {
    let size = heap.len();
    if at >= size {
        return Err(th.raise(exc::INDEX_ERROR, "index out of range"));
    }
    let moved = item(th, heap, at)?;
    while at > root {
        let parent_at = (at - 1) / 2;
        let parent = item(th, heap, parent_at)?;
        let before = order.before(th, &moved, &parent)?;
        check_size(th, heap, size)?;
        if !before {
            break;
        }
        swap(th, heap, at, parent_at)?;
        at = parent_at;
    }
    Ok(())
}

/// Moves the item at `at` to a leaf along the foremost children, and up again to its place.
fn sift_up(th: &Thread, order: Order, heap: Heap<'_>, mut at: usize) -> PyResult<()> {
    let (root, size) = (at, heap.len());
    if at >= size {
        return Err(th.raise(exc::INDEX_ERROR, "index out of range"));
    }
    while at < size / 2 {
        let mut child = 2 * at + 1;
        if child + 1 < size {
            let (left, right) = (item(th, heap, child)?, item(th, heap, child + 1)?);
            let before = order.before(th, &left, &right)?;
            check_size(th, heap, size)?;
            if !before {
                child += 1;
            }
        }
        swap(th, heap, child, at)?;
        at = child;
    }
    sift_down(th, order, heap, root, at)
}

fn push(th: &Thread, order: Order, heap: Heap<'_>, new: Borrowed<'_>) -> PyResult<()> {
    heap.push(th, new.to_owned())?;
    sift_down(th, order, heap, 0, heap.len() - 1)
}

fn pop(th: &Thread, order: Order, heap: Heap<'_>) -> PyResult {
    let Some(last) = heap.get().pop_last(th)? else {
        return Err(th.raise(exc::INDEX_ERROR, "index out of range"));
    };
    if heap.is_empty() {
        return Ok(last);
    }
    let Ok(first) = heap.replace(0, last) else {
        return Err(th.raise(exc::INDEX_ERROR, "index out of range"));
    };
    sift_up(th, order, heap, 0)?;
    Ok(first)
}

fn replace(th: &Thread, order: Order, heap: Heap<'_>, new: Borrowed<'_>) -> PyResult {
    let Ok(first) = heap.replace(0, new.to_owned()) else {
        return Err(th.raise(exc::INDEX_ERROR, "index out of range"));
    };
    sift_up(th, order, heap, 0)?;
    Ok(first)
}

fn push_pop(th: &Thread, order: Order, heap: Heap<'_>, new: Borrowed<'_>) -> PyResult {
    let new = new.to_owned();
    let Some(first) = heap.get().get(0) else {
        return Ok(new);
    };
    if !order.before(th, &first, &new)? {
        return Ok(new);
    }
    replace(th, order, heap, new.object())
}

fn heapify(th: &Thread, order: Order, heap: Heap<'_>) -> PyResult<()> {
    for at in (0..heap.len() / 2).rev() {
        sift_up(th, order, heap, at)?;
    }
    Ok(())
}

/// The description that `heapq` shows as `__about__`.
const ABOUT: &str = "Heap queues

A heap is kept in a list: the children of the item at k are at 2*k+1 and 2*k+2, and no item is greater than its
children. So the least item is at 0; taking it away and adding another one each take a number of comparisons that
grows with the logarithm of the length. Heaps serve schedulers, which look for the next event again and again, and
sorting of what does not fit into memory.
";

#[pyfunctions]
impl Heapq {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add(th, "__about__", Str::new(th, ABOUT)?.object())
    }

    /// Add an item to a heap.
    #[function(sig = "(heap, item, /)")]
    fn heappush(th: &Thread, heap: Borrowed<'_, List>, item: Borrowed<'_>) -> PyResult<()> {
        push(th, Order::Min, heap, item)
    }

    /// Add an item to a max-heap.
    #[function(sig = "(heap, item, /)")]
    fn heappush_max(th: &Thread, heap: Borrowed<'_, List>, item: Borrowed<'_>) -> PyResult<()> {
        push(th, Order::Max, heap, item)
    }

    /// Take the least item out of a heap and return it. IndexError if the heap is empty.
    #[function(sig = "(heap, /)")]
    fn heappop(th: &Thread, heap: Borrowed<'_, List>) -> PyResult {
        pop(th, Order::Min, heap)
    }

    /// Take the greatest item out of a max-heap and return it. IndexError if the heap is empty.
    #[function(sig = "(heap, /)")]
    fn heappop_max(th: &Thread, heap: Borrowed<'_, List>) -> PyResult {
        pop(th, Order::Max, heap)
    }

    /// Take the least item out of a heap, then put another one in; return the one taken.
    ///
    /// One step, which is faster than heappop() and heappush(). What is returned may be greater than item.
    #[function(sig = "(heap, item, /)")]
    fn heapreplace(th: &Thread, heap: Borrowed<'_, List>, item: Borrowed<'_>) -> PyResult {
        replace(th, Order::Min, heap, item)
    }

    /// Take the greatest item out of a max-heap, then put another one in; return the one taken.
    #[function(sig = "(heap, item, /)")]
    fn heapreplace_max(th: &Thread, heap: Borrowed<'_, List>, item: Borrowed<'_>) -> PyResult {
        replace(th, Order::Max, heap, item)
    }

    /// Put an item into a heap, then take the least one out and return it.
    ///
    /// One step, which is faster than heappush() and heappop().
    #[function(sig = "(heap, item, /)")]
    fn heappushpop(th: &Thread, heap: Borrowed<'_, List>, item: Borrowed<'_>) -> PyResult {
        push_pop(th, Order::Min, heap, item)
    }

    /// Put an item into a max-heap, then take the greatest one out and return it.
    #[function(sig = "(heap, item, /)")]
    fn heappushpop_max(th: &Thread, heap: Borrowed<'_, List>, item: Borrowed<'_>) -> PyResult {
        push_pop(th, Order::Max, heap, item)
    }

    /// Rearrange a list so that it is a heap. The time grows in proportion to its length.
    #[function(sig = "(heap, /)")]
    fn heapify(th: &Thread, heap: Borrowed<'_, List>) -> PyResult<()> {
        heapify(th, Order::Min, heap)
    }

    /// Rearrange a list so that it is a max-heap. The time grows in proportion to its length.
    #[function(sig = "(heap, /)")]
    fn heapify_max(th: &Thread, heap: Borrowed<'_, List>) -> PyResult<()> {
        heapify(th, Order::Max, heap)
    }
}
