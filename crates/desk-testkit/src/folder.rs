//! The folder of what customers bring, in memory: a unit's list and its photos, which a test may change under the desk's hands.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use desk_app::ports::Intake;
use desk_domain::{
    code::{Code, Message},
    document,
    order::Photo,
    photo::{Facts, Opened, Picture, Pixels, Taken},
    unit::{PhotoFile, Row},
};

/// Lists and photos by name.
#[derive(Debug, Clone, Default)]
pub struct Files {
    pub lists: BTreeMap<String, Vec<Row>>,
    /// Bytes of the photo, as hexadecimal digits.
    pub photos: BTreeMap<String, String>,
    /// The stick was pulled out.
    pub away: bool,
}

#[derive(Debug, Default)]
pub struct Folder(Mutex<Files>);

/// People of the unit who are on record and never had a card.
pub const PEOPLE: u32 = 12;

/// Number of one of them; the region does not exist.
///
/// # Panics
/// Never: seventeen digits have a check character.
#[must_use]
pub fn number(serial: u32) -> String {
    let body = format!("19990120150315{serial:03}");
    let check = document::check_character(&body).unwrap_or('0');
    format!("{body}{check}")
}

/// A row that stands.
#[must_use]
pub fn row(line: u64, serial: u32) -> Row {
    Row {
        line,
        name: "测·试𬭎".to_owned(),
        document: "resident_id".to_owned(),
        number: number(serial),
        birth: "2015-03-15".to_owned(),
        phone: "13900000000".to_owned(),
        bank: "ICBC".to_owned(),
        photo: format!("{serial}.jpg"),
        surplus: false,
    }
}

impl Folder {
    /// A list of everybody, one of whom is named otherwise on record, and of two who cannot be: one with a wrong check digit, one
    /// whom nobody knows.
    #[must_use]
    pub fn of_a_unit() -> Self {
        let mut files = Files::default();
        let mut rows: Vec<Row> = (0..PEOPLE).map(|serial| row(u64::from(serial) + 2, serial)).collect();
        if let Some(named) = rows.get_mut(3) {
            "测试改".clone_into(&mut named.name);
        }
        rows.push(Row { number: "199901201503150000".to_owned(), ..row(u64::from(PEOPLE) + 2, 90) });
        rows.push(row(u64::from(PEOPLE) + 3, 91));
        for row in &rows {
            files.photos.insert(row.photo.clone(), hex::encode(format!("photo of {}", row.photo)));
        }
        files.lists.insert("unit.csv".to_owned(), rows);
        Self(Mutex::new(files))
    }

    pub fn files(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn there(&self) -> Result<MutexGuard<'_, Files>, Message> {
        let files = self.files();
        if files.away { Err(Message::new(Code::ListUnreadable).with("what", "收件文件夹打不开")) } else { Ok(files) }
    }
}

fn good() -> Facts {
    let pixels = Some(Pixels { white_border: 1000, coloured: 500 });
    Facts { bytes: 40_000, picture: Picture::Opened(Opened { width: 358, height: 441, dpi: Some(350), components: 3, pixels }) }
}

#[async_trait]
impl Intake for Folder {
    async fn photo(&self, name: &str, _white_from: u32, _dpi: u16) -> Result<Taken, Message> {
        let files = self.there()?;
        let photo = files.photos.get(name).cloned().ok_or_else(|| Message::new(Code::PhotoFileMissing))?;
        Ok(Taken { facts: good(), photo: Photo(photo) })
    }

    async fn lists(&self, most: usize) -> Result<Vec<String>, Message> {
        Ok(self.there()?.lists.keys().take(most).cloned().collect())
    }

    async fn list(&self, name: &str, most_rows: usize) -> Result<(Vec<Row>, String), Message> {
        let files = self.there()?;
        let rows = files.lists.get(name).cloned().ok_or_else(|| Message::new(Code::ListUnreadable).with("what", "不在收件文件夹中"))?;
        if rows.len() > most_rows {
            return Err(Message::new(Code::ListTooLong).with("most", format!("{most_rows} 行")));
        }
        let numbers: String = rows.iter().map(|row| row.number.as_str()).collect();
        let sha256 = Photo(hex::encode(numbers)).sha256().unwrap_or_default();
        Ok((rows, sha256))
    }

    async fn photo_files(&self, names: Vec<String>, white_from: u32, dpi: u16) -> Vec<(PhotoFile, Option<String>)> {
        let mut seen = Vec::new();
        for name in names {
            seen.push(match self.photo(&name, white_from, dpi).await {
                Ok(taken) => (PhotoFile::Found(taken.facts), taken.photo.sha256()),
                Err(_) => (PhotoFile::Missing, None),
            });
        }
        seen
    }

    async fn rule_files(&self) -> Vec<String> {
        Vec::new()
    }

    async fn rule_file(&self, name: &str) -> Result<String, Message> {
        Err(Message::new(Code::RuleFileMissing).with("file", name))
    }
}
