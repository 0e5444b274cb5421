//! The opcode table and the constants against the reference's own account of them.

use krait_bytecode::*;
use serde_json::Value;

fn facts() -> Value {
    serde_json::from_str(include_str!("../data/opcodes.json")).unwrap()
}

fn opcode(name: &Value) -> Opcode {
    let name = name.as_str().unwrap();
    *Opcode::ALL.iter().find(|op| op.name() == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Evaluates the facts' formulas: sums of terms such as `2*oparg` and `(oparg >> 8)`.
fn evaluate(formula: &str, oparg: i64) -> i64 {
    let mut text = formula.replace(' ', "");
    for (form, value) in [
        ("(oparg&0xFF)", oparg & 0xff),
        ("(oparg>>8)", oparg >> 8),
        ("(oparg&1)", oparg & 1),
        ("2*oparg", 2 * oparg),
        ("oparg", oparg),
    ] {
        text = text.replace(form, &value.to_string());
    }
    text.replace('-', "+-")
        .split('+')
        .filter(|t| !t.is_empty())
        .map(|t| t.parse::<i64>().unwrap())
        .sum()
}

#[test]
fn numbers_names_and_families_agree() {
    let facts = facts();
    let rows = facts["opcodes"].as_array().unwrap();
    assert_eq!(rows.len(), Opcode::ALL.len());
    for row in rows {
        let op = opcode(&row["name"]);
        assert_eq!(u64::from(op.number()), row["number"].as_u64().unwrap(), "{op}");
        assert_eq!(Opcode::from_number(op.number()), Some(op));
        let base = if row["base_opcode"].is_null() { op } else { opcode(&row["base_opcode"]) };
        assert_eq!(op.base(), base, "{op}");
        // The reference gives this one, which has a generic number, no cache of its own.
        if op != Opcode::BINARY_OP_INPLACE_ADD_UNICODE {
            assert_eq!(
                op.cache_units() as u64,
                row["inline_cache_units"].as_u64().unwrap(),
                "{op}"
            );
        }
        assert_eq!(op.cache_units(), base.cache_units(), "{op}");
        let targets = row["pseudo_targets"].as_array().cloned().unwrap_or_default();
        assert_eq!(op.targets(), targets.iter().map(opcode).collect::<Vec<_>>(), "{op}");
    }
}

#[test]
fn flags_agree() {
    let all = [
        ("HAS_ARG", OpFlags::ARG),
        ("HAS_CONST", OpFlags::CONST),
        ("HAS_NAME", OpFlags::NAME),
        ("HAS_JUMP", OpFlags::JUMP),
        ("HAS_FREE", OpFlags::FREE),
        ("HAS_LOCAL", OpFlags::LOCAL),
        ("HAS_EVAL_BREAK", OpFlags::EVAL_BREAK),
        ("HAS_DEOPT", OpFlags::DEOPT),
        ("HAS_ERROR", OpFlags::ERROR),
        ("HAS_ESCAPES", OpFlags::ESCAPES),
        ("HAS_EXIT", OpFlags::EXIT),
        ("HAS_PURE", OpFlags::PURE),
        ("HAS_ERROR_NO_POP", OpFlags::ERROR_NO_POP),
        ("HAS_NO_SAVE_IP", OpFlags::NO_SAVE_IP),
    ];
    for row in facts()["opcodes"].as_array().unwrap() {
        let op = opcode(&row["name"]);
        let given = row["flags"].as_array().unwrap();
        for (name, flag) in all {
            assert_eq!(op.flags().has(flag), given.iter().any(|f| f == name), "{op} {name}");
        }
        for (name, answer) in [
            ("has_arg", op.has_arg()),
            ("hasconst", op.has_const()),
            ("hasname", op.has_name()),
            ("hasjump", op.has_jump()),
            ("hasfree", op.has_free()),
            ("haslocal", op.has_local()),
            ("hasexc", op.is_block_push()),
        ] {
            assert_eq!(answer, row[name].as_bool().unwrap(), "{op} {name}");
        }
    }
}

#[test]
fn stack_effects_agree() {
    for row in facts()["opcodes"].as_array().unwrap() {
        let op = opcode(&row["name"]);
        for oparg in [2, 3, 5, 16, 255, 256, 771] {
            let formula = |key: &str| evaluate(row[key].as_str().unwrap(), i64::from(oparg));
            assert_eq!(op.popped(oparg), formula("popped"), "{op} {oparg} popped");
            assert_eq!(op.pushed(oparg), formula("pushed"), "{op} {oparg} pushed");
        }
        let effect = &row["stack_effect"];
        assert_eq!(op.stack_effect(0, false).is_none(), effect.is_null(), "{op}");
        for oparg in [0, 1, 2, 7, 258] {
            let formula = |key: &str| Some(evaluate(effect[key].as_str()?, i64::from(oparg)));
            let max = formula("max");
            assert_eq!(op.max_stack_effect(oparg), max, "{op} {oparg}");
            assert_eq!(op.stack_effect(oparg, true), formula("jump").or(max), "{op} {oparg}");
            assert_eq!(op.stack_effect(oparg, false), formula("no_jump").or(max), "{op} {oparg}");
        }
    }
}

#[test]
fn constants_agree() {
    let facts = facts();
    assert_eq!(facts["magic"]["pyc_magic_number"], MAGIC_NUMBER);
    assert_eq!(facts["limits"]["HAVE_ARGUMENT"], HAVE_ARGUMENT);
    assert_eq!(facts["limits"]["MIN_SPECIALIZED_OPCODE"], MIN_SPECIALIZED_OPCODE);
    assert_eq!(facts["limits"]["MIN_INSTRUMENTED_OPCODE"], MIN_INSTRUMENTED_OPCODE);
    assert_eq!(facts["limits"]["CO_MAXBLOCKS"], MAX_BLOCKS);
    for row in facts["binary_op_args"].as_array().unwrap() {
        let op = BinaryOp::from_oparg(row["oparg"].as_u64().unwrap() as u32).unwrap();
        assert_eq!(format!("{op:?}"), row["name"].as_str().unwrap());
        assert_eq!(op.symbol(), row["symbol"].as_str().unwrap());
    }
    for row in facts["compare_op"]["table"].as_array().unwrap() {
        let oparg = row["oparg_value_context"].as_u64().unwrap() as u32;
        let op = CompareOp::from_oparg(oparg).unwrap();
        assert_eq!(op.symbol(), row["op"].as_str().unwrap());
        assert_eq!(op.oparg(), oparg);
        assert_eq!(row["oparg_bool_context"], op.oparg() | COMPARE_TO_BOOL);
    }
}
