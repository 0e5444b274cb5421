//! The few statistics that are needed.

/// The middle value; NaN of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[count / 2],
        count => (sorted[count / 2 - 1] + sorted[count / 2]) / 2.0,
    }
}

/// The geometric mean of positive values; NaN of nothing.
pub fn geometric_mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    (values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64).exp()
}

/// The median over repetitions of `ours / base`.
pub fn median_ratio(base: &[f64], ours: &[f64]) -> f64 {
    let ratios: Vec<f64> = base
        .iter()
        .zip(ours)
        .filter(|(base, _)| **base > 0.0)
        .map(|(base, ours)| ours / base)
        .collect();
    median(&ratios)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_within_a_repetition() {
        // The machine halved its speed after the first repetition: the ratio stays.
        assert_eq!(median_ratio(&[1.0, 2.0, 2.0], &[0.5, 1.0, 1.0]), 0.5);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert!((geometric_mean(&[0.5, 2.0]) - 1.0).abs() < 1e-12);
    }
}
