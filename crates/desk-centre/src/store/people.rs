//! Operators, sessions, citizens and their cards.

use centre_core::{
    record::{Blacklisted, Card, OperatorRecord, Person, Session},
    store::Stored,
};
use desk_domain::{
    id::{CardNo, CellId, DeviceId, OperatorId, PersonId, ProgrammeId},
    money::Fen,
};
use sqlx::{PgConnection, postgres::PgRow};

use super::{
    failed,
    row::{damaged, get, json, maybe_json, number, small, text, to_json, to_word, word},
};

/// Columns of a card, JSON as text.
const CARD: &str = "SELECT cell, card_no, programme, family, issuer, serial, holder_class, status::text AS status,
    issued_on, valid_until, transit_open, last_balance, last_online_counter, holder, suspended::text AS suspended,
    functions::text AS functions FROM cards";

pub(super) async fn operator(db: &mut PgConnection, cell: &CellId, operator: &OperatorId) -> Stored<Option<OperatorRecord>> {
    let row = sqlx::query("SELECT * FROM operators WHERE cell = $1 AND operator = $2 FOR UPDATE")
        .bind(cell.as_str())
        .bind(operator.as_str())
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref()
        .map(|row| {
            let roles: Vec<String> = get(row, "roles")?;
            Ok(OperatorRecord {
                cell: CellId::new(text(row, "cell")?),
                operator: OperatorId::new(text(row, "operator")?),
                roles: roles.iter().map(|role| word(role, "roles")).collect::<Stored<_>>()?,
                password: text(row, "password")?,
                offline_verifier: text(row, "offline_verifier")?,
                failures: number(row, "failures")?,
                locked_at: get(row, "locked_at")?,
                staff_card: get(row, "staff_card")?,
            })
        })
        .transpose()
}

pub(super) async fn put_operator(db: &mut PgConnection, operator: &OperatorRecord) -> Stored<()> {
    let roles = operator.roles.iter().map(to_word).collect::<Stored<Vec<String>>>()?;
    sqlx::query(
        "INSERT INTO operators VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (cell, operator) DO UPDATE SET roles = $3, password = $4,
             offline_verifier = $5, failures = $6, locked_at = $7, staff_card = $8",
    )
    .bind(operator.cell.as_str())
    .bind(operator.operator.as_str())
    .bind(roles)
    .bind(&operator.password)
    .bind(&operator.offline_verifier)
    .bind(i64::from(operator.failures))
    .bind(operator.locked_at)
    .bind(&operator.staff_card)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) async fn session(db: &mut PgConnection, cell: &CellId, token: &str) -> Stored<Option<Session>> {
    let row = sqlx::query("SELECT * FROM sessions WHERE cell = $1 AND token = $2")
        .bind(cell.as_str())
        .bind(token)
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref()
        .map(|row| {
            Ok(Session {
                cell: CellId::new(text(row, "cell")?),
                token: text(row, "token")?,
                device: DeviceId::new(text(row, "device")?),
                operator: OperatorId::new(text(row, "operator")?),
                expires_at: get(row, "expires_at")?,
                ended_at: get(row, "ended_at")?,
            })
        })
        .transpose()
}

pub(super) async fn put_session(db: &mut PgConnection, session: &Session) -> Stored<()> {
    sqlx::query(
        "INSERT INTO sessions VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (cell, token) DO UPDATE SET expires_at = $5, ended_at = $6",
    )
    .bind(session.cell.as_str())
    .bind(&session.token)
    .bind(session.device.as_str())
    .bind(session.operator.as_str())
    .bind(session.expires_at)
    .bind(session.ended_at)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) async fn person(db: &mut PgConnection, cell: &CellId, person: &PersonId, lock: bool) -> Stored<Option<Person>> {
    let plain = "SELECT * FROM persons WHERE cell = $1 AND person = $2";
    let locking = "SELECT * FROM persons WHERE cell = $1 AND person = $2 FOR UPDATE";
    let row = sqlx::query(if lock { locking } else { plain })
        .bind(cell.as_str())
        .bind(person.as_str())
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref().map(to_person).transpose()
}

pub(super) async fn person_by_number(db: &mut PgConnection, programme: &ProgrammeId, id_number: &str) -> Stored<Option<Person>> {
    let row = sqlx::query("SELECT * FROM persons WHERE programme = $1 AND id_number = $2")
        .bind(programme.as_str())
        .bind(id_number)
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref().map(to_person).transpose()
}

fn to_person(row: &PgRow) -> Stored<Person> {
    let staff: Option<String> = get(row, "staff")?;
    Ok(Person {
        cell: CellId::new(text(row, "cell")?),
        person: PersonId::new(text(row, "person")?),
        programme: ProgrammeId::new(text(row, "programme")?),
        name: text(row, "name")?,
        id_number: get(row, "id_number")?,
        ecard_number: get(row, "ecard_number")?,
        birth: get(row, "birth")?,
        class: word(&text(row, "class")?, "class")?,
        school: text(row, "school")?,
        guardian_name: get(row, "guardian_name")?,
        guardian_phone: get(row, "guardian_phone")?,
        open_order: get(row, "open_order")?,
        entitled: get(row, "entitled")?,
        staff: staff.map(OperatorId::new),
    })
}

pub(super) async fn put_person(db: &mut PgConnection, person: &Person) -> Stored<()> {
    sqlx::query(
        "INSERT INTO persons VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (cell, person) DO UPDATE SET programme = $3, name = $4, id_number = $5,
             ecard_number = $6, birth = $7, class = $8, school = $9, guardian_name = $10,
             guardian_phone = $11, open_order = $12, entitled = $13, staff = $14",
    )
    .bind(person.cell.as_str())
    .bind(person.person.as_str())
    .bind(person.programme.as_str())
    .bind(&person.name)
    .bind(&person.id_number)
    .bind(&person.ecard_number)
    .bind(person.birth)
    .bind(to_word(&person.class)?)
    .bind(&person.school)
    .bind(&person.guardian_name)
    .bind(&person.guardian_phone)
    .bind(&person.open_order)
    .bind(person.entitled)
    .bind(person.staff.as_ref().map(OperatorId::as_str))
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) async fn card_anywhere(db: &mut PgConnection, card_no: &CardNo) -> Stored<Option<Card>> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{CARD} WHERE card_no = $1")))
        .bind(card_no.as_str())
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref().map(to_card).transpose()
}

pub(super) async fn card_by_serial(db: &mut PgConnection, issuer: &str, serial: &str) -> Stored<Option<Card>> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{CARD} WHERE upper(issuer) = upper($1) AND upper(serial) = upper($2)")))
        .bind(issuer)
        .bind(serial)
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    row.as_ref().map(to_card).transpose()
}

/// In one order whoever asks: two batches over the same cards then wait for each other instead of dying.
pub(super) async fn lock_cards(db: &mut PgConnection, cell: &CellId, cards: &[CardNo]) -> Stored<Vec<Card>> {
    let numbers: Vec<&str> = cards.iter().map(CardNo::as_str).collect();
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{CARD} WHERE cell = $1 AND card_no = ANY($2) ORDER BY card_no FOR UPDATE")))
        .bind(cell.as_str())
        .bind(numbers)
        .fetch_all(db)
        .await
        .map_err(failed)?;
    rows.iter().map(to_card).collect()
}

pub(super) async fn cards_of(db: &mut PgConnection, cell: &CellId, holder: &PersonId) -> Stored<Vec<Card>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{CARD} WHERE cell = $1 AND holder = $2 ORDER BY card_no")))
        .bind(cell.as_str())
        .bind(holder.as_str())
        .fetch_all(db)
        .await
        .map_err(failed)?;
    rows.iter().map(to_card).collect()
}

fn to_card(row: &PgRow) -> Stored<Card> {
    let last_balance: Option<i64> = get(row, "last_balance")?;
    let counter: Option<i32> = get(row, "last_online_counter")?;
    let holder: Option<String> = get(row, "holder")?;
    Ok(Card {
        cell: CellId::new(text(row, "cell")?),
        card_no: CardNo::new(text(row, "card_no")?),
        programme: ProgrammeId::new(text(row, "programme")?),
        family: text(row, "family")?,
        issuer: text(row, "issuer")?,
        serial: text(row, "serial")?,
        holder_class: small(row, "holder_class")?,
        status: json(row, "status")?,
        issued_on: get(row, "issued_on")?,
        valid_until: get(row, "valid_until")?,
        transit_open: get(row, "transit_open")?,
        last_balance: last_balance.map(Fen),
        last_online_counter: counter.map(u16::try_from).transpose().map_err(|_| damaged("last_online_counter"))?,
        holder: holder.map(PersonId::new),
        suspended: maybe_json(row, "suspended")?,
        functions: json(row, "functions")?,
    })
}

pub(super) async fn put_card(db: &mut PgConnection, card: &Card) -> Stored<()> {
    sqlx::query(
        "INSERT INTO cards (cell, card_no, programme, family, issuer, serial, holder_class, status, issued_on, valid_until,
             transit_open, last_balance, last_online_counter, holder, suspended, functions)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11, $12, $13, $14, $15::jsonb, $16::jsonb)
         ON CONFLICT (cell, card_no) DO UPDATE SET programme = $3, family = $4, issuer = $5, serial = $6,
             holder_class = $7, status = $8::jsonb, issued_on = $9, valid_until = $10, transit_open = $11,
             last_balance = $12, last_online_counter = $13, holder = $14, suspended = $15::jsonb,
             functions = $16::jsonb",
    )
    .bind(card.cell.as_str())
    .bind(card.card_no.as_str())
    .bind(card.programme.as_str())
    .bind(&card.family)
    .bind(&card.issuer)
    .bind(&card.serial)
    .bind(i32::from(card.holder_class))
    .bind(to_json(&card.status)?)
    .bind(card.issued_on)
    .bind(card.valid_until)
    .bind(card.transit_open)
    .bind(card.last_balance.map(|balance| balance.0))
    .bind(card.last_online_counter.map(i32::from))
    .bind(card.holder.as_ref().map(PersonId::as_str))
    .bind(card.suspended.as_ref().map(to_json).transpose()?)
    .bind(to_json(&card.functions)?)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) async fn put_blacklisted(db: &mut PgConnection, card: &Blacklisted) -> Stored<()> {
    sqlx::query("INSERT INTO blacklist VALUES ($1, $2, $3, $4) ON CONFLICT (cell, card_no) DO NOTHING")
        .bind(card.cell.as_str())
        .bind(card.card_no.as_str())
        .bind(&card.reason)
        .bind(card.since)
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn is_blacklisted(db: &mut PgConnection, cell: &CellId, card_no: &CardNo) -> Stored<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM blacklist WHERE cell = $1 AND card_no = $2)")
        .bind(cell.as_str())
        .bind(card_no.as_str())
        .fetch_one(db)
        .await
        .map_err(failed)
}
