//! Every list and photo of these tests, the ones without end among them, is answered by a process that may not take more memory.

/// Address space of the whole process, in KiB: the test's own largest file is a tenth of it.
#[cfg(target_os = "linux")]
const MOST_KIB: u32 = 512 * 1024;

#[cfg(target_os = "linux")]
#[test]
fn a_bad_list_stays_within_its_memory() {
    let own = std::env::current_exe().unwrap();
    let script = format!("ulimit -v {MOST_KIB} && exec \"$0\" --test-threads 1 --skip bounds::");
    let answer = std::process::Command::new("sh").args(["-c", &script]).arg(own).output().unwrap();
    let text = String::from_utf8_lossy(&answer.stdout);
    assert!(answer.status.success(), "{text}{}", String::from_utf8_lossy(&answer.stderr));
    let passed = text.lines().filter(|line| line.starts_with("test ") && line.ends_with(" ... ok")).count();
    println!("lists and photos: {passed} tests within {} MB of address space", MOST_KIB / 1024);
    assert!(passed >= 19, "{text}");
}
