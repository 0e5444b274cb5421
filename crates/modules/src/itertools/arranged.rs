//! `product`, `permutations`, `combinations`, `combinations_with_replacement`.

use std::cell::RefCell;

use krait_objects::args::named;
use krait_objects::iterators::enumerate::give_changed;
use krait_objects::prelude::*;

use super::pool;

/// Where a combinatoric iterator is.
#[derive(Default)]
struct State {
    /// Nothing was given yet.
    is_fresh: bool,
    has_ended: bool,
    /// As `give_changed` has it.
    is_stale: bool,
    indices: Vec<usize>,
    cycles: Vec<usize>,
}

impl State {
    const fn ended() -> State {
        State {
            is_fresh: false,
            has_ended: true,
            is_stale: false,
            indices: Vec::new(),
            cycles: Vec::new(),
        }
    }

    const fn fresh(indices: Vec<usize>, cycles: Vec<usize>) -> State {
        State { is_fresh: true, has_ended: false, is_stale: false, indices, cycles }
    }
}

/// The state of an object whose memory starts as zeros: an absent box, of an object that has not been set up.
struct Holder(RefCell<Option<Box<State>>>);

impl Holder {
    fn set(&self, state: State) {
        *self.0.borrow_mut() = Some(Box::new(state));
    }

    /// Moves on with `step`, which answers from where on the positions have changed, or nothing at the end. `give` gets
    /// from where on they have changed, and how many there are; and the positions.
    #[inline(always)]
    fn advance<R>(
        &self,
        step: impl FnOnce(&mut [usize], &mut [usize]) -> Option<usize>,
        give: impl FnOnce(&mut bool, (usize, usize), &[usize]) -> PyResult<R>,
    ) -> PyResult<Option<R>> {
        let Ok(mut holder) = self.0.try_borrow_mut() else {
            return Ok(None);
        };
        let Some(state) = holder.as_deref_mut().filter(|state| !state.has_ended) else {
            return Ok(None);
        };
        let State { indices, cycles, .. } = state;
        let mut from = 0;
        if !std::mem::take(&mut state.is_fresh) {
            let Some(changed) = step(indices, cycles) else {
                state.has_ended = true;
                return Ok(None);
            };
            from = changed;
        }
        give(&mut state.is_stale, (from, indices.len()), indices).map(Some)
    }

    /// Bytes of the positions.
    fn size(&self) -> usize {
        match self.0.borrow().as_deref() {
            Some(state) if !state.has_ended => (state.indices.len() + state.cycles.len()) * 8,
            _ => 0,
        }
    }
}

fn basic_size<T>(this: Borrowed<'_, T>) -> usize {
    this.object().get().ty().raw().tp_basicsize as usize
}

/// Room for `len` positions, or MemoryError.
fn positions(th: &Thread, len: usize, first: impl Iterator<Item = usize>) -> PyResult<Vec<usize>> {
    let mut indices = Vec::new();
    indices.try_reserve_exact(len).map_err(|_| th.no_memory())?;
    indices.extend(first.take(len));
    Ok(indices)
}

/// What all combinatoric iterators over one pool share.
macro_rules! over_pool {
    ($(#[$doc:meta])* $ty:ident, $name:literal, $sig:literal, $step:path, $room:literal) => {
        $(#[$doc])*
        #[pytype(name = $name, new = $sig, flags(BASETYPE, HAVE_GC))]
        #[repr(C)]
        pub struct $ty {
            head: Head,
            #[visit]
            pool: Slot<Tuple>,
            state: Holder,
            /// The tuple given out first, used again whenever nobody else has it.
            #[visit]
            last: Slot<Tuple>,
            /// As large as in the reference: programs ask for the size.
            _room: [usize; $room],
        }

        #[pymethods(parts(new))]
        impl $ty {
            #[slot(tp_iternext)]
            fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
                let Some(pool) = self.pool.get() else {
                    return Ok(None);
                };
                let items = pool.get().as_slice();
                let given = self.state.advance(
                    |indices, cycles| $step(items.len(), indices, cycles),
                    |stale, change, now| {
                        give_changed(th, &self.last, stale, change, |at| items[now[at]])
                    },
                )?;
                Ok(given.map(Owned::into_object))
            }

            /// How many bytes the iterator takes in memory.
            #[method(sig = "(self, /)")]
            fn __sizeof__(this: Borrowed<'_, Self>) -> usize {
                basic_size(this) + this.state.size()
            }
        }

        impl $ty {
            fn make(
                th: &Thread,
                cls: Borrowed<'_, Type>,
                pool: Owned<Tuple>,
                state: State,
            ) -> PyResult<Owned<$ty>> {
                let made = cls.alloc::<$ty>(th, 0)?;
                made.pool.set(Some(pool));
                made.state.set(state);
                Ok(made)
            }
        }
    };
}

over_pool!(
    /// All ways to choose r items, as tuples. Each has its items in the order of the iterable.
    ///
    /// combinations('ABC', 2) --> AB AC BC
    Combinations, "itertools.combinations", "(iterable, r)", next_combination, 1
);
over_pool!(
    /// All ways to choose r items of which each may be taken again, as tuples in the order of the iterable.
    ///
    /// combinations_with_replacement('ABC', 2) --> AA AB AC BB BC CC
    CombinationsWithReplacement, "itertools.combinations_with_replacement", "(iterable, r)",
    next_with_replacement, 1
);
over_pool!(
    /// All ways to choose r items and put them in an order, as tuples. Without r, all items are in each.
    ///
    /// permutations('ABC', 2) --> AB AC BA BC CA CB
    Permutations, "itertools.permutations", "(iterable, r=None)", next_permutation, 2
);

fn not_negative(th: &Thread, r: isize) -> PyResult<usize> {
    usize::try_from(r).map_err(|_| th.raise(exc::VALUE_ERROR, "r must be non-negative"))
}

#[pymethods(part = "new")]
impl Combinations {
    #[new(sig = "(iterable, r)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
        r: isize,
    ) -> PyResult<Owned<Combinations>> {
        let pool = pool(th, iterable)?;
        let r = not_negative(th, r)?;
        let state = if r > pool.len() {
            State::ended()
        } else {
            State::fresh(positions(th, r, 0..)?, Vec::new())
        };
        Combinations::make(th, cls, pool, state)
    }
}

/// The rightmost position that is not as far right as it can be moves on, those behind it follow it.
#[inline(always)]
fn next_combination(len: usize, indices: &mut [usize], _: &mut [usize]) -> Option<usize> {
    let r = indices.len();
    let at = (0..r).rev().find(|&at| indices[at] != at + len - r)?;
    let mut value = indices[at];
    for index in &mut indices[at..] {
        value += 1;
        *index = value;
    }
    Some(at)
}

#[pymethods(part = "new")]
impl CombinationsWithReplacement {
    #[new(sig = "(iterable, r)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
        r: isize,
    ) -> PyResult<Owned<CombinationsWithReplacement>> {
        let pool = pool(th, iterable)?;
        let r = not_negative(th, r)?;
        let state = if pool.is_empty() && r > 0 {
            State::ended()
        } else {
            State::fresh(positions(th, r, std::iter::repeat(0))?, Vec::new())
        };
        CombinationsWithReplacement::make(th, cls, pool, state)
    }
}

#[inline(always)]
fn next_with_replacement(len: usize, indices: &mut [usize], _: &mut [usize]) -> Option<usize> {
    let at = (0..indices.len()).rev().find(|&at| indices[at] != len - 1)?;
    let value = indices[at] + 1;
    for index in &mut indices[at..] {
        *index = value;
    }
    Some(at)
}

/// `permutations` keeps all positions, of which it gives the first `r`: so its state is that of all.
#[pymethods(part = "new")]
impl Permutations {
    #[new(sig = "(iterable, r=None)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
        r: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Permutations>> {
        let pool = pool(th, iterable)?;
        let len = pool.len();
        let r = match r {
            None => len,
            Some(r) => {
                let Some(r) = r.downcast::<Int>() else {
                    return Err(th.raise(exc::TYPE_ERROR, "Expected int as r"));
                };
                let r = r.to_i64().ok_or_else(|| {
                    let message = "Python int too large to convert to C ssize_t";
                    th.raise(exc::OVERFLOW_ERROR, message)
                })?;
                not_negative(th, r as isize)?
            }
        };
        if r > len {
            return Permutations::make(th, cls, pool, State::ended());
        }
        // The first `r` positions are in `indices`, the rest behind the counters in `cycles`.
        let mut cycles = positions(th, r, (0..=len).rev())?;
        cycles.extend(r..len);
        let indices = positions(th, r, 0..)?;
        Permutations::make(th, cls, pool, State::fresh(indices, cycles))
    }
}

/// Each counter says how many items its position can still take; at zero, the items behind turn once.
#[inline(always)]
fn next_permutation(len: usize, indices: &mut [usize], cycles: &mut [usize]) -> Option<usize> {
    let r = indices.len();
    let (counters, rest) = cycles.split_at_mut(r);
    for at in (0..r).rev() {
        counters[at] -= 1;
        if counters[at] == 0 {
            // Positions `at..` turn left by one, as if both parts were one array.
            let first = indices[at];
            turn(&mut indices[at..], rest.first().copied().unwrap_or(first));
            turn(rest, first);
            counters[at] = len - at;
            continue;
        }
        let other = len - counters[at];
        if other < r {
            indices.swap(at, other);
        } else {
            std::mem::swap(&mut indices[at], &mut rest[other - r]);
        }
        return Some(at);
    }
    None
}

/// Moves all one place to the left, and `last` in at the end. They are few: no call of `memmove`.
#[inline(always)]
fn turn(places: &mut [usize], mut last: usize) {
    for place in places.iter_mut().rev() {
        std::mem::swap(place, &mut last);
    }
}

/// All tuples with one item from each iterable, as nested loops find them: the last item changes fastest.
///
/// repeat has the iterables take part several times.
///
/// product('ab', '012') --> a0 a1 a2 b0 b1 b2
#[pytype(name = "itertools.product", new = "(*iterables, repeat=1)", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Product {
    head: Head,
    /// A tuple of tuples.
    #[visit]
    pools: Slot<Tuple>,
    state: Holder,
    /// As in the others.
    #[visit]
    last: Slot<Tuple>,
}

#[pymethods]
impl Product {
    #[new(sig = "(*iterables, **kwargs)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterables: &[Borrowed<'_>],
        kwargs: Kwargs<'_>,
    ) -> PyResult<Owned<Product>> {
        let [repeat] = named(th, "product", kwargs.pairs(), ["repeat"])?;
        let repeat = match repeat {
            Some(repeat) => number::as_isize(th, repeat.object(), Some(exc::OVERFLOW_ERROR))?,
            None => 1,
        };
        let Ok(repeat) = usize::try_from(repeat) else {
            return Err(th.raise(exc::VALUE_ERROR, "repeat argument cannot be negative"));
        };
        let count = if repeat == 0 { 0 } else { iterables.len() };
        let total = count.checked_mul(repeat).filter(|&total| total < isize::MAX as usize / 8);
        let Some(total) = total else {
            return Err(th.raise(exc::OVERFLOW_ERROR, "repeat argument too large"));
        };
        let mut once = Vec::with_capacity(count);
        for &iterable in &iterables[..count] {
            once.push(pool(th, iterable)?.into_object());
        }
        let indices = positions(th, total, std::iter::repeat(0))?;
        let mut pools: Vec<Owned> = Vec::new();
        pools.try_reserve_exact(total).map_err(|_| th.no_memory())?;
        for _ in 0..repeat {
            pools.extend(once.iter().cloned());
        }
        let pools = Tuple::from_vec(th, pools)?;
        let product = cls.alloc::<Product>(th, 0)?;
        let empty = once
            .iter()
            .any(|pool| pool.borrow().downcast::<Tuple>().is_some_and(|pool| pool.is_empty()));
        product.pools.set(Some(pools));
        product.state.set(if empty { State::ended() } else { State::fresh(indices, Vec::new()) });
        Ok(product)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(pools) = self.pools.get() else {
            return Ok(None);
        };
        let pools = pools.get().as_slice();
        // SAFETY: all are tuples, made by `new`.
        let pool = |at: usize| unsafe { pools[at].cast::<Tuple>() }.get().as_slice();
        let given = self.state.advance(
            |indices, _| {
                for (at, index) in indices.iter_mut().enumerate().rev() {
                    *index += 1;
                    if *index < pool(at).len() {
                        return Some(at);
                    }
                    *index = 0;
                }
                None
            },
            |stale, change, now| {
                give_changed(th, &self.last, stale, change, |at| pool(at)[now[at]])
            },
        )?;
        Ok(given.map(Owned::into_object))
    }

    /// How many bytes the iterator takes in memory.
    #[method(sig = "(self, /)")]
    fn __sizeof__(this: Borrowed<'_, Self>) -> usize {
        basic_size(this) + this.state.size()
    }
}
