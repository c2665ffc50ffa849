//! Rule files that somebody of head office brings: listed and read as text, within bounds; what they say is checked by the centre.

use std::{fs, io::Read, path::Path};

/// Longest file that is read, in bytes.
const LONGEST: u64 = 1 << 20;
/// Most files that are listed.
const MOST: usize = 100;
const ENDING: &str = ".toml";

/// Names of rule files in a folder, in order.
#[must_use]
pub fn list(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| plain(name) && folder.join(name).is_file())
        .take(MOST)
        .collect();
    names.sort();
    names
}

/// The text of one of them; none where it is not there, too long, or no text.
#[must_use]
pub fn read(folder: &Path, name: &str) -> Option<String> {
    let file = fs::File::open(folder.join(Some(name).filter(|name| plain(name))?)).ok()?;
    let mut text = String::new();
    let read = file.take(LONGEST + 1).read_to_string(&mut text).ok()?;
    (read as u64 <= LONGEST).then_some(text)
}

/// A name of this folder and of no other.
fn plain(name: &str) -> bool {
    name.ends_with(ENDING) && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rule_files_of_the_folder_are_read() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.toml", "a.toml", ".hidden.toml", "photo.jpg"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        assert_eq!(list(folder.path()), ["a.toml", "b.toml"]);
        assert_eq!(read(folder.path(), "a.toml").as_deref(), Some("a.toml"));
        for bad in ["../a.toml", ".hidden.toml", "photo.jpg", "none.toml"] {
            assert_eq!(read(folder.path(), bad), None, "{bad}");
        }
        fs::write(folder.path().join("long.toml"), vec![b'#'; (1 << 20) + 1]).unwrap();
        assert_eq!(read(folder.path(), "long.toml"), None);
        fs::write(folder.path().join("bytes.toml"), [0xFF, 0xFE]).unwrap();
        assert_eq!(read(folder.path(), "bytes.toml"), None);
        assert!(list(&folder.path().join("gone")).is_empty());
    }
}
