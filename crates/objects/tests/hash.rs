//! Hashes against those recorded from the reference by `data/record_hash.py`.

use krait_objects::hash::*;

#[test]
fn answers_equal_the_reference() {
    for line in include_str!("golden/hash.txt").lines() {
        let (question, expected) = line.split_once(" = ").expect("a line has a result");
        let words: Vec<&str> = question.split(' ').collect();
        let numbers = |text: &str| -> Vec<i64> {
            let items = text.trim_start_matches('.').split(',').filter(|item| !item.is_empty());
            items.map(|item| item.parse().expect("a number")).collect()
        };
        let hash = match words[0] {
            "text" => {
                let secret = HashSecret::from_seed(words[1].parse().expect("a seed"));
                secret.hash(&words[2].as_bytes()[1..])
            }
            "float" => {
                let bits = u64::from_str_radix(words[1], 16).expect("the bits of a double");
                hash_double(f64::from_bits(bits)).expect("not NaN")
            }
            "int" => hash_i64(words[1].parse().expect("a number")),
            "tuple" => {
                let mut hasher = TupleHasher::new();
                numbers(words[1]).into_iter().for_each(|item| hasher.add(hash_i64(item)));
                hasher.finish()
            }
            "set" => {
                let mut hasher = SetHasher::default();
                numbers(words[1]).into_iter().for_each(|item| hasher.add(hash_i64(item)));
                hasher.finish()
            }
            "complex" => {
                let parts = numbers(words[1]);
                hash_complex(parts[0], parts[1])
            }
            other => panic!("{other}"),
        };
        assert_eq!(hash.to_string(), expected, "{line}");
    }
}

#[test]
fn secrets_differ() {
    let (a, b) = (HashSecret::random().expect("random"), HashSecret::random().expect("random"));
    assert_ne!(a, b);
    assert_eq!(hash_double(f64::NAN), None);
}
