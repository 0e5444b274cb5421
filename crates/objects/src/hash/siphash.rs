//! SipHash-1-3, the hash of `str` and `bytes`, and its secret key.
//!
//! The key comes from `PYTHONHASHSEED` exactly as in the reference, so that under the same seed
//! equal strings have equal hashes. The same job in CPython: `Python/pyhash.c` and
//! `Python/bootstrap_hash.c`.

/// What is secret about hashes, an interpreter's or the runtime's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashSecret {
    key: (u64, u64),
    /// The salt of `pyexpat`.
    pub expat_salt: u64,
}

impl HashSecret {
    /// As C sees it.
    pub fn words(&self) -> [u64; 3] {
        [self.key.0, self.key.1, self.expat_salt]
    }
}

const SECRET_BYTES: usize = 24;

impl HashSecret {
    /// The secret that a `PYTHONHASHSEED` number stands for; 0 switches randomisation off.
    pub fn from_seed(seed: u32) -> Self {
        let mut bytes = [0; SECRET_BYTES];
        if seed != 0 {
            let mut state = seed;
            for byte in &mut bytes {
                state = state.wrapping_mul(214_013).wrapping_add(2_531_011);
                *byte = (state >> 16) as u8;
            }
        }
        HashSecret::from_bytes(bytes)
    }

    /// A secret from random bytes that the caller got from the system.
    pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        let word = |at: usize| read_word(&bytes[at..at + 8]);
        HashSecret { key: (word(0), word(8)), expat_salt: word(16) }
    }

    /// A secret from the system's random numbers.
    pub fn random() -> std::io::Result<Self> {
        let mut bytes = [0u8; SECRET_BYTES];
        let mut filled = 0;
        while filled < SECRET_BYTES {
            let rest = &mut bytes[filled..];
            // SAFETY: the pointer and length are those of a live, writable slice.
            let got = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
            match usize::try_from(got) {
                Ok(count) => filled += count,
                Err(_) => {
                    let error = std::io::Error::last_os_error();
                    if error.kind() != std::io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
            }
        }
        Ok(HashSecret::from_bytes(bytes))
    }

    /// The hash of the bytes of a `bytes`, or of a `str`'s storage: 0 if empty, and never -1.
    pub fn hash(&self, bytes: &[u8]) -> i64 {
        if bytes.is_empty() {
            return 0;
        }
        match siphash13(self.key, bytes) as i64 {
            -1 => -2,
            hash => hash,
        }
    }
}

/// Up to eight bytes as a number, the first one lowest. Loads that overlap, as copying so few bytes would be a call.
#[inline(always)]
fn read_word(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (len - 4));
    }
    let at = |index: usize| u64::from(bytes[index]) << (8 * index);
    match len {
        0 => 0,
        _ => at(0) | at(len / 2) | at(len - 1),
    }
}

/// SipHash with one round a word and three at the end.
pub fn siphash13((k0, k1): (u64, u64), bytes: &[u8]) -> u64 {
    let mut state = State {
        v0: k0 ^ 0x736f_6d65_7073_6575,
        v1: k1 ^ 0x646f_7261_6e64_6f6d,
        v2: k0 ^ 0x6c79_6765_6e65_7261,
        v3: k1 ^ 0x7465_6462_7974_6573,
    };
    let (words, rest) = bytes.as_chunks::<8>();
    for &word in words {
        state.absorb(u64::from_le_bytes(word));
    }
    state.absorb((bytes.len() as u64) << 56 | read_word(rest));
    state.v2 ^= 0xff;
    for _ in 0..3 {
        state.round();
    }
    state.v0 ^ state.v1 ^ state.v2 ^ state.v3
}

struct State {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl State {
    #[inline(always)]
    fn absorb(&mut self, word: u64) {
        self.v3 ^= word;
        self.round();
        self.v0 ^= word;
    }

    #[inline(always)]
    fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.rotate_left(32);
    }
}
