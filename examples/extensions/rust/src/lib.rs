//! Counting words, in Rust with PyO3.

use std::collections::HashMap;

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;

/// Counts words.
#[pyclass(subclass)]
struct Tally {
    counts: HashMap<String, i64>,
}

#[pymethods]
impl Tally {
    #[new]
    #[pyo3(signature = (text = ""))]
    fn new(text: &str) -> Tally {
        let mut tally = Tally { counts: HashMap::new() };
        tally.add(text);
        tally
    }

    /// Count the words of a text.
    fn add(&mut self, text: &str) {
        for word in text.split_whitespace() {
            *self.counts.entry(word.to_owned()).or_default() += 1;
        }
    }

    fn __len__(&self) -> usize {
        self.counts.len()
    }

    fn __getitem__(&self, word: &str) -> PyResult<i64> {
        self.counts.get(word).copied().ok_or_else(|| PyKeyError::new_err(word.to_owned()))
    }

    /// How many words have been counted.
    #[getter]
    fn total(&self) -> i64 {
        self.counts.values().sum()
    }
}

#[pymodule]
mod tally_rust {
    #[pymodule_export]
    use super::Tally;
}
