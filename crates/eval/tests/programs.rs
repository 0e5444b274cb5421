//! Programs through the whole house: text, code object, loop. What they print was recorded from the
//! reference: `python3.14 programs/NAME.py > programs/NAME.out`.

mod harness;

macro_rules! programs {
    ($run:ident: $($name:ident),* $(,)?) => {$(
        #[test]
        fn $name() {
            let source = include_str!(concat!("programs/", stringify!($name), ".py"));
            let expected = include_str!(concat!("programs/", stringify!($name), ".out"));
            let printed = harness::$run(source);
            for (number, (ours, theirs)) in printed.lines().zip(expected.lines()).enumerate() {
                assert_eq!(ours, theirs, "line {}", number + 1);
            }
            assert_eq!(printed.lines().count(), expected.lines().count(), "{printed}");
        }
    )*};
}

programs!(
    run_program:
    classes,
    code_objects,
    containers,
    descriptors,
    except_star,
    exceptions,
    floats,
    frames,
    functions,
    generators,
    in_place,
    statements
);

programs!(run_program_with_sys: events, fallback, slices, specialised);
