//! Photo files: good ones, and everything that is wrong with the others.

use std::{fs, path::PathBuf};

use desk_domain::{
    code::Code,
    photo::{self, Facts, Picture},
    ruleset::{RuleFile, RuleSet, RuleSets},
    unit::PhotoFile,
};
use desk_intake::{
    density,
    photo::{MOST_BYTES, facts, find},
};

const WHITE: u32 = 240;
const RULES: &str = "changzhou-one-card.toml";

fn rules() -> RuleSet {
    let text = fs::read_to_string(format!("{}/../../rules/{RULES}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    RuleSets::load(&[RuleFile { name: RULES, text: &text }]).unwrap().all()[0].clone()
}

fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/photos").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn defects(bytes: &[u8]) -> Vec<Code> {
    photo::check(&rules(), &facts(bytes, WHITE)).defects.iter().map(|message| message.code).collect()
}

/// The same picture with other dimensions in its header.
fn resized(mut jpeg: Vec<u8>, width: u16, height: u16) -> Vec<u8> {
    let frame = jpeg.windows(2).position(|two| two == [0xFF, 0xC0]).expect("frame header");
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

#[test]
fn a_good_photo_passes_and_each_defect_is_found() {
    let good = file("good.jpg");
    let Picture::Opened(opened) = facts(&good, WHITE).picture else { panic!("{:?}", facts(&good, WHITE)) };
    assert_eq!((opened.width, opened.height, opened.dpi, opened.components), (358, 441, Some(350), 3));
    assert_eq!(photo::check(&rules(), &facts(&good, WHITE)), photo::Verdict::default());
    assert_eq!(defects(&file("blue.jpg")), [Code::PhotoBackground]);
    assert_eq!(defects(&file("greyscan.jpg")), [Code::PhotoNotColor]);
    assert_eq!(defects(&file("grey.jpg")), [Code::PhotoDepth, Code::PhotoNotColor]);
    assert_eq!(defects(&file("press.jpg")), [Code::PhotoDepth]);
}

#[test]
fn all_defects_at_once() {
    // Grey, too long, turned on its side.
    let mut wrong = resized(file("grey.jpg"), 441, 358);
    wrong.resize(102_401, 0);
    assert_eq!(defects(&wrong), [Code::PhotoSize, Code::PhotoDimension, Code::PhotoDepth, Code::PhotoNotColor]);
}

#[test]
fn content_counts_and_not_the_name() {
    assert_eq!(facts(b"\x89PNG\r\n\x1a\n", WHITE).picture, Picture::NotJpeg);
    assert_eq!(facts(b"", WHITE).picture, Picture::NotJpeg);
    assert_eq!(defects(&[0; 20_000]), [Code::PhotoNotJpeg]);
}

#[test]
fn broken_photos_are_told_apart_wherever_they_break_and_never_pass() {
    let good = file("good.jpg");
    for part in 1..16 {
        let cut = &good[..good.len() * part / 16];
        assert_eq!(facts(cut, WHITE).picture, Picture::Broken, "cut at {}", cut.len());
    }
    // One byte changed anywhere: whatever is found, nothing panics and nothing runs on.
    for place in (2..good.len()).step_by(311) {
        let mut changed = good.clone();
        changed[place] ^= 0xFF;
        let _whatever = facts(&changed, WHITE);
    }
}

#[test]
fn a_picture_that_unpacks_to_gigabytes_is_not_unpacked() {
    let bomb = resized(file("good.jpg"), u16::MAX, u16::MAX);
    let Picture::Opened(opened) = facts(&bomb, WHITE).picture else { panic!("{:?}", facts(&bomb, WHITE)) };
    assert_eq!((opened.width, opened.height, opened.pixels), (65_535, 65_535, None));
    assert_eq!(defects(&bomb), [Code::PhotoDimension]);
}

#[test]
fn the_tag_of_the_resolution_is_corrected_and_nothing_else() {
    let good = file("good.jpg");
    let mut wrong = good.clone();
    // 72 dots an inch.
    wrong[13..18].copy_from_slice(&[1, 0, 72, 0, 72]);
    let verdict = photo::check(&rules(), &facts(&wrong, WHITE));
    assert!(verdict.defects.is_empty() && verdict.correct_dpi);
    assert_eq!(density::corrected(&wrong, 350).unwrap(), good);
    // 138 dots a centimetre are the same resolution in other words.
    wrong[13..18].copy_from_slice(&[2, 0, 138, 0, 138]);
    assert!(!photo::check(&rules(), &facts(&wrong, WHITE)).correct_dpi);
    // Without a tag at all, as cameras write it.
    let untagged = [&good[..2], &good[20..]].concat();
    assert!(photo::check(&rules(), &facts(&untagged, WHITE)).correct_dpi);
    let corrected = density::corrected(&untagged, 350).unwrap();
    assert_eq!(corrected, good);
    assert_eq!(density::corrected(b"GIF89a", 350), None);
}

#[test]
fn a_name_in_a_list_leads_to_no_other_place() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("in");
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("a.jpg"), file("good.jpg")).unwrap();
    fs::write(folder.path().join("secret.jpg"), file("good.jpg")).unwrap();
    fs::write(inside.join("long.jpg"), vec![0xFF; usize::try_from(MOST_BYTES).unwrap() + 1]).unwrap();
    assert!(matches!(find(&inside, "a.jpg", WHITE), PhotoFile::Found(Facts { picture: Picture::Opened(_), .. })));
    assert_eq!(find(&inside, "b.jpg", WHITE), PhotoFile::Missing);
    for name in ["", ".", "..", "../secret.jpg", "/etc/passwd", "..\\secret.jpg", "c:a.jpg", ".hidden", "a\0.jpg", "a\n.jpg"] {
        assert_eq!(find(&inside, name, WHITE), PhotoFile::BadName, "{name:?}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path().join("secret.jpg"), inside.join("link.jpg")).unwrap();
        assert_eq!(find(&inside, "link.jpg", WHITE), PhotoFile::BadName);
    }
    let PhotoFile::Found(long) = find(&inside, "long.jpg", WHITE) else { panic!("not found") };
    assert_eq!((long.bytes, long.picture), (MOST_BYTES + 1, Picture::NotOpened));
    assert_eq!(photo::check(&rules(), &long).defects.iter().map(|m| m.code).collect::<Vec<_>>(), [Code::PhotoSize]);
}
