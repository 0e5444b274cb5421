//! `_random`: the Mersenne Twister (MT19937) of Matsumoto and Nishimura.
//!
//! Seeds give the same numbers as in the reference. The same job as CPython's `Modules/_randommodule.c`.

use std::cell::{Cell, RefCell};

use krait_objects::int_digits;
use krait_objects::prelude::*;

/// The Mersenne Twister, a generator of pseudo-random numbers.
#[pymodule(name = "_random")]
pub struct RandomModule;

/// Words of state.
const N: usize = 624;
const M: usize = 397;

/// Random([seed])
///
/// A source of random numbers that does not share its state with others.
#[pytype(name = "_random.Random", flags(BASETYPE))]
#[repr(C)]
pub struct Random {
    head: Head,
    /// The next word to hand out.
    index: Cell<usize>,
    state: RefCell<Vec<u32>>,
}

impl Random {
    fn next(&self) -> u32 {
        let mut state = self.state.borrow_mut();
        if state.len() != N {
            state.resize(N, 0);
        }
        if self.index.get() >= N {
            twist(&mut state);
            self.index.set(0);
        }
        let mut y = state[self.index.get()];
        self.index.set(self.index.get() + 1);
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    fn seed_words(&self, key: &[u32]) {
        let mut state = INITIAL;
        // The word before the one that changes; the first word is the last one once more.
        let mut before = state[0];
        let mut keys = key.iter().enumerate();
        let at = stir(&mut state, 1, N.max(key.len()), |_, word| {
            let next = keys.next().or_else(|| {
                keys = key.iter().enumerate();
                keys.next()
            });
            let (j, &key) = next.unwrap_or((0, &0));
            let mixed = (before ^ before >> 30).wrapping_mul(1_664_525);
            before = (word ^ mixed).wrapping_add(key).wrapping_add(j as u32);
            before
        });
        stir(&mut state, at, N - 1, |at, word| {
            let mixed = (before ^ before >> 30).wrapping_mul(1_566_083_941);
            before = (word ^ mixed).wrapping_sub(at as u32);
            before
        });
        state[0] = 0x8000_0000;
        self.index.set(N);
        let mut kept = self.state.borrow_mut();
        kept.clear();
        kept.extend_from_slice(&state);
    }

    /// From an int's magnitude, an object's hash, or, for None, the system's randomness.
    fn seed_from(&self, th: &Thread, n: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(n) = n.filter(|n| !n.is_none()) else {
            self.seed_words(&system_words());
            return Ok(());
        };
        let bytes = match n.downcast::<Int>() {
            Some(int) => {
                let magnitude = int.view().abs();
                let mut bytes = vec![0; (magnitude.bit_length() as usize).div_ceil(32).max(1) * 4];
                // There is room for all bits of the magnitude.
                let _ = int_digits::to_bytes(magnitude, &mut bytes, true, false);
                bytes
            }
            None => {
                let hash = (object::hash(th, n)? as u64).to_le_bytes().to_vec();
                if hash[4..] == [0; 4] { hash[..4].to_vec() } else { hash }
            }
        };
        let words: Vec<u32> = bytes
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect();
        self.seed_words(&words);
        Ok(())
    }
}

/// Changes words one after the other, beginning at `at`, and going on with word 1 behind the last one; where it stopped.
#[inline(always)]
fn stir(
    state: &mut [u32; N],
    mut at: usize,
    mut steps: usize,
    mut change: impl FnMut(usize, u32) -> u32,
) -> usize {
    while steps > 0 {
        let end = N.min(at + steps);
        for (at, word) in state[..end].iter_mut().enumerate().skip(at) {
            *word = change(at, *word);
        }
        steps -= end - at;
        at = if end == N { 1 } else { end };
    }
    at
}

/// Where every seed begins.
static INITIAL: [u32; N] = {
    let mut state = [19_650_218u32; N];
    let mut at = 1;
    while at < N {
        let before = state[at - 1];
        state[at] = (before ^ before >> 30).wrapping_mul(1_812_433_253).wrapping_add(at as u32);
        at += 1;
    }
    state
};

fn twist(state: &mut [u32]) {
    for at in 0..N {
        let y = state[at] & 0x8000_0000 | state[(at + 1) % N] & 0x7fff_ffff;
        let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
        state[at] = state[(at + M) % N] ^ y >> 1 ^ odd;
    }
}

/// As many words as the state has, from the system, or from clock and process if it has none to give.
fn system_words() -> Vec<u32> {
    let mut words = vec![0u32; N];
    // SAFETY: the buffer has that many bytes.
    let read = unsafe { libc::getrandom(words.as_mut_ptr().cast(), N * 4, libc::GRND_NONBLOCK) };
    if read == (N * 4) as isize {
        return words;
    }
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_nanos() as u64);
    vec![now as u32, (now >> 32) as u32, std::process::id()]
}

#[pymethods]
impl Random {
    /// Not seeded yet, as `Random.__init__` of the library does that: zeros.
    #[new(sig = "(*args)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: &[Borrowed<'_>],
    ) -> PyResult<Owned<Random>> {
        let random = cls.alloc::<Random>(th, 0)?;
        // SAFETY: nobody else knows the object; zeroed memory is not yet a value of the field.
        unsafe {
            let raw = random.as_ptr().cast::<Random>();
            (&raw mut (*raw).state).write(RefCell::new(vec![0; N]));
        }
        Ok(random)
    }

    /// `Random(x)`: as `seed(x)`.
    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "Random() takes no keyword arguments"));
        }
        if args.len() > 1 {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "Random expected at most 1 argument, got {}",
                args.len()
            ));
        }
        self.seed_from(th, args.get().get(0))
    }

    /// The next float from 0 up to, but not including, 1.
    #[method(sig = "(self, /)")]
    fn random(&self) -> f64 {
        let (a, b) = (self.next() >> 5, self.next() >> 6);
        (f64::from(a) * 67_108_864.0 + f64::from(b)) / 9_007_199_254_740_992.0
    }

    /// seed([n])
    ///
    /// Begin a new sequence of numbers, which n determines. Without it, or with None, the system's randomness
    /// is the seed, or else the time and the process id.
    #[method(sig = "(self, n=None, /)")]
    fn seed(&self, th: &Thread, n: Option<Borrowed<'_>>) -> PyResult<()> {
        self.seed_from(th, n)
    }

    /// A random int of k bits, not negative.
    #[method(sig = "(self, k, /)")]
    fn getrandbits(&self, th: &Thread, k: u64) -> PyResult<Owned<Int>> {
        if k <= 32 {
            let word = if k == 0 { 0 } else { self.next() >> (32 - k) };
            return Int::from_i64(th, word.into());
        }
        let words = k.div_ceil(32);
        let mut bytes: Vec<u8> = Vec::new();
        if words > isize::MAX as u64 / 4 || bytes.try_reserve_exact(words as usize * 4).is_err() {
            return Err(th.no_memory());
        }
        let mut rest = k;
        for _ in 0..words {
            let mut word = self.next();
            if rest < 32 {
                word >>= 32 - rest;
            }
            bytes.extend_from_slice(&word.to_le_bytes());
            rest = rest.saturating_sub(32);
        }
        Int::from_buf(th, &int_digits::from_bytes(&bytes, true, false))
    }

    /// The state as a tuple, from which setstate() goes on.
    #[method(sig = "(self, /)")]
    fn getstate(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        let words = self.state.borrow().clone();
        let mut items = Vec::with_capacity(N + 1);
        for word in words {
            items.push(Int::from_i64(th, word.into())?.into_object());
        }
        items.push(Int::from_usize(th, self.index.get())?.into_object());
        Tuple::from_vec(th, items)
    }

    /// Return to a state that getstate() has given.
    #[method(sig = "(self, state, /)")]
    fn setstate(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let Some(state) = state.downcast::<Tuple>() else {
            return Err(th.raise(exc::TYPE_ERROR, "state vector must be a tuple"));
        };
        if state.len() != N + 1 {
            return Err(th.raise(exc::VALUE_ERROR, "state vector is the wrong size"));
        }
        let mut words = Vec::with_capacity(N);
        for item in &state.as_slice()[..N] {
            let int = number::index(th, *item)?;
            let Some(word) = int.to_u64() else {
                let message = if int.is_negative() {
                    "can't convert negative value to unsigned int"
                } else {
                    "Python int too large to convert to C unsigned long"
                };
                return Err(th.raise(exc::OVERFLOW_ERROR, message));
            };
            words.push(word as u32);
        }
        let index = number::as_isize(th, state.as_slice()[N], Some(exc::OVERFLOW_ERROR))?;
        if !(0..=N as isize).contains(&index) {
            return Err(th.raise(exc::VALUE_ERROR, "invalid state"));
        }
        self.index.set(index as usize);
        *self.state.borrow_mut() = words;
        Ok(())
    }
}

#[pyfunctions]
impl RandomModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add_type(th, Random::type_object())
    }
}
