//! The types of the window are the types of the core: `ui/src/ipc/bindings.ts` is generated from them.
//!
//! `UPDATE=1 cargo test --test it bindings` writes the file anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use desk_app::view::{Act, View};
use ts_rs::{Config, TS, TypeVisitor};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/ipc/bindings.ts");

/// Walks a type and everything it holds, once each.
struct Declarations {
    config: Config,
    seen: BTreeSet<String>,
    found: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Only our own types have a place to be exported to; primitives and wrappers are looked through.
        if T::output_path().is_some() {
            let name = T::ident(&self.config);
            if !self.seen.insert(name.clone()) {
                return;
            }
            let docs = T::docs().unwrap_or_default();
            let declaration = format!("{docs}export {}\n", T::decl(&self.config));
            self.found.insert(name, declaration);
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

fn generated() -> String {
    let mut all = Declarations { config: Config::default(), seen: BTreeSet::new(), found: BTreeMap::new() };
    all.visit::<View>();
    all.visit::<Act>();
    let mut text = String::from("// Generated from crates/desk-app/src/view.rs; do not edit.\n// UPDATE=1 cargo test --test it bindings\n");
    for declaration in all.found.values() {
        text.push('\n');
        for line in declaration.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test has no configuration file; UPDATE is how the file is written anew")]
fn bindings_are_current() {
    let wanted = generated();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(FILE, &wanted).unwrap();
    }
    let committed = fs::read_to_string(Path::new(FILE)).unwrap_or_default();
    assert!(committed == wanted, "ui/src/ipc/bindings.ts is stale: run UPDATE=1 cargo test --test it bindings");
}

#[test]
fn bindings_name_every_act() {
    let text = generated();
    for act in ["signIn", "openDay", "start", "choose", "fill", "authorise", "park", "printReport", "closeDay", "countDay"] {
        assert!(text.contains(&format!("\"act\": \"{act}\"")), "{act} is missing");
    }
}
