//! Damaged code objects through the whole house: whatever the verifier accepts runs to its end, or to an exception.

mod harness;

#[test]
fn damaged_code_runs_or_raises() {
    let printed = harness::run_program_with_sys(include_str!("hostile_code.py"));
    assert_eq!(printed, "some accepted\n");
}

#[test]
fn foreign_code_is_verified_when_it_first_runs() {
    let printed = harness::run_program_with_sys(include_str!("foreign_code.py"));
    assert_eq!(printed, "sound\n");
}
