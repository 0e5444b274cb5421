//! What the reference implementation compressed comes back; what is damaged does no harm.

use super::Dictionary;

/// A sequence of numbers that looks random and is the same each time.
struct Noise(u32);

impl Noise {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % below
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next(256) as u8).collect()
    }

    /// Lines of words out of a few hundred.
    fn text(&mut self, count: usize) -> Vec<u8> {
        let mut text = Vec::new();
        while text.len() < count {
            let word = self.next(20) * self.next(20);
            let end = if self.next(8) == 0 { "\n" } else { " " };
            text.extend(format!("{word:x}word{}{end}", word % 7).bytes());
        }
        text
    }
}

fn dictionary() -> &'static [u8] {
    let mut noise = Noise(1);
    let samples: Vec<_> = (0..200).map(|size| noise.text(40 * size + 100)).collect();
    zstd::dict::from_samples(&samples, 8 << 10).expect("enough samples").leak()
}

/// The blocks of `data`, as the library's build stores them.
fn compress(data: &[u8], dictionary: &[u8], level: i32) -> Vec<u8> {
    let mut compressor = zstd::bulk::Compressor::with_dictionary(level, dictionary).unwrap();
    compressor.include_checksum(false).unwrap();
    compressor.include_contentsize(false).unwrap();
    compressor.include_dictid(false).unwrap();
    compressor.compress(data).unwrap().split_off(6)
}

/// Pieces that use every kind of block, of literals and of code.
fn pieces() -> Vec<Vec<u8>> {
    let mut noise = Noise(2);
    let mut pieces = vec![
        Vec::new(),
        b"x".to_vec(),
        vec![7; 100],
        vec![7; 400_000],
        noise.bytes(300),
        noise.bytes(200_000),
        noise.text(90),
        noise.text(2_000),
        noise.text(500_000),
    ];
    // Short patterns, and changes of what the data look like between blocks.
    let mut mixed = Vec::new();
    for width in 1..40 {
        let pattern = noise.bytes(width);
        mixed.extend(pattern.iter().cycle().take(width * 5 + 300));
        mixed.extend(noise.text(width * 400));
        mixed.extend(noise.bytes(width * 30).iter().map(|byte| byte % 5));
    }
    pieces.push(mixed);
    pieces
}

#[test]
fn what_was_compressed_comes_back() {
    let bytes = dictionary();
    let dictionary = Dictionary::read(bytes).expect("a dictionary");
    for piece in pieces() {
        for level in [-5, 1, 3, 9, 19] {
            let packed = compress(&piece, bytes, level);
            let plain = dictionary.decode(&packed, piece.len());
            assert!(plain == Some(piece.clone()), "{} bytes at level {level}", piece.len());
            assert!(dictionary.decode(&packed, piece.len() + 1).is_none());
            if let Some(less) = piece.len().checked_sub(1) {
                assert!(dictionary.decode(&packed, less).is_none());
            }
        }
    }
}

#[test]
fn damaged_data_do_no_harm() {
    let bytes = dictionary();
    let dictionary = Dictionary::read(bytes).expect("a dictionary");
    let mut noise = Noise(3);
    for piece in pieces().into_iter().filter(|piece| piece.len() < 200_000) {
        let packed = compress(&piece, bytes, 19);
        for end in (0..packed.len()).rev().take(300) {
            assert!(dictionary.decode(&packed[..end], piece.len()).is_none());
        }
        for _ in 0..300 {
            let mut damaged = packed.clone();
            let at = noise.next(damaged.len().min(200));
            damaged[at] = noise.next(256) as u8;
            // It may still be a piece, another one.
            let plain = dictionary.decode(&damaged, piece.len());
            assert!(plain.is_none_or(|plain| plain.len() == piece.len()));
        }
    }
}

#[test]
fn damaged_dictionaries_do_no_harm() {
    let mut noise = Noise(4);
    let bytes = dictionary();
    let piece = noise.text(3_000);
    let packed = compress(&piece, bytes, 19);
    for end in 0..200 {
        assert!(Dictionary::read(&bytes[..end.min(bytes.len())]).is_none() || end > 20);
    }
    for _ in 0..300 {
        let mut damaged = bytes.to_vec();
        damaged[noise.next(200)] = noise.next(256) as u8;
        if let Some(dictionary) = Dictionary::read(damaged.leak()) {
            dictionary.decode(&packed, piece.len());
        }
    }
}
